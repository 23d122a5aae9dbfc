"""Attempts at the exercises of cpc. As students write: no types, no comments."""

# mypy: disable-error-code="no-untyped-def"
# ruff: noqa: ANN001, ANN201

import torch
import torch.nn.functional as F

from benchmarks.attempts import attempt


@attempt("cpc.draw_negatives")
def mod_p(uniforms):
    """A step of one or more, and around the end."""
    p = uniforms.shape[0]
    steps = 1 + (uniforms * (p - 1)).floor().long()
    return (torch.arange(p)[:, None] + steps) % p


@attempt("cpc.draw_negatives")
def all_then_plus_one(uniforms):
    """Draw from everybody; whoever hits itself takes the next."""
    p = uniforms.shape[0]
    drawn = (uniforms * p).long()
    hit = drawn == torch.arange(p).view(-1, 1)
    drawn[hit] += 1
    return drawn % p


@attempt("cpc.draw_negatives")
def same_shift_in_each_row(uniforms):
    """Numbers above the own one move up."""
    p = len(uniforms)
    if p < 2:
        raise ValueError("too few")
    drawn = (uniforms * (p - 1)).int()
    return drawn + (drawn > torch.arange(p).reshape(p, 1)).int()


@attempt("cpc.cpc_scores")
def zipped_steps(z, context, weights):
    """One matrix product a step, with as many contexts as there is future."""
    k, t = len(weights), z.shape[1]
    scores = []
    for s in range(k):
        predicted = context[:, : t - k] @ weights[s].T
        scores.append(torch.einsum("jud,iud->uij", z[:, s : t - k + s], predicted))
    return torch.stack(scores)


@attempt("cpc.cpc_scores")
def futures_in_rows(z, context, weights):
    """All products, the future first."""
    k, t = len(weights), z.shape[1]
    if k >= t:
        raise ValueError
    scores = []
    for s in range(k):
        predicted = (context[:, : t - k] @ weights[s].T).transpose(0, 1)
        future = z[:, s + 1 : t - k + s + 1].transpose(0, 1)
        scores.append(future @ predicted.transpose(1, 2))
    return torch.stack(scores)


@attempt("cpc.cpc_scores")
def unit_vectors(z, context, weights):
    """Cosine similarity, as in SimCLR."""
    z = z / z.norm(dim=-1, keepdim=True)
    k, t = len(weights), z.shape[1]
    if k >= t:
        raise ValueError("k is too large")
    predicted = torch.einsum("kdh,iuh->kuid", weights, context[:, : t - k])
    predicted = predicted / predicted.norm(dim=-1, keepdim=True)
    return torch.stack(
        [torch.einsum("uid,jud->uij", predicted[s], z[:, s + 1 : t - k + s + 1]) for s in range(k)]
    )


@attempt("cpc.cpc_loss")
def labels_first(scores):
    """cross_entropy wants the classes in dimension 1."""
    k, t, n, _ = scores.shape
    s = scores.reshape(k * t, n, n)
    return F.cross_entropy(s, torch.arange(n).expand(k * t, n))


@attempt("cpc.cpc_loss")
def zeros_as_targets(scores):
    """The positive is class zero, as in MoCo."""
    flat = scores.flatten(0, 2)
    return F.cross_entropy(flat, torch.zeros(len(flat), dtype=torch.long))


@attempt("cpc.cpc_loss")
def share_then_log(scores):
    """A softmax over the candidates, and the logarithm of the diagonal."""
    p = scores.softmax(-1)
    loss = 0
    for k in range(len(scores)):
        loss = loss - torch.diagonal(p[k], dim1=1, dim2=2).log().mean()
    return loss


@attempt("cpc.masked_conv")
def type_a(grid, weight, bias):
    """The mask of PixelCNN's first layer."""
    kh, kw = weight.shape[2:]
    mask = torch.ones(kh, kw)
    mask[kh // 2, kw // 2 :] = 0
    mask[kh // 2 + 1 :] = 0
    return F.conv2d(grid, weight * mask.to(weight), bias, padding=(kh // 2, kw // 2))


@attempt("cpc.masked_conv")
def in_place(grid, weight, bias):
    """Set the lower rows to zero, then convolve."""
    kh, kw = weight.shape[2:]
    if kh % 2 == 0 or kw % 2 == 0:
        raise ValueError("odd kernels, please")
    with torch.no_grad():
        weight[:, :, kh // 2 + 1 :] = 0
    return F.conv2d(grid, weight, bias, padding=(kh // 2, kw // 2))


@attempt("cpc.masked_conv")
def pad_on_top(grid, weight, bias):
    """Causal padding, as in WaveNet, turned by a right angle."""
    kh, kw = weight.shape[2:]
    if kh % 2 == 0 or kw % 2 == 0:
        raise ValueError("odd kernels, please")
    return F.conv2d(F.pad(grid, (kw // 2, kw // 2, kh - 1, 0)), weight, bias)

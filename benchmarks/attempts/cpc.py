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
    loss = torch.tensor(0.0)
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


@attempt("cpc.row_loss")
def arange_for_labels(predicted, z, rows_ahead):
    """Cut both grids, flatten them, and the answer stands on the diagonal."""
    d, h = z.shape[1], z.shape[2]
    if rows_ahead < 1 or rows_ahead >= h:
        raise ValueError("rows_ahead")
    p = predicted[:, :, :-rows_ahead].permute(0, 2, 3, 1).reshape(-1, d)
    t = z[:, :, rows_ahead:].permute(0, 2, 3, 1).reshape(-1, d)
    return F.cross_entropy(p @ t.T, torch.arange(len(p), device=z.device))


@attempt("cpc.row_loss")
def view_without_permute(predicted, z, rows_ahead):
    """All vectors as rows of d numbers, labels by arithmetic."""
    n, d, h, w = z.shape
    if not 0 < rows_ahead < h:
        raise ValueError("rows_ahead")
    scores = predicted[:, :, :-rows_ahead].reshape(-1, d) @ z.reshape(-1, d).T
    b, i, j = torch.meshgrid(torch.arange(n), torch.arange(h - rows_ahead), torch.arange(w), indexing="ij")
    return F.cross_entropy(scores, (b * h * w + (i + rows_ahead) * w + j).flatten())


@attempt("cpc.row_loss")
def one_image_at_a_time(predicted, z, rows_ahead):
    """A loop over the images, because then the labels are easy."""
    n, _, h, w = z.shape
    if rows_ahead < 1 or rows_ahead > h - 1:
        raise ValueError
    losses = []
    for b in range(n):
        p = predicted[b, :, : h - rows_ahead].flatten(1).T
        t = z[b].flatten(1)
        losses.append(F.cross_entropy(p @ t, torch.arange(len(p)) + rows_ahead * w))
    return torch.stack(losses).mean()


@attempt("cpc.cmc_loss")
def like_clip(first, second, temperature):
    """Copied from what one finds under CLIP."""
    first = first / first.norm(dim=-1, keepdim=True)
    second = second / second.norm(dim=-1, keepdim=True)
    logits = first @ second.t() * temperature
    labels = torch.arange(len(first), device=first.device)
    return (F.cross_entropy(logits, labels) + F.cross_entropy(logits.t(), labels)) / 2


@attempt("cpc.cmc_loss")
def nt_xent_again(first, second, temperature):
    """The loss of the unit before, which has two views as well."""
    n = len(first)
    z = F.normalize(torch.cat([first, second]), dim=1)
    s = z @ z.T / temperature
    s.fill_diagonal_(float("-inf"))
    return 2 * F.cross_entropy(s, torch.arange(2 * n, device=z.device).roll(n))


@attempt("cpc.cmc_loss")
def softmax_in_both_dims(first, second, temperature):
    """Equation by equation, with a logarithm at the end."""
    s = F.cosine_similarity(first[:, None], second[None], dim=-1) / temperature
    p = torch.exp(s)
    l12 = -torch.log(p.diag() / p.sum(1)).mean()
    l21 = -torch.log(p.diag() / p.sum(1)).mean()
    return l12 + l21


@attempt("cpc.multiview_loss")
def double_loop(losses, graph):
    """Two loops over all views."""
    total = 0
    m = len(losses)
    if graph == "core":
        for b in range(1, m):
            total += losses[0, b] + losses[b, 0]
    elif graph == "full":
        for a in range(m):
            for b in range(m):
                if a != b:
                    total += losses[a, b] + losses[b, a]
    else:
        raise ValueError("graph")
    return total


@attempt("cpc.multiview_loss")
def sum_minus_trace(losses, graph):
    """Everything but the diagonal."""
    if graph == "core":
        return losses[0].sum() + losses[:, 0].sum() - 2 * losses[0, 0]
    return losses.sum() - losses.trace()


@attempt("cpc.multiview_loss")
def upper_triangle(losses, graph):
    """Each pair once."""
    pairs = losses.triu(1)
    if graph == "full":
        return pairs.sum()
    if graph == "core":
        return pairs[0].sum()
    raise ValueError(f"unknown graph {graph}")

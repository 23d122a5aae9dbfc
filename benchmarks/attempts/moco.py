"""Attempts at the exercises of moco. As students write: no types, no comments."""

# mypy: disable-error-code="no-untyped-def"
# ruff: noqa: ANN001, ANN201, B905

import math

import torch
import torch.nn.functional as F

from benchmarks.attempts import attempt


@attempt("moco.moco_logits")
def pasted(queries, keys, queue, temperature):
    """The lines of the published code, pasted."""
    l_pos = torch.einsum("nc,nc->n", queries, keys).unsqueeze(-1)
    l_neg = torch.einsum("nc,ck->nk", queries, queue.clone().detach())
    return torch.cat([l_pos, l_neg], 1) / temperature


@attempt("moco.moco_logits")
def all_under_no_grad(queries, keys, queue, temperature):
    """No gradient to keys and queue: so no gradient at all."""
    with torch.no_grad():
        q, k, b = (F.normalize(queries, dim=1), F.normalize(keys, dim=1), F.normalize(queue, dim=0))
        return torch.cat([(q * k).sum(1, keepdim=True), q @ b], 1) / temperature


@attempt("moco.moco_logits")
def queue_dim1(queries, keys, queue, temperature):
    """Everything is normalised along dimension 1."""
    q, k, b = (
        F.normalize(queries, dim=1),
        F.normalize(keys.detach(), dim=1),
        F.normalize(queue.detach(), dim=1),
    )
    return torch.cat([(q * k).sum(1, keepdim=True), q @ b], 1) / temperature


@attempt("moco.momentum_update")
def without_no_grad(query_encoder, key_encoder, momentum):
    """In place with copy_, which is what the docstring asks for."""
    for q, k in zip(query_encoder.parameters(), key_encoder.parameters()):
        k.copy_(momentum * k + (1 - momentum) * q)


@attempt("moco.momentum_update")
def a_name(query_encoder, key_encoder, momentum):
    """The formula, assigned to the loop variable."""
    for q, k in zip(query_encoder.parameters(), key_encoder.parameters()):
        k = momentum * k + (1 - momentum) * q


@attempt("moco.momentum_update")
def whole_state(query_encoder, key_encoder, momentum):
    """The whole state, so that nothing is forgotten."""
    s, t = (query_encoder.state_dict(), key_encoder.state_dict())
    for n in t:
        t[n].copy_(momentum * t[n] + (1 - momentum) * s[n])


@attempt("moco.enqueue")
def no_value_error(queue, pointer, keys):
    """Modulo takes care of everything."""
    n, k = (len(keys), queue.shape[1])
    queue[:, torch.arange(pointer, pointer + n) % k] = keys.detach().T
    return (pointer + n) % k


@attempt("moco.enqueue")
def slice_only(queue, pointer, keys):
    """A slice from the pointer on; the rest does not fit."""
    n, k = (len(keys), queue.shape[1])
    if n > k:
        raise ValueError
    queue[:, pointer : pointer + n] = keys.detach().T[:, : k - pointer]
    return (pointer + n) % k


@attempt("moco.enqueue")
def no_error_and_slice(queue, pointer, keys):
    """The same, without the exception: two slips at once."""
    n, k = (len(keys), queue.shape[1])
    queue[:, pointer : pointer + n] = keys.detach().T[:, : k - pointer]
    return (pointer + n) % k


@attempt("moco.moco_loss")
def diagonal(logits):
    """As in SimCLR: query i belongs to key i."""
    labels = torch.arange(logits.shape[0])
    return F.cross_entropy(logits, labels)


@attempt("moco.moco_loss")
def exp_over_sum(logits):
    """The formula, with the negatives below the line."""
    e = torch.exp(logits)
    return -torch.log(e[:, 0] / e[:, 1:].sum(1)).mean()


@attempt("moco.moco_loss")
def probabilities_first(logits):
    """Probabilities first, then the loss function that torch has."""
    p = torch.softmax(logits, 1)
    y = torch.zeros(len(p), dtype=torch.long)
    return F.cross_entropy(p, y)


@attempt("moco.shuffle_batch")
def positions(images, permutation, groups):
    """Image i goes to place permutation[i]."""
    if len(images) % groups != 0:
        raise ValueError("does not divide")
    out = torch.zeros_like(images)
    for i in range(len(images)):
        out[permutation[i]] = images[i]
    return out.view(groups, -1, *images.shape[1:])


@attempt("moco.shuffle_batch")
def reshape_only(images, permutation, groups):
    """Torch complains by itself if it does not divide."""
    n, c, h, w = images.shape
    return images[permutation].reshape(groups, n // groups, c, h, w)


@attempt("moco.shuffle_batch")
def round_robin(images, permutation, groups):
    """Every group takes one image in turn."""
    n = len(images)
    if n % groups:
        raise ValueError(n)
    x = images[permutation]
    return torch.stack([x[g:n:groups] for g in range(groups)])


@attempt("moco.unshuffle_batch")
def same_index(keys, permutation):
    """Undone the way it was done."""
    g, m, d = keys.shape
    return keys.reshape(g * m, d)[permutation]


@attempt("moco.unshuffle_batch")
def sort_them(keys, permutation):
    """sort puts the permutation back in order, so its result is the index."""
    order = torch.sort(permutation)[0]
    return keys.view(-1, keys.shape[-1])[order]


@attempt("moco.unshuffle_batch")
def reshape_transposed(keys, permutation):
    """The members first, so that they stand together."""
    flat = keys.permute(1, 0, 2).reshape(len(permutation), -1)
    out = torch.zeros_like(flat)
    out[permutation] = flat
    return out


@attempt("moco.grouped_batch_norm")
def std_of_torch(features, eps=1e-5):
    """mean and std are there already."""
    mean, std = features.mean(1, keepdim=True), features.std(1, keepdim=True)
    return (features - mean) / (std + eps)


@attempt("moco.grouped_batch_norm")
def flattened(features, eps=1e-5):
    """Flattened, so that torch can do it."""
    g, m, d = features.shape
    return F.batch_norm(features.reshape(g * m, d), None, None, training=True, eps=eps).reshape(g, m, d)


@attempt("moco.grouped_batch_norm")
def last_dimension(features, eps=1e-5):
    """Per feature means along the feature dimension."""
    mean = features.mean(-1, keepdim=True)
    var = features.var(-1, keepdim=True, unbiased=False)
    return (features - mean) / torch.sqrt(var + eps)


@attempt("moco.cosine_learning_rate")
def pasted_schedule(step, steps, base, warmup=0, final=0.0):
    """The line of the published code, with a rise before it."""
    if step < 0 or warmup < 0 or warmup >= steps:
        raise ValueError
    if step < warmup:
        return base * step / warmup
    return base * 0.5 * (1.0 + math.cos(math.pi * step / steps))


@attempt("moco.cosine_learning_rate")
def no_end(step, steps, base, warmup=0, final=0.0):
    """The docstring's two formulas, and no more."""
    if step < 0 or not 0 <= warmup < steps:
        raise ValueError
    if step < warmup:
        return base * (step + 1) / (warmup + 1)
    return final + (base - final) * (1 + math.cos(math.pi * (step - warmup) / (steps - warmup))) / 2


@attempt("moco.cosine_learning_rate")
def floor_by_max(step, steps, base, warmup=0, final=0.0):
    """Never below final."""
    if step < 0 or not 0 <= warmup < steps:
        raise ValueError
    if step < warmup:
        lr = base * (step + 1) / (warmup + 1)
    else:
        lr = base * (1 + math.cos(math.pi * min(step - warmup, steps - warmup) / (steps - warmup))) / 2
    return max(lr, final)

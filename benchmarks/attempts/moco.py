"""Attempts at the exercises of moco. As students write: no types, no comments."""

# mypy: disable-error-code="no-untyped-def"
# ruff: noqa: ANN001, ANN201, B905

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

"""Attempts at the exercises of video. As students write: no types, no comments."""

# mypy: disable-error-code="no-untyped-def"
# ruff: noqa: ANN001, ANN201

import torch

from benchmarks.attempts import attempt


@attempt("video.colorization_attention")
def reshape_both(reference, target, temperature=1.0):
    """Positions first, channels last, by reshape."""
    n, d = reference.shape[:2]
    a = reference.reshape(n, -1, d) @ target.reshape(n, -1, d).transpose(1, 2)
    return (a / temperature).softmax(1)


@attempt("video.colorization_attention")
def exp_by_hand(reference, target, temperature=1.0):
    """Softmax is exp over its sum."""
    a = (torch.einsum("ndi,ndj->nij", reference.flatten(2), target.flatten(2)) / temperature).exp()
    return a / a.sum(1, keepdim=True)


@attempt("video.colorization_attention")
def last_dim_softmax(reference, target, temperature=1.0):
    """Softmax always goes over the last dimension."""
    a = torch.einsum("ndi,ndj->nij", reference.flatten(2), target.flatten(2)) / temperature
    return a.softmax(-1)


@attempt("video.copy_colors")
def transposed(attention, colors, target_size):
    """The attention the other way round."""
    return torch.einsum("nci,nji->ncj", colors.flatten(2), attention).unflatten(2, target_size)


@attempt("video.copy_colors")
def argmax(attention, colors, target_size):
    """Copy the colour of the best match."""
    i = attention.argmax(1)
    c = colors.flatten(2)
    return c.gather(2, i[:, None].expand(-1, c.shape[1], -1)).unflatten(2, target_size)


@attempt("video.copy_colors")
def view_as_colors(attention, colors, target_size):
    """The result looks like the colours that came in."""
    return (colors.flatten(2) @ attention).view_as(colors)

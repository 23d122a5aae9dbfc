"""Attempts at the exercises of pretext. As students write: no types, no comments."""

# mypy: disable-error-code="no-untyped-def"
# ruff: noqa: ANN001, ANN201

import torch

from benchmarks.attempts import attempt


@attempt("pretext.rotate_batch")
def turned_by_hand_clockwise(images):
    """A turn is a turn; -k because rows count downwards."""
    out = []
    lab = []
    for x in images:
        for k in range(4):
            out.append(torch.rot90(x, -k, (1, 2)))
            lab.append(k)
    return (torch.stack(out), torch.tensor(lab))


@attempt("pretext.rotate_batch")
def cat_of_four_batches(images):
    """All pictures at 0 degrees, then all at 90, and so on."""
    return (
        torch.cat([torch.rot90(images, k, (2, 3)) for k in range(4)]),
        torch.arange(4).repeat_interleave(len(images)),
    )


@attempt("pretext.rotate_batch")
def forgot_labels(images):
    """The labels are always 0, 1, 2, 3: why return them?"""
    return torch.stack([torch.rot90(images, k, (2, 3)) for k in range(4)], 1).flatten(0, 1)

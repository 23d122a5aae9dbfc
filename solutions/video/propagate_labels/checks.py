"""Cases and points of `video.propagate_labels`."""

import torch
from torch import Tensor

from course_utils.checks import Case, Draw, check, standard


def _is_clear(references: Tensor, target: Tensor, top_k: int, radius: int, least: float) -> bool:
    """Whether the last score that is chosen and the first that is not differ by `least`, at every target position."""
    h, w = target.shape[1:]
    scores = torch.einsum("tdrq,dyx->yxtrq", references, target)
    rows, columns = torch.arange(h), torch.arange(w)
    near = ((rows[:, None] - rows).abs() <= radius)[:, None, :, None] & (
        (columns[:, None] - columns).abs() <= radius
    )[None, :, None, :]
    scores = scores.masked_fill(~near.unsqueeze(2), -torch.inf).flatten(2)
    if top_k >= scores.shape[2]:
        return True
    scores = scores.topk(top_k + 1, dim=2).values
    gap = scores[:, :, top_k - 1] - scores[:, :, top_k]
    # Where the window holds no more than top_k positions, there is nothing to choose.
    return bool((gap[scores[:, :, top_k].isfinite()] > least).all())


def _frames(
    draw: Draw,
    sizes: tuple[int, int, int, int, int],
    temperature: float,
    top_k: int,
    radius: int,
    *,
    length: float = 1.0,
    least: float = 1e-3,
) -> Case:
    """A case in which it is clear what is chosen: t, d, c, h and w are its sizes."""
    t, d, c, h, w = sizes
    while True:
        references, target = length * draw.normal(t, d, h, w), draw.normal(d, h, w)
        if _is_clear(references, target, top_k, radius, least):
            break
    return Case.of(
        references=references,
        target=target,
        labels=draw.normal(t, c, h, w),
        temperature=temperature,
        top_k=top_k,
        radius=radius,
    )


def _by_hand() -> Case:
    # At temperature 1/2, the scores are the logarithms of 1, 3, 9 and 27: of two neighbours, the right one has a weight
    # of 3/4. Positions 0 to 3 copy 3, 7, 77 and 77.
    references = torch.tensor([1.0, 3, 9, 27], dtype=torch.float64).log().view(1, 1, 1, 4) / 2
    labels = torch.tensor([0.0, 4, 8, 100], dtype=torch.float64).view(1, 1, 1, 4)
    return Case.of(
        references=references,
        target=torch.ones(1, 1, 4, dtype=torch.float64),
        labels=labels,
        temperature=0.5,
        top_k=2,
        radius=1,
    )


weights = standard.values(
    lambda draw: [_frames(draw, (1, 3, 2, 4, 5), 0.7, 20, 5), _frames(draw, (1, 4, 3, 3, 2), 2.0, 6, 3)],
    "With a window and a top_k that leave nothing out, the softmax of the scores weights the labels.",
    points=1,
)
window = standard.values(
    lambda draw: [
        _frames(draw, (1, 3, 2, 5, 6), 1.3, 30, 1),
        _frames(draw, (1, 5, 2, 6, 4), 0.8, 24, 2),
        # In smaller windows a disc without its border is the square without its border.
        _frames(draw, (1, 2, 1, 7, 6), 1.1, 42, 4),
    ],
    "Only positions inside the window take part.",
    points=1,
)
top_k = standard.values(
    lambda draw: [
        _by_hand(),
        _frames(draw, (1, 4, 2, 5, 3), 0.9, 3, 1),
        _frames(draw, (1, 2, 3, 4, 6), 1.7, 1, 2),
    ],
    "Of the positions in the window, the top_k with the largest scores are copied.",
    points=1,
)
several_frames = standard.values(
    lambda draw: [_frames(draw, (2, 3, 4, 5, 6), 0.9, 4, 1), _frames(draw, (3, 5, 2, 4, 3), 1.2, 5, 2)],
    "All frames compete for the same top_k places and share one softmax.",
    points=1,
)
gradients = standard.gradients(
    lambda draw: _frames(draw, (2, 5, 3, 4, 6), 1.1, 3, 1),
    "The gradients reach the labels that were copied.",
    points=0.5,
    of=("labels",),
)


def _far_from_zero(draw: Draw, sign: int, sizes: tuple[int, int, int, int, int]) -> Case:
    """Scores around 16,000 or -16,000, whose differences are whole numbers and exact in float32.

    One position has a score that is larger by 4,000: for those that have it in their window, and for nobody else.
    All places of the window are taken, so that this is a matter of scores and not of the choice.
    """
    t, d, c, h, w = sizes
    references, target = draw.integers(-6, 6, t, d, h, w) / 4.0, draw.integers(-6, 6, d, h, w) / 4.0
    references[:, 0], target[0] = 32.0 * sign, 31.0
    # In no frame that could be an exception.
    references[t // 2, 0, draw.integer(0, 1) * (h - 1), draw.integer(0, 1) * (w - 1)] += 8.0
    return Case.of(
        references=references.double(),
        target=target.double(),
        labels=draw.normal(t, c, h, w),
        temperature=0.0625,
        top_k=t * h * w,
        radius=1,
    )


@check(points=0.5, visible=True, accuracy="softmax")
def scores_far_from_zero(draw: Draw) -> list[Case]:
    """The labels are finite and right where scores are very large, or far below zero or below others."""
    return [_far_from_zero(draw, sign, (3, 4, 2, 3, 5)) for sign in (1, -1)]


@check(points=0.5, visible=True, looks_at=("exception", "result"), side=True)
def refused(draw: Draw) -> list[Case]:
    """A top_k below 1 or a radius below 0: a ValueError."""
    case = _frames(draw, (2, 3, 2, 4, 5), 1.0, 3, 1)
    changes = ({"top_k": 0}, {"top_k": -1}, {"radius": -1}, {"top_k": 1, "radius": -2})
    return [Case({**case.inputs, **change}) for change in changes]


@check(points=1.5, looks_at=("result", "kept"), asks="tiny and huge windows, one place or all of them")
def limits(draw: Draw) -> list[Case]:
    """The labels are right for the smallest and the largest window and top_k, at the edges of the frame and in it."""
    t, d, c, h, w = draw.sizes(5, 2, 6)
    sizes = (t, d, c, h, w)
    # In the corners the window holds fewer positions than top_k, elsewhere it holds more.
    corners = [_frames(draw, (1, 3, 2, 5, 6), 0.9, 5, 1), _frames(draw, (2, 3, 2, 6, 5), 0.9, 13, 1)]
    radius_0 = [_frames(draw, sizes, 1.4, k, 0) for k in (1, 2, t + 5)]
    whole = [_frames(draw, sizes, 1.1, 4, max(h, w) - 1), _frames(draw, sizes, 1.1, 4, 100)]
    # Larger than the frame in one direction alone.
    flat = [_frames(draw, (2, 3, 2, *side), 0.8, 3, 4) for side in ((2, 9), (8, 3))]
    tops = [_frames(draw, sizes, 0.6, k, 2) for k in (1, 10_000)]
    lines = [_frames(draw, (2, 3, 4, *side), 0.9, 2, 1) for side in ((1, 7), (6, 1), (1, 1))]
    return [*corners, *radius_0, *whole, *flat, *tops, *lines]


def _layouts(draw: Draw) -> list[Case]:
    plain = [_frames(draw, (3, 4, 2, 5, 6), 0.8, 6, 2) for _ in range(4)]
    # Two large sides, and one: more columns than rows, and more channels than either.
    h, w = draw.large_grid()
    # With so many positions, a gap of 1e-3 at each of them would be a matter of many draws.
    large = _frames(draw, (2, 3, 2, h, w), 0.7, 5, 3, least=1e-4)
    wide = _frames(draw, (1, 2, 17, 3, 18), 0.7, 7, 8)
    many = _frames(draw, (9, 3, 2, 3, 4), 0.7, draw.many(), 1)
    # All places are taken: then equal scores, embeddings of zeros and exact zeros decide nothing.
    zero = Case.of(
        references=draw.with_zero_vectors(2, 3, 4, 5, dim=1),
        target=draw.with_zero_vectors(3, 4, 5, dim=0),
        labels=draw.with_zero_vectors(2, 3, 4, 5, dim=1),
        temperature=0.8,
        top_k=1000,
        radius=1,
    )
    # Whoever is to be copied from has zeros for a label, or a one: masks.
    masks = _frames(draw, (2, 4, 3, 5, 4), 0.5, 4, 1)
    masks.tensors["labels"].tensor.copy_(draw.one_hot(40, 3).view(2, 5, 4, 3).movedim(3, 1))
    return [plain[0], plain[1].strided(), plain[2].then(plain[3]), large, wide, many, zero, masks]


layouts = standard.layouts(
    lambda draw: [case.wanting_gradients("labels") for case in _layouts(draw)],
    "Labels and gradients are right in float64, for transposed memory, large frames, many channels, and called again.",
    looks_at=("result", "gradient.labels", "gradient.other_labels", "kept"),
)
inputs_unchanged = standard.unchanged(
    lambda draw: _frames(draw, (2, 3, 4, 5, 6), 0.9, 3, 1), "Embeddings and labels are left as they were."
)

"""Cases and points of `video.shuffle_tuples`."""

import torch
from torch import Tensor

from course_utils.checks import Case, Draw, check, standard


def _times(draw: Draw, n: int, t: int) -> Tensor:
    """Five different frames of each clip, in order; never the first five, if there are others."""
    rows = []
    while len(rows) < n:
        row = draw.permutation(t)[:5].sort().values
        if t == 5 or int(row[4]) > 4:
            rows.append(row)
    return torch.stack(rows)


def _clips(draw: Draw, kinds: Tensor, t: int = 9, c: int = 2, h: int = 3, w: int = 4) -> Case:
    n = len(kinds)
    return Case.of(frames=draw.normal(n, t, c, h, w), times=_times(draw, n, t), kinds=kinds)


def _all_kinds(draw: Draw) -> Tensor:
    return draw.permutation(6)


def _by_hand(draw: Draw) -> Case:
    # Frame number t of clip i is a single pixel of 100 i + t.
    kinds, t = _all_kinds(draw), draw.integer(8, 11)
    frames = 100.0 * torch.arange(6.0)[:, None] + torch.arange(float(t))
    return Case.of(frames=frames.double().view(6, t, 1, 1, 1), times=_times(draw, 6, t), kinds=kinds)


# Without those read backwards it is seen what the tuples are, whatever is done to read them backwards.
forwards = standard.values(
    lambda draw: _clips(draw, draw.permutation(6) % 3),
    "The three frames of kinds 0, 1 and 2 are the right ones of the right clip, in the right order.",
    points=0.5,
    accuracy="moved",
    looks_at=("result.0",),
)
tuples = standard.values(
    lambda draw: [_by_hand(draw), _clips(draw, _all_kinds(draw))],
    "The same is true of all six kinds.",
    points=1,
    accuracy="moved",
    looks_at=("result.0",),
)
labels = standard.values(
    lambda draw: [
        _clips(draw, _all_kinds(draw), c=1, h=2, w=2),
        _clips(draw, draw.integers(0, 5, 9), c=1, h=1),
    ],
    "Tuples in order have the label 1, forwards and backwards, and all others 0.",
    points=0.5,
    accuracy="exact",
    looks_at=("result.1",),
)
gradients = standard.gradients(
    lambda draw: _clips(draw, _all_kinds(draw)),
    "The gradients reach the frames that were taken, and no others.",
    points=0.5,
    accuracy="moved",
)


def _with_times(draw: Draw, *rows: list[int]) -> Case:
    """Some clips have these times, the first one last; all kinds, so that labels are not right by accident."""
    case = _clips(draw, _all_kinds(draw), 10, 1, 2, 2)
    places = [*(1 + draw.permutation(5)).tolist(), 0]
    for i, row in zip(places, rows, strict=False):
        case.tensors["times"].tensor[i] = torch.tensor(row)
    return case


@check(points=0.5, visible=True, accuracy="moved", looks_at=("exception", "result"), side=True)
def refused(draw: Draw) -> list[Case]:
    """Times that fall, or of which two are equal: a ValueError."""
    return [_with_times(draw, row) for row in ([2, 5, 4, 7, 8], [1, 3, 3, 6, 9])]


@check(
    points=0.5,
    accuracy="moved",
    looks_at=("exception", "result"),
    side=True,
    asks="times that increase, and times that nearly do",
)
def limits(draw: Draw) -> list[Case]:
    """Any two neighbours that are equal or fall are refused, and increasing times of any distance are not."""
    good = [0, 1, 2, 3, 4], [5, 6, 7, 8, 9], [0, 1, 4, 5, 9]
    equal = [[0, 0, 3, 4, 5], [0, 2, 2, 4, 5], [0, 2, 4, 4, 5], [0, 2, 4, 6, 6]]
    falling = [[1, 0, 3, 4, 5], [0, 3, 2, 4, 5], [0, 2, 4, 3, 5], [0, 2, 4, 6, 5], [9, 7, 5, 3, 1]]
    # Of some batches the first clip alone is refused, or all clips are.
    first = _with_times(draw, *good, *good[:2], falling[2])
    all_bad = _with_times(draw, *equal, *falling[1:3])
    return [_with_times(draw, *good), *(_with_times(draw, row) for row in (*equal, *falling)), first, all_bad]


def _layouts(draw: Draw) -> list[Case]:
    plain = _clips(draw, _all_kinds(draw), 8, 3, 5, 4)
    one = [_clips(draw, draw.integers(0, 5, 1), 7), _clips(draw, torch.tensor([4]), 5, 1, 1, 1)]
    five = _clips(draw, _all_kinds(draw), 5, 2, 2, 3)
    many = _clips(draw, draw.integers(0, 5, draw.many()), 6, 1, 2, 1)
    long = _clips(draw, _all_kinds(draw), draw.integer(30, 40), 1, 2, 2)
    grid = _clips(draw, draw.integers(0, 5, 2), 6, 1, *draw.large_grid())
    again = _clips(draw, _all_kinds(draw)).then(_clips(draw, _all_kinds(draw)))
    # Black pixels, black frames, frames that occur twice, large values.
    zeros, empty, twice, large = (_clips(draw, _all_kinds(draw), 7, 2, 3, 2) for _ in range(4))
    for case, values in (
        (zeros, draw.with_zeros(6, 7, 2, 3, 2, dim=2)),
        (empty, draw.with_zero_vectors(42, 12).view(6, 7, 2, 3, 2)),
        (twice, draw.repeated(42, 12).view(6, 7, 2, 3, 2)),
    ):
        case.tensors["frames"].tensor.copy_(values)
    large.tensors["frames"].tensor.mul_(1e6)
    same = _clips(draw, torch.full((4,), draw.integer(0, 5)))
    # The frames of all tuples stand side by side: a slice is no memory of its own.
    slices = [_clips(draw, torch.zeros(n, dtype=torch.int64), 5, 2, 3, 2) for n in (1, 3)]
    # Frames of so large numbers, side by side, are one and the same in half precision.
    hour = _clips(draw, _all_kinds(draw), 3000, 1, 1, 1)
    hour.tensors["times"].tensor.copy_(2100 + _times(draw, 6, 9))
    plenty = [zeros, empty, twice, large, same, *slices, hour]
    return [plain, plain.strided(), *one, five, many, long, grid, again, *plenty]


layouts = standard.layouts(
    _layouts,
    "Tuples, labels and gradients are right in float64, in transposed memory, for one clip, and called again.",
    points=1,
    accuracy="moved",
    looks_at=("result", "kept", "memory", "gradient"),
    asks="other sizes and layouts, memory of its own, float64",
)
inputs_unchanged = standard.unchanged(
    lambda draw: _clips(draw, _all_kinds(draw)), "Frames, times and kinds are left as they were."
)

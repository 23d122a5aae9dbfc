"""Cases and points of `video.propagate_keypoints`."""

import torch
from torch import Tensor

from course_utils.checks import Case, Draw, check, standard


def _clear(rows: Tensor, top_k: int) -> bool:
    """Whether the last entry that counts and the first that does not differ, in every row."""
    if top_k >= rows.shape[1]:
        return True
    ordered = rows.sort(dim=1, descending=True).values
    return bool((ordered[:, top_k - 1] > 1.001 * ordered[:, top_k]).all())


def _attention(draw: Draw, cells: int, target_cells: int, top_k: int) -> Tensor:
    """Columns are distributions; rows sum to anything, and it is clear which entries of them are the largest."""
    # A guard of 1e-6 in the division is felt where sums are small; from one cell to many they hardly ever are large.
    least = 0.1 if target_cells > 1 else 0.02
    while True:
        attention = (2 * draw.normal(cells, target_cells)).softmax(dim=0)
        largest = attention.topk(min(top_k, target_cells), dim=1).values
        if _clear(attention, top_k) and float(largest.sum(dim=1).min()) > least:
            return attention


def _points(draw: Draw, k: int, size: tuple[int, int], stride: int) -> Tensor:
    """Points all over a frame, or over its upper left corner of this size, well inside of their cells."""
    h, w = size
    cell = torch.stack([draw.integers(0, w - 1, k), draw.integers(0, h - 1, k)], dim=1)
    return stride * (cell + 0.05 + 0.9 * draw.uniform(k, 2))


def _case(
    draw: Draw,
    size: tuple[int, int],
    target_size: tuple[int, int],
    stride: int,
    top_k: int | None = None,
    k: int = 6,
) -> Case:
    (h, w), (h2, w2) = size, target_size
    attention = _attention(draw, h * w, h2 * w2, top_k or 5)
    case = Case.of(
        attention=attention,
        keypoints=_points(draw, k, size, stride),
        size=size,
        target_size=target_size,
        stride=stride,
    )
    return case if top_k is None else Case({**case.inputs, "top_k": top_k})


def _by_hand() -> Case:
    # Cells of 4 pixels: two beside each other, and a target frame of 2 rows and 3 columns. The point in the second cell
    # is seen in rows 0 and 1, column 2, with weights of 1 to 3: y = (2 + 3 * 6) / 4 = 5, x = 10.
    attention = torch.tensor([[0.8, 1, 0.4, 1, 1, 0.6], [0.0, 0, 0.1, 0, 0, 0.3]], dtype=torch.float64)
    return Case.of(
        attention=attention,
        keypoints=torch.tensor([[5.0, 3.0]], dtype=torch.float64),
        size=(1, 2),
        target_size=(2, 3),
        stride=4,
        top_k=2,
    )


points = standard.values(
    lambda draw: [_by_hand(), _case(draw, (3, 4), (5, 2), 4, 3), _case(draw, (4, 3), (3, 5), 8)],
    "Each point goes to the weighted mean of the centres of the cells that point at it.",
    points=1.5,
)


def _in_the_corner(
    draw: Draw, size: tuple[int, int], target_size: tuple[int, int], stride: int, top_k: int
) -> Case:
    """All points are near the upper left corner.

    Whoever exchanges x and y, takes pixels for cells or rounds finds another cell there, and none that is not there:
    it is seen which of these it is, whatever would become of a cell outside.
    """
    case = _case(draw, size, target_size, stride, top_k)
    side = min(size) // stride
    # In the first cell alone, x and y could not be told apart.
    points = torch.cat([_points(draw, 4, (side, side), stride), _points(draw, 2, (1, side - 1), stride)])
    points[4:, 0] += stride
    case.tensors["keypoints"].tensor.copy_(points)
    return case


best_cells = standard.values(
    lambda draw: [
        _in_the_corner(draw, (4, 6), (5, 4), 2, 1),
        _in_the_corner(draw, (7, 6), (6, 5), 3, 4),
        _in_the_corner(draw, (4, 5), (3, 4), 2, 12),
    ],
    "The mean is that of the top_k best cells, whether that is one or all.",
    points=1,
)


@check(points=0.5, visible=True)
def cells_of_points(draw: Draw) -> Case:
    """Points on the border of two cells, and in the first and the last pixel, belong to the right cell."""
    size, stride = (3, 5), 4
    case = _case(draw, size, (4, 3), stride, 2)
    # The last ones are near the far edge of their cell.
    spots = [[0.0, 0.0], [4.0, 8.0], [19.5, 11.5], [8.0, 3.75], [3.75, 4.0], [15.75, 7.75]]
    points = torch.tensor(spots, dtype=torch.float64)[draw.permutation(6)]
    return Case({**case.inputs, "keypoints": Case.of(keypoints=points).inputs["keypoints"]})


def _with_lost_ones(draw: Draw, size: tuple[int, int], target_size: tuple[int, int], top_k: int) -> Case:
    """Nothing points at the cells of some of the points, and one of them is not alone in its cell."""
    case = _case(draw, size, target_size, 4, top_k, 5)
    attention, points = (case.tensors[name].tensor for name in ("attention", "keypoints"))
    cells = (points / 4).long()
    cells = cells[:, 1] * size[1] + cells[:, 0]
    attention[cells[draw.permutation(5)[:2]]] = 0.0
    return case


@check(points=0.5, visible=True)
def lost_points(draw: Draw) -> Case:
    """A point whose cell nobody points at is at (-1, -1)."""
    return _with_lost_ones(draw, (3, 5), (4, 2), 3)


def _moved(draw: Draw, spot: tuple[float, float], size: tuple[int, int] = (3, 5), stride: int = 4) -> Case:
    """One of the points stands at this spot, the others inside."""
    case = _case(draw, size, (4, 3), stride, 3, 3)
    case.tensors["keypoints"].tensor[draw.integer(0, 2)] = torch.tensor(spot, dtype=torch.float64)
    return case


def _beyond(draw: Draw, spot: tuple[float, float], size: tuple[int, int] = (3, 5)) -> Case:
    """The same for a spot outside, where all rows are alike: it is seen what is refused, not what else is done."""
    case = _moved(draw, spot, size)
    attention = case.tensors["attention"].tensor
    attention.copy_(attention[:1].clone())
    return case


@check(points=0.5, visible=True, looks_at=("exception", "result"), side=True)
def outside(draw: Draw) -> list[Case]:
    """A keypoint outside the frame: a ValueError."""
    return [_beyond(draw, spot) for spot in ((-2.5, 3.0), (3.0, 14.0))]


@check(points=0.5, looks_at=("exception", "result"), side=True, asks="points just inside and just outside")
def limits(draw: Draw) -> list[Case]:
    """Points on each edge: what is just inside is followed, and what is just outside is a ValueError."""
    # A frame of 20 x 12 pixels, and one of 12 x 20.
    inside = [_moved(draw, spot) for spot in ((0.0, 11.5), (19.75, 0.0))]
    edges = (20.0, 3.0), (3.0, 12.0), (-0.5, 5.0), (5.0, -1e-7), (-1.0, -1.0), (100.0, 7.0)
    tall = [
        _moved(draw, (11.5, 19.5), (5, 3)),
        *(_beyond(draw, spot, (5, 3)) for spot in ((12.0, 19.0), (11.0, 20.0))),
    ]
    return [*inside, *(_beyond(draw, spot) for spot in edges), *tall]


def _layouts(draw: Draw) -> list[Case]:
    first, again = (_case(draw, (4, 5), (3, 6), 3, 4, 7) for _ in range(2))
    # From a single cell all weights are one: only where all of them count is it clear which do.
    one = [_case(draw, (3, 4), (5, 2), 4, 3, 1), _case(draw, (1, 1), (2, 3), 6, 6, 2)]
    lines = [
        _case(draw, (1, 6), (7, 1), 2, 3),
        _case(draw, (5, 1), (1, 17), 16, 20),
        _case(draw, (2, 3), (1, 1), 4),
    ]
    # Many points in large frames; then frames of one size, so that a transposed attention fits.
    grid = draw.large_grid()
    large = _case(draw, (3, 4), (grid[0], grid[1]), 2, 7, draw.many())
    same = _case(draw, (4, 4), (4, 4), 1, 3, 8)
    # A row without preferences: the middle of the target frame. Where all cells count, equal entries decide nothing.
    flat = Case.of(
        attention=torch.full((6, 20), 1 / 6, dtype=torch.float64),
        keypoints=_points(draw, 4, (2, 3), 4),
        size=(2, 3),
        target_size=(4, 5),
        stride=4,
        top_k=20,
    )
    # All of a target cell's attention is on one cell, so that most rows hold zeros, and some nothing else.
    hard = Case.of(
        attention=draw.one_hot(8, 12).T,
        keypoints=_points(draw, 9, (3, 4), 4),
        size=(3, 4),
        target_size=(2, 4),
        stride=4,
        top_k=8,
    )
    lost = _with_lost_ones(draw, (4, 3), (2, 5), 4)
    # Numbers of pixels that half precision rounds into the next cell, or out of the frame.
    wide = Case.of(
        attention=torch.stack([1.0 + draw.permutation(6) for _ in range(600)]).double(),
        keypoints=torch.tensor([[2051.5, 1.0], [2399.5, 0.5], [7.0, 3.0]], dtype=torch.float64),
        size=(1, 600),
        target_size=(2, 3),
        stride=4,
        top_k=3,
    )
    cases = [first, again, *one, *lines, large, same, flat, hard, lost, wide]
    # Large numbers feel no guard in a division.
    for case in cases:
        case.tensors["attention"].tensor.mul_(1e5)
    return [*cases, first.strided(), first.then(again)]


layouts = standard.layouts(
    _layouts,
    "The points are right in float64, for transposed memory, for one point and many, large frames, and called again.",
    points=1,
)
inputs_unchanged = standard.unchanged(
    lambda draw: _case(draw, (3, 4), (5, 2), 4), "Attention and keypoints are left as they were."
)

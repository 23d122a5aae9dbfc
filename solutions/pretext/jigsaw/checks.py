"""Cases and points of `pretext.jigsaw`."""

from dataclasses import replace

import torch
from torch import Tensor

from course_utils.checks import Case, Draw, Input, check, standard


def _permutations(draw: Draw, m: int, t: int) -> Tensor:
    """m different permutations of t numbers, none of them its own inverse."""
    rows: dict[tuple[int, ...], None] = {}
    while len(rows) < m:
        row = draw.permutation(t)
        if not torch.equal(row[row], torch.arange(t)):
            rows[tuple(row.tolist())] = None
    return torch.tensor(list(rows))


def _case(
    draw: Draw,
    n: int = 3,
    g: int = 2,
    c: int = 2,
    tile: int = 3,
    *,
    more: tuple[int, int] = (1, 2),
    left: tuple[int, int] = (1, 0),
    m: int = 5,
) -> Case:
    """Cells that are larger than a tile by `more`, and `left` rows and columns that are left over."""
    h, w = (g * (tile + extra) + rest for extra, rest in zip(more, left, strict=True))
    corners = torch.stack([draw.integers(0, extra, n, g * g) for extra in more], dim=2)
    labels = draw.permutation(m)[:n] if n <= m else draw.integers(0, m - 1, n)
    return Case.of(
        images=draw.uniform(n, c, h, w),
        permutations=_permutations(draw, m, g * g),
        labels=labels,
        corners=corners,
        tile=tile,
    )


def _with_images(case: Case, images: Tensor) -> Case:
    return replace(case, inputs={**case.inputs, "images": Input(images)})


def _one_pixel_each() -> Case:
    # Four tiles of one pixel in three colours. One colour is brighter by 0.3: red in tile 0, green in tile 1, blue in
    # tile 2. So a tile is normalised to twice -1 / sqrt(2) and once sqrt(2). In tile 3, red is darker.
    tiles = torch.tensor([[0.4, 0.1, 0.1], [0.2, 0.5, 0.2], [0.3, 0.3, 0.6], [0.4, 0.7, 0.7]])
    return Case.of(
        images=tiles.double().T.reshape(1, 3, 2, 2),
        permutations=torch.tensor([[1, 2, 3, 0], [2, 0, 3, 1], [3, 1, 0, 2]]),
        labels=torch.tensor([1]),
        corners=torch.zeros(1, 4, 2, dtype=torch.int64),
        tile=1,
    )


def _by_hand(draw: Draw) -> Case:
    # Four tiles of 2 x 2 pixels in a black image. Three pixels of a tile have one colour, and the fourth is brighter by
    # 0.4: in tile 0 the first one, in tile 1 the second. So a tile is normalised to three times -1 / sqrt(3) and once
    # sqrt(3).
    corners = draw.integers(0, 1, 1, 4, 2)
    image = torch.zeros(1, 1, 6, 7, dtype=torch.float64)
    for t, (row, column) in enumerate(corners[0].tolist()):
        top, left = t // 2 * 3 + row, t % 2 * 3 + column
        image[0, 0, top : top + 2, left : left + 2] = 0.1 * (t + 1)
        image[0, 0, top + t // 2, left + t % 2] += 0.4
    return Case.of(
        images=image,
        permutations=_permutations(draw, 3, 4),
        labels=draw.integers(1, 2, 1),
        corners=corners,
        tile=2,
    )


puzzle = standard.values(
    lambda draw: [_one_pixel_each(), _by_hand(draw)],
    "Each slot of a small puzzle shows its tile.",
    points=1,
)
normalised = standard.values(
    _case, "Each tile is normalised by itself, over all its pixels and channels.", points=1
)
nine_tiles = standard.values(
    lambda draw: _case(draw, 2, 3, 3, 2, left=(2, 1)), "Puzzles of nine tiles are right, too.", points=1
)
gradients = standard.gradients(
    lambda draw: _case(draw, 2, 2, 2, 2),
    "The gradients flow through mean and variance as well, to the pixels of the tiles alone.",
    points=1,
    looks_at=("gradient", "graph.result"),
)


@check(points=0.5, visible=True)
def flat_tiles(draw: Draw) -> list[Case]:
    """A tile of a single colour becomes zero, and never NaN."""
    case = _case(draw, 2, 2, 3, 2, more=(1, 1), left=(0, 0))
    # A power of two is its own mean in every dtype. One cell of the first image is flat, one of the second is black.
    images = case.tensors["images"].tensor.clone()
    images[0, :, :3, 3:], images[1, :, 3:, :3] = 0.25, 0.0
    return [_with_images(case, images)]


def _layouts(draw: Draw) -> list[Case]:
    plain, strided = _case(draw), _case(draw, 2, 3, 4, 2, left=(1, 2)).strided()
    one = _case(draw, 1, 3, 1, 2, more=(2, 1), left=(0, 2))
    again = _case(draw, 3).then(_case(draw, 3))
    # As many images as cells, as permutations; more images than permutations; many images.
    square = _case(draw, 4, 2, 4, 4, more=(0, 3), m=4)
    more = _case(draw, 7, 2, 1, 2, more=(3, 1), m=3)
    many = _case(draw, draw.many(), 2, 1, 2, m=9)
    # Large cells with small tiles, tiles that fill their cells, a tile of one pixel with many channels.
    long = _case(draw, 2, 2, 1, 3, more=(draw.integer(5, 8), draw.integer(9, 12)))
    full = _case(draw, 2, 3, 2, 3, more=(0, 0), left=(1, 2))
    pixels = _case(draw, 2, 2, 6, 1, more=(2, 3))
    fours = _case(draw, 2, 4, 1, 2, left=(3, 2))
    # Pictures so dark that the 1e-6 counts, and pixels that are black.
    dark = _case(draw, 3, 2, 2, 3)
    dark = _with_images(dark, 2e-3 * dark.tensors["images"].tensor)
    black = _case(draw, 2, 2, 3, 4)
    black = _with_images(black, draw.with_zeros(*black.tensors["images"].tensor.shape))
    return [plain, strided, one, again, square, more, many, long, full, pixels, fours, dark, black]


layouts = standard.layouts(
    _layouts,
    "The puzzle is right in float64, in transposed memory, for any grid, dark pictures, one image and called again.",
    points=1.5,
    looks_at=("result", "kept", "memory"),
)


def _at_the_edge(draw: Draw, place: tuple[int, int, int], value: int, left: tuple[int, int] = (1, 1)) -> Case:
    """Cells that are two rows and three columns larger than a tile, and one corner among zeros."""
    case = _case(draw, 2, 2, 1, 2, more=(2, 3), left=left)
    corners = torch.zeros_like(case.tensors["corners"].tensor)
    corners[place] = value
    return replace(case, inputs={**case.inputs, "corners": Input(corners)})


@check(points=0.5, visible=True, looks_at=("exception", "result"), side=True)
def outside(draw: Draw) -> list[Case]:
    """A tile that leaves its cell: a ValueError, even if it lies inside the image."""
    return [_at_the_edge(draw, (1, 1, 0), 3), _at_the_edge(draw, (0, 3, 1), -1)]


@check(
    points=0.5,
    looks_at=("exception", "result"),
    dtype=torch.float64,
    side=True,
    asks="tiles on the edge of their cell and one pixel beyond",
)
def limits(draw: Draw) -> list[Case]:
    """A tile may reach the edge of its cell, on every side and in every cell, and no pixel further."""
    inside = [_at_the_edge(draw, (i, t, axis), 2 + axis) for i, t, axis in ((0, 0, 0), (1, 1, 1), (1, 3, 0))]
    # In the last cell, pixels that are left over lie behind the edge.
    beyond = [(i, t, axis) for i in (0, 1) for t in (0, 3) for axis in (0, 1)] + [(1, 2, 0), (0, 1, 1)]
    outside = [_at_the_edge(draw, place, 3 + place[2]) for place in beyond]
    before = [
        _at_the_edge(draw, (i, t, axis), -1) for i, t, axis in ((1, 0, 0), (0, 0, 1), (1, 3, 1), (1, 2, 0))
    ]
    # A cell that is lower, or narrower, than a tile.
    sizes = [_sized(draw, h, w) for h, w in ((5, 9), (9, 5), (6, 7), (2, 2))]
    return [*inside, *outside, *before, *sizes]


def _sized(draw: Draw, h: int, w: int) -> Case:
    """Tiles of three pixels in the corners of the cells of an image of this size."""
    case = _case(draw, 1, 2, 1, 3)
    corners = torch.zeros_like(case.tensors["corners"].tensor)
    images = draw.uniform(1, 1, h, w)
    return replace(case, inputs={**case.inputs, "images": Input(images), "corners": Input(corners)})


inputs_unchanged = standard.unchanged(
    _case, "Images, permutations, labels and corners are left as they were."
)

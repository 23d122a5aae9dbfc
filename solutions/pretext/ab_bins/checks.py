"""Cases and points of `pretext.ab_bins`."""

import torch
from torch import Tensor

from course_utils.checks import Case, Draw, check, standard


def _clear(draw: Draw, pixels: int, centres: Tensor, spread: float) -> Tensor:
    """So many colours (pixels, 2), for each of which it is clear which centre is the nearest.

    Where two distances differ by less than a thousandth of the smaller one, or by what float32 makes of the squares of
    large numbers, another colour is drawn.
    """
    colours = spread * draw.normal(pixels, 2)
    while True:
        near = (colours[:, None] - centres).square().sum(-1).sort(dim=1).values[:, :2]
        if near.shape[1] < 2:
            return colours
        margin = near[:, 1] - near[:, 0]
        unclear = margin < 2e-3 * near[:, 0] + 1e-4 * (centres.square().sum(1).max() + spread**2)
        if not unclear.any():
            return colours
        colours[unclear] = spread * draw.normal(int(unclear.sum()), 2)


def _colours(
    draw: Draw, *shape: int, k: int = 0, scale: float = 110.0, centres: Tensor | None = None
) -> Case:
    n, h, w, drawn = (*shape, k) if shape else draw.sizes(4, 3, 8)
    if centres is None:
        centres = 0.5 * scale * draw.normal(k or drawn, 2)
        # A grey centre, which is nearest to many pixels, and one far out, which is nearest to few.
        if len(centres) > 2:
            centres[:2] = torch.tensor([[0.0, 0.0], [1.2 * scale, 0.9 * scale]])
            centres = centres[draw.permutation(len(centres))]
    pixels = _clear(draw, n * h * w, centres, 0.4 * scale)
    return Case.of(ab=pixels.reshape(n, h, w, 2).movedim(3, 1).contiguous(), centres=centres)


def _by_hand() -> Case:
    # Grey, red and green; pixels near to each, and one in the middle of two, which goes to the lower.
    centres = torch.tensor([[0, 0], [8, 0], [-8, 0]], dtype=torch.float64)
    pixels = torch.tensor([[[1, 9, -7], [3, 4, -4]], [[2, 0, 1], [-3, 0, 0]]], dtype=torch.float64)
    return Case.of(ab=pixels[None], centres=centres)


def _small(draw: Draw) -> Case:
    # As many rows as columns for one of them: a map that is mirrored at the diagonal fits and shows.
    return _colours(draw, 2, 3, 5, k=4)


nearest_centres = standard.values(
    lambda draw: [_by_hand(), _small(draw), _colours(draw, 2, 4, 4, k=6)],
    "Each pixel has the number of the nearest centre.",
    points=1.5,
    accuracy="exact",
)


@check(points=0.5, visible=True, accuracy="exact")
def lowest_of_equals(draw: Draw) -> list[Case]:
    """Of centres that are equally near, the lowest number wins."""
    # Small whole numbers, whose distances nothing rounds; and centres that occur twice.
    ab, centres = draw.integers(-3, 3, 2, 2, 4, 5).double(), draw.integers(-3, 3, 7, 2).double()
    corners = torch.tensor([[2, 2], [-2, 2], [2, -2], [-2, -2]], dtype=torch.float64)
    twice = torch.cat([centres[:3], centres[:3].flip(0), corners[draw.permutation(4)]])
    square = corners[draw.permutation(4)]
    origin = torch.zeros(2, 2, 1, 2, dtype=torch.float64)
    return [Case.of(ab=ab, centres=twice), Case.of(ab=ab, centres=square), Case.of(ab=origin, centres=square)]


@check(points=0.5, visible=True, accuracy="exact", looks_at=("result", "graph.result", "after"))
def scaled_colours(draw: Draw) -> list[Case]:
    """Colours and centres may be in any scale, as divided by 110, and close together; both stay as they were."""
    return [_colours(draw, 2, 4, 3, k=5, scale=1.0), _colours(draw, 2, 3, 4, k=7, scale=0.01), *_alike()]


def _layouts(draw: Draw) -> list[Case]:
    n, *sizes = draw.long_sizes(3, 2, 5, long=draw.integer(1, 2))
    long = _colours(draw, n, *sizes, k=draw.many())
    one_class, one_pixel = _colours(draw, 2, 3, 4, k=1), _colours(draw, 1, 1, 1, k=6)
    many = _colours(draw, draw.many(), 2, 3, k=3)
    # Grey pixels, whose a or b is zero.
    centres = torch.tensor([[0, 50], [50, 0], [-50, -50], [30, 30]], dtype=torch.float64)
    grey = Case.of(
        ab=20 * draw.with_zeros(2, 2, 4, 6, dim=1).sign(), centres=centres + torch.arange(8).view(4, 2)
    )
    again = _small(draw).then(_small(draw))
    usual = _colours(draw), _colours(draw).strided()
    return [*usual, one_class, one_pixel, long, many, grey, *map(Case.strided, _alike()), again]


def _alike() -> list[Case]:
    """Colours that differ by little beside their size: numbers of half precision cannot tell which is nearer."""
    whole, parts = (
        [[100.0, 0], [101, 0], [0, 100], [0, 101]],
        [[100.03, 0], [101.03, 0], [0, 100.03], [0, 101.03]],
    )
    pixels = (
        [[100.53, 0], [100.47, 0], [0, 100.53], [0, 100.47]],
        [[100.51, 0], [100.57, 0], [0, 100.51], [0, 100.57]],
    )
    return [
        Case.of(
            ab=torch.tensor(colours, dtype=torch.float64).view(2, 2, 1, 2).transpose(1, 3).contiguous(),
            centres=torch.tensor(centres, dtype=torch.float64),
        )
        for colours, centres in zip(pixels, (whole, parts), strict=True)
    ]


layouts = standard.layouts(
    _layouts,
    "The classes are right in float64, in transposed memory, for one centre, for many, for a pixel, and again.",
    accuracy="exact",
)
inputs_unchanged = standard.unchanged(_small, "Colours and centres are left as they were.")

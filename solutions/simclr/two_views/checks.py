"""Cases and points of `simclr.two_views`."""

import torch
from torch import Tensor

from course_utils.checks import Case, Draw, check, standard


def _case(draw: Draw, images: Tensor, size: int, gains: Tensor, corners: Tensor | None = None) -> Case:
    n, _, h, w = images.shape
    if corners is None:
        # Rows and columns, first and second views, images: all in different places if there is room.
        rows, columns = (draw.integers(0, side - size, 2, n) for side in (h, w))
        columns[1] = (columns[0] + 1 + draw.integers(0, max(0, w - size - 1), n)) % (w - size + 1)
        corners = torch.stack([rows, columns], dim=2)
    # From three images on, some windows are mirrored in both views and some in one alone.
    first, second = (torch.arange(n) // step % 2 == draw.integer(0, 1) for step in (1, 2))
    flips = torch.stack([first, ~first if n < 3 else second])
    return Case.of(images=images, corners=corners, flips=flips, gains=gains, size=size)


def _mild(draw: Draw, *shape: int, size: int) -> Case:
    """No product of a pixel and its gain reaches 1."""
    gains = 0.4 + 0.9 * draw.uniform(2, shape[0], shape[1])
    return _case(draw, 0.02 + 0.72 * draw.uniform(*shape), size, gains)


def _bright(draw: Draw, *shape: int, size: int) -> Case:
    """Pixels a little outside of [0, 1] and gains above and below 1; no product is within 1e-3 of 0 or 1."""
    images, gains = 1.3 * draw.uniform(*shape) - 0.15, 0.5 + 1.3 * draw.uniform(2, shape[0], shape[1])
    while True:
        products = images * gains[:, :, :, None, None]
        close = ((products.abs() < 1e-3) | ((products - 1).abs() < 1e-3)).any(dim=0)
        if not bool(close.any()):
            return _case(draw, images, size, gains)
        images = torch.where(close, 1.3 * draw.uniform(*shape) - 0.15, images)


def _by_hand() -> Case:
    # Pixels 1 to 12 twentieths; the first view is mirrored, the second half as bright.
    images = torch.arange(1.0, 13.0, dtype=torch.float64).reshape(1, 1, 3, 4) / 20
    return Case.of(
        images=images,
        corners=torch.tensor([[[0, 1]], [[1, 0]]]),
        flips=torch.tensor([[True], [False]]),
        gains=torch.tensor([[[1.0]], [[0.5]]], dtype=torch.float64),
        size=2,
    )


@check(points=1.5, visible=True, accuracy="moved", looks_at=("result",))
def views(draw: Draw) -> list[Case]:
    """Both views of each image are right where nothing is too bright."""
    # As many images as channels as pixels of a side: gains fit along any dimension, and the wrong one shows.
    equal_sizes = _mild(draw, 3, 3, 5, 6, size=3)
    return [_by_hand(), _mild(draw, 3, 2, 5, 8, size=3), equal_sizes]


@check(points=0.5, visible=True, accuracy="moved", looks_at=("result",))
def bright_pixels(draw: Draw) -> Case:
    """Views are right where pixels times gains are above 1 or below 0."""
    return _bright(draw, 3, 2, 6, 5, size=4)


gradients = standard.gradients(
    lambda draw: [_mild(draw, 3, 2, 6, 7, size=4), _bright(draw, 3, 2, 4, 6, size=3)],
    "The gradients with respect to images and gains are right.",
    points=1,
)


def _moved(case: Case, view: int, image: int, axis: int, place: int) -> Case:
    """The same case with one coordinate of one corner changed."""
    corners = case.tensors["corners"].tensor.clone()
    corners[view, image, axis] = place
    return Case.of(**{**case.inputs, "corners": corners})


@check(points=0.5, visible=True, accuracy="exact", looks_at=("exception",), side=True)
def windows_outside(draw: Draw) -> list[Case]:
    """A window that leaves its image: a ValueError, whichever side it is, however little."""
    # Four rows and six columns of room for windows of three pixels.
    whole = [_mild(draw, 3, 2, 7, 9, size=3) for _ in range(5)]
    over = (0, 0, 0, 5), (1, 2, 1, 7), (1, 0, 0, -1), (0, 2, 1, -1)
    outside = [_moved(case, *place) for case, place in zip(whole, over, strict=False)]
    # Up to the edge nothing leaves.
    inside = _moved(_moved(_moved(whole[4], 0, 1, 0, 4), 0, 1, 1, 6), 1, 2, 0, 0)
    return [*outside, inside]


@check(
    points=0.5,
    accuracy="exact",
    looks_at=("exception", "after"),
    side=True,
    asks="windows that leave the image",
)
def other_windows_outside(draw: Draw) -> list[Case]:
    """Windows far outside, larger than the image, and outside in one image of many: a ValueError as well."""
    case = _mild(draw, 5, 1, 6, 4, size=3)
    far = [(1, 3, 0, 6), (0, 4, 1, 30), (1, 4, 1, -4), (0, 1, 0, -3), (1, 4, 1, 2), (1, 4, 0, 4)]
    # Columns fit where rows would not, and the other way round.
    tall = _moved(_mild(draw, 2, 1, 8, 3, size=3), 0, 1, 0, 5)
    wide = _moved(_mild(draw, 2, 1, 3, 8, size=3), 1, 1, 1, 5)
    zero = torch.zeros(2, 2, 2, dtype=torch.int64)
    large = [Case.of(**{**side.inputs, "corners": zero, "size": 4}) for side in (tall, wide)]
    # A panorama: one column too far to the right, in a place that float16 cannot hold.
    panorama = _moved(_mild(draw, 1, 1, 2, 2050, size=2), 1, 0, 1, 2049)
    return [*(_moved(case, *place) for place in far), *large, tall, wide, panorama]


def _layouts(draw: Draw) -> list[Case]:
    channels, h, w = draw.long_sizes(3, 2, 3, long=2)[0], 7, draw.long_sizes(2, 2, 3, long=0)[0]
    size = draw.integer(3, 5)
    wide, tall = _bright(draw, 3, channels, h, w, size=size), _bright(draw, 3, channels, w, h, size=size)
    single, pixels = _bright(draw, 1, 3, 6, 5, size=3), _bright(draw, 4, 3, 3, 5, size=1)
    # Windows in all corners of the image, and windows that are the image.
    edges = torch.tensor([[0, 0], [0, 4], [2, 0], [2, 4]])
    corners = torch.stack([edges, edges[draw.permutation(4)]])
    gains = 0.5 + draw.uniform(2, 4, 2)
    in_corners = _case(draw, draw.uniform(4, 2, 5, 7), 3, gains, corners)
    # Windows that are the image, and one of which nothing is changed: a view is a new tensor all the same.
    everything = _mild(draw, 3, 2, 5, 5, size=5)
    window = draw.uniform(1, 2, 4, 6), torch.zeros(2, 1, 2, dtype=torch.int64), torch.zeros(2, 1) > 0
    plain = Case.of(
        images=window[0], corners=window[1], flips=window[2], gains=torch.ones(2, 1, 2).double(), size=4
    )
    # Black pixels, black images and equal ones; gains of exactly one and of zero.
    black = _case(draw, draw.with_zeros(3, 2, 5, 6).abs() / 4, 4, 0.5 + draw.uniform(2, 3, 2))
    all_black = _case(draw, draw.with_zero_vectors(4, 50).reshape(4, 2, 5, 5).abs() / 4, 4, gains)
    plain_gains = _case(draw, draw.uniform(4, 2, 5, 6), 3, draw.integers(0, 1, 2, 4, 2).double())
    many = _bright(draw, draw.many(), 1, 3, 4, size=2)
    again = _bright(draw, 2, 3, 5, 6, size=3).then(_bright(draw, 2, 3, 5, 6, size=3))
    return [
        wide, tall, wide.strided(), tall.strided(), single, pixels, in_corners, everything, plain, black, all_black,
        plain_gains, many, again,
    ]  # fmt: skip


layouts = standard.layouts(
    _layouts,
    "Both views are right in float64, for other sizes, transposed memory, one image, and in a second call.",
    points=1,
    accuracy="moved",
    looks_at=("result", "memory", "kept"),
)


def _unchanged(draw: Draw) -> list[Case]:
    # Gains of one, and windows that are the image.
    kept = _case(draw, draw.uniform(2, 3, 4, 4), 4, torch.ones(2, 2, 3, dtype=torch.float64))
    return [_mild(draw, 3, 2, 5, 6, size=4), _bright(draw, 3, 2, 5, 6, size=4), kept]


inputs_unchanged = standard.unchanged(_unchanged, "Images, corners, flips and gains are left as they were.")

"""Cases and points of `pretext.mask_region`."""

import torch

from course_utils.checks import Case, Draw, check, standard


def _holes(draw: Draw, n: int = 0, size: tuple[int, int] | None = None, shape: tuple[int, ...] = ()) -> Case:
    # No two sizes are alike, and no fill is 0, 1 or the same in two channels.
    count, channels, h, w = shape or draw.sizes(4, 3, 9)
    n = n or count
    size = size or (draw.integer(1, h - 1), draw.integer(1, w - 1))
    images, fill = 2 * draw.uniform(n, channels, h, w) - 1, draw.permutation(channels).double() / 10 - 0.75
    return Case.of(images=images, corners=_corners(draw, n, (h, w), size), size=size, fill=fill)


def _corners(draw: Draw, n: int, frame: tuple[int, int], size: tuple[int, int]) -> torch.Tensor:
    # The first two holes lie in opposite corners of their images, so that both edges are met and no two places agree.
    room = torch.tensor(frame) - torch.tensor(size)
    corners = torch.stack([draw.integers(0, int(most), n) for most in room], dim=1)
    ends = torch.stack([room * 0, room])[draw.permutation(2)]
    corners[:2] = ends[:n]
    return corners


def _by_hand() -> Case:
    # Pixels 0 to 11 in three rows; 5, 6, 9 and 10 are to become 50.
    images = torch.arange(12.0, dtype=torch.float64).reshape(1, 1, 3, 4)
    return Case.of(images=images, corners=torch.tensor([[1, 1]]), size=(2, 2), fill=images[0, 0, 0, :1] + 50)


def _small(draw: Draw) -> Case:
    # Wider than high, with a hole that is higher than wide: sides that are taken for each other show.
    return _holes(draw, size=(3, 2), shape=(2, 3, 4, 5))


filled_images = standard.values(
    lambda draw: [_by_hand(), _small(draw)],
    "Each image has its hole where it should be, in the colour asked for.",
    points=1,
    accuracy="moved",
    looks_at=("result.0",),
)


@check(points=0.5, visible=True, accuracy="exact", looks_at=("result.1",))
def mask(draw: Draw) -> list[Case]:
    """The mask is True in the hole of each image and False elsewhere."""
    return [_by_hand(), _small(draw), _holes(draw, size=(1, 4), shape=(3, 2, 6, 5))]


gradients = standard.gradients(
    _small,
    "No gradient reaches the pixels in a hole; it reaches those outside, and the colour of the holes.",
    points=0.5,
    looks_at=("result.0", "gradient"),
)


def _layouts(draw: Draw) -> list[Case]:
    # Nothing is left of the image; an image without a hole, in two ways; a single pixel in a long row.
    h, w = draw.sizes(2, 3, 8)
    whole = _holes(draw, size=(h, w), shape=(2, 3, h, w))
    empty = [_holes(draw, size=size, shape=(3, 2, h, w)) for size in ((0, 2), (3, 0))]
    long = [2, *draw.long_sizes(3, 2, 5, long=draw.integer(1, 2))]
    one = _holes(draw, size=(1, 1), shape=tuple(long))
    # Many images, square ones, and black pixels.
    many = _holes(draw, draw.many(), size=(1, 2), shape=(0, 1, 3, 3))
    black = _holes(draw, size=(2, 3), shape=(3, 4, 7, 5))
    black.tensors["images"].tensor.copy_(draw.with_zeros(3, 4, 7, 5))
    again = _small(draw).then(_small(draw))
    return [_holes(draw), _holes(draw).strided(), _holes(draw, n=1), whole, *empty, one, many, black, again]


layouts = standard.layouts(
    _layouts,
    "Images and masks are right in float64, in transposed memory, for one image, no hole, a whole one, and again.",
    accuracy="moved",
    looks_at=("result", "kept", "memory"),
    asks="other sizes and layouts in memory, empty holes, float64",
)


@check(
    points=0.5,
    visible=True,
    accuracy="exact",
    looks_at=("after", "memory", "graph.images", "graph.fill", "graph.corners", "place", "setting"),
    side=True,
    asks="the images left alone",
)
def images_unchanged(draw: Draw) -> list[Case]:
    """What is passed in stays as it was, and what is returned has memory of its own. Torch's settings stay, too."""
    # On a leaf that wants gradients torch refuses changes in place, so the others want none.
    return [_small(draw), _holes(draw, size=(0, 2), shape=(2, 3, 4, 5)), _small(draw).wanting_gradients()]


def _moved(case: Case, image: int, row: int, column: int) -> Case:
    case.tensors["corners"].tensor[image] = torch.tensor([row, column])
    return case


@check(points=0.5, visible=True, accuracy="exact", looks_at=("exception", "after"), side=True)
def leaves_its_image(draw: Draw) -> list[Case]:
    """A hole that leaves its image on any side, be it by one pixel: a ValueError. One that just fits is none."""
    low, right, above, before, fits = (_holes(draw, size=(3, 2), shape=(3, 2, 5, 6)) for _ in range(5))
    places = (low, 1, 3, 1), (right, 2, 1, 5), (above, 1, -1, 2), (before, 0, 1, -1), (fits, 2, 2, 4)
    too_high = _holes(draw, size=(3, 2), shape=(1, 2, 5, 6))
    too_high = Case({**too_high.inputs, "size": (6, 2)})
    return [*(_moved(*place) for place in places), _moved(too_high, 0, 0, 0)]

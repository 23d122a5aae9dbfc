"""Cases and points of `pretext.rotate_batch`."""

import torch

from course_utils.checks import Case, Draw, check, standard


def _images(draw: Draw, n: int = 0, side: int = 0) -> Case:
    # Never four images: with four, an order by turn and an order by image have the same lengths everywhere.
    count, channels, drawn = draw.sizes(3, 5, 8)
    n, side = n or count, side or drawn
    return Case.of(images=draw.uniform(n, channels, side, side))


def _small(draw: Draw) -> Case:
    # Small enough to be looked at when it goes wrong.
    return Case.of(images=draw.uniform(2, 3, 4, 4))


def _counted(*shape: int) -> Case:
    # To be turned by hand: pixels 0, 1, 2, ...
    return Case.of(images=torch.arange(torch.Size(shape).numel(), dtype=torch.float64).reshape(shape))


turned_images = standard.values(
    # Two images by hand: who puts the copies in another order sees it there.
    lambda draw: [_counted(2, 1, 2, 2), _small(draw)],
    "The four copies of each image stand together, each turned as it should be.",
    points=1,
    accuracy="moved",
    looks_at=("result.0",),
)


@check(points=1, visible=True, accuracy="exact", looks_at=("result.1",))
def labels(draw: Draw) -> list[Case]:
    """Each copy has the number of its quarter turns for a label."""
    # Single pixels: many labels at a small price. Three times, because labels depend on nothing but the number of
    # images, and one that was drawn before could be answered from the recorded case.
    pixels = [draw.uniform(draw.integer(5, 60), 1, 1, 1) for _ in range(3)]
    # Where all sides are equal, whoever turns the wrong two dimensions gets a result by which that can be told.
    equal_sides = Case.of(images=draw.uniform(2, 2, 2, 2))
    return [_counted(2, 1, 1, 1), *(Case.of(images=images) for images in pixels), equal_sides]


def _layouts(draw: Draw) -> list[Case]:
    pixels, again = Case.of(images=draw.uniform(14, 1, 1, 1)), _small(draw).then(_small(draw))
    # An odd side, an even one in transposed memory, and one that shows a turn by little more than a right angle.
    # No longer ones: the error of an honest resampling grows with the side and with the steps between pixels.
    images = _images(draw, side=7), _images(draw, side=6).strided(), _images(draw, 1, side=17)
    # A long side, and pixels that are black.
    channels, side = draw.long_sizes(2, 2, 3, long=1, longest=18)
    black_pixels = Case.of(images=draw.with_zeros(1, channels, side, side).abs())
    # Many images; some that are all black, and some that occur twice.
    many = Case.of(images=draw.uniform(draw.many(), 1, 2, 2))
    black = Case.of(images=draw.with_zero_vectors(7, 18).reshape(7, 2, 3, 3))
    twice = Case.of(images=draw.repeated(6, 18).reshape(6, 2, 3, 3))
    return [*images, pixels, again, black_pixels, many, black, twice]


layouts = standard.layouts(
    _layouts,
    "Images and labels are right in float64, in transposed memory, for one image, for pixels, and called again.",
    accuracy="moved",
)
differentiable = standard.gradients(
    _small,
    "The gradient finds its way back through the turns to the images.",
    points=0.5,
    accuracy="moved",
    looks_at=("result.0", "gradient"),
)
inputs_unchanged = standard.unchanged(_images, "The images passed in are left as they were.", leaves=_small)

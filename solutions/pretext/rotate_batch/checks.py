"""Cases and points of `pretext.rotate_batch`."""

import torch

from course_utils.checks import Case, Draw, Input, check


# Gradients are asked for where they are looked at and nowhere else: on a leaf that wants them torch refuses to change
# the images in place, and whoever does that should see what comes of it.
def _images(draw: Draw, n: int = 0, side: int = 0, contiguous: bool = True) -> Case:
    # Never four images: with four, an order by turn and an order by image have the same lengths everywhere.
    count, channels, drawn = draw.sizes(3, 5, 8)
    n, side = n or count, side or drawn
    return Case({"images": Input(draw.uniform(n, channels, side, side), contiguous=contiguous)})


def _small(draw: Draw, wants_grad: bool = False) -> Case:
    # Small enough to be looked at when it goes wrong.
    return Case({"images": Input(draw.uniform(2, 3, 4, 4), wants_grad)})


@check(points=1, visible=True, accuracy="elementwise", looks_at=("result.0",))
def turned_images(draw: Draw) -> Case:
    """The four copies of each image stand together, each turned as it should be."""
    return _small(draw)


@check(points=1, visible=True, accuracy="exact", looks_at=("result.1",))
def labels(draw: Draw) -> list[Case]:
    """Each copy has the number of its quarter turns for a label."""
    # Single pixels: many labels at a small price. Where all sides are equal, whoever turns the wrong two dimensions
    # gets a result by which that can be told.
    pixels, cube = draw.uniform(draw.integer(5, 24), 1, 1, 1), draw.uniform(2, 2, 2, 2)
    return [Case({"images": Input(pixels)}), Case({"images": Input(cube)})]


@check(
    points=1,
    accuracy="elementwise",
    dtype=torch.float64,
    looks_at=("result", "kept"),
)
def layouts(draw: Draw) -> list[Case]:
    """Images and labels are right in float64, in transposed memory, for one image, for pixels, and called again."""
    pixels = Case({"images": Input(draw.uniform(14, 1, 1, 1))})
    again = _small(draw).then(_small(draw))
    # An odd side, an even one in transposed memory, and one that shows a turn by little more than a right angle.
    sides = _images(draw, side=7), _images(draw, side=6, contiguous=False), _images(draw, n=1, side=21)
    return [*sides, pixels, again]


@check(
    points=0.5,
    visible=True,
    accuracy="elementwise",
    looks_at=("result.0", "gradient"),
)
def differentiable(draw: Draw) -> Case:
    """The gradient finds its way back through the turns to the images."""
    return _small(draw, wants_grad=True)


@check(
    points=0.5,
    accuracy="exact",
    looks_at=("after", "graph.images", "place", "setting"),
    side=True,
)
def inputs_unchanged(draw: Draw) -> list[Case]:
    """The images passed in are left as they were."""
    return [_images(draw), _small(draw, wants_grad=True)]

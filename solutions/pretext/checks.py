"""Cases and points of the unit *pretext*."""

import torch

from course_utils.checks import Case, Draw, Input, check

# --- pretext.rotate_batch -----------------------------------------------------------------------------------


def _images(draw: Draw, n: int = 0, contiguous: bool = True) -> Case:
    # Never four images: with four, an order by turn and an order by image have the same lengths everywhere.
    count, channels, side = draw.sizes(3, 5, 8)
    return Case(
        {
            "images": Input(
                draw.uniform(n or count, channels, side, side), wants_grad=True, contiguous=contiguous
            )
        }
    )


def _small(draw: Draw) -> Case:
    # Small enough to be looked at when it goes wrong.
    return Case({"images": Input(draw.uniform(2, 3, 4, 4), wants_grad=True)})


@check("pretext.rotate_batch", points=1, visible=True, accuracy="exact", looks_at=("result.0",))
def turned_images(draw: Draw) -> Case:
    """The four copies of each image stand together, each turned as it should be."""
    return _small(draw)


@check("pretext.rotate_batch", points=1, visible=True, accuracy="exact", looks_at=("result.1",))
def labels(draw: Draw) -> Case:
    """Each copy has the number of its quarter turns for a label."""
    return _small(draw)


@check("pretext.rotate_batch", points=1, accuracy="exact", dtype=torch.float64)
def layouts(draw: Draw) -> list[Case]:
    """Images and labels are right in float64, in transposed memory, for one image and for single pixels."""
    pixel = Case({"images": Input(draw.uniform(3, 2, 1, 1))})
    return [_images(draw), _images(draw, contiguous=False), _images(draw, n=1), pixel]


@check("pretext.rotate_batch", points=0.5, visible=True, accuracy="elementwise", looks_at=("gradient",))
def differentiable(draw: Draw) -> Case:
    """The gradient finds its way back through the turns to the images."""
    return _small(draw)


@check("pretext.rotate_batch", points=0.5, accuracy="exact", looks_at=("after", "graph.images"), side=True)
def inputs_unchanged(draw: Draw) -> Case:
    """The images passed in are left as they were."""
    return _images(draw)

"""Cases and points of `video.copy_colors`."""

import torch

from course_utils.checks import Case, Draw, Input, check


def _colors(
    draw: Draw,
    sizes: tuple[int, ...] = (),
    *,
    n: int = 0,
    contiguous: bool = True,
    spread: float = 2.0,
    wants_grad: bool = False,
) -> Case:
    batch, channels, h, w, h2, w2 = sizes or draw.sizes(6, 2, 7)
    batch = n or batch
    weights = (spread * draw.normal(batch, h * w, h2 * w2)).softmax(dim=1)
    return Case(
        {
            "attention": Input(weights, wants_grad, contiguous),
            "colors": Input(draw.normal(batch, channels, h, w), wants_grad, contiguous),
            "target_size": (h2, w2),
        }
    )


@check(points=1.5, visible=True)
def copied_colors(draw: Draw) -> list[Case]:
    """Each target position gets the mean of the reference colours, weighted by its attention."""
    # In the second case both frames have twelve positions, so that a transposed attention fits and shows.
    return [_colors(draw, (2, 3, 2, 4, 5, 1)), _colors(draw, (1, 3, 2, 6, 4, 3))]


@check(points=0.5, visible=True, looks_at=("gradient",))
def gradients_of_colors(draw: Draw) -> Case:
    """The gradients reach the attention and the colours."""
    return _colors(draw, (1, 2, 3, 2, 2, 4), wants_grad=True)


@check(
    points=1,
    accuracy="unguarded",
    dtype=torch.float64,
    looks_at=("result", "gradient"),
)
def other_layouts(draw: Draw) -> list[Case]:
    """The colours are right in float64, for transposed memory, for one clip and for many colour classes."""
    classes = _colors(draw, (14, 16, 3, 4, 5, 2), wants_grad=True)
    transposed = _colors(draw, contiguous=False, wants_grad=True)
    return [_colors(draw, wants_grad=True), transposed, _colors(draw, n=1, wants_grad=True), classes]


@check(points=0.5, looks_at=("result", "kept"))
def hard_attention(draw: Draw) -> list[Case]:
    """Where all attention is on one position, its colour is copied as it is, and in a second call too."""
    first, second = (_colors(draw, (2, 3, 2, 4, 5, 3), spread=1e4) for _ in range(2))
    return [_colors(draw, spread=1e4), first.then(second)]


@check(
    points=0.5,
    accuracy="exact",
    looks_at=("after", "graph.attention", "graph.colors", "place", "setting"),
    side=True,
)
def colors_unchanged(draw: Draw) -> list[Case]:
    """The attention and the colours passed in are left as they were."""
    return [_colors(draw), _colors(draw, wants_grad=True)]

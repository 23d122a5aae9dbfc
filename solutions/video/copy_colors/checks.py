"""Cases and points of `video.copy_colors`."""

import torch

from course_utils.checks import Case, Draw, check, standard


def _colors(draw: Draw, *sizes: int, n: int = 0, spread: float = 2.0) -> Case:
    batch, channels, h, w, h2, w2 = sizes or draw.sizes(6, 2, 7)
    batch = n or batch
    attention = (spread * draw.normal(batch, h * w, h2 * w2)).softmax(dim=1)
    return Case.of(attention=attention, colors=draw.normal(batch, channels, h, w), target_size=(h2, w2))


def _hard(draw: Draw, n: int, c: int, h: int, w: int, h2: int, w2: int) -> Case:
    attention = torch.stack([draw.one_hot(h2 * w2, h * w).T for _ in range(n)])
    return Case.of(attention=attention, colors=draw.normal(n, c, h, w), target_size=(h2, w2))


def _by_hand() -> Case:
    # All of the first colour, which is black, half of the first and half of the second, a quarter of each.
    shares = torch.tensor([[1, 0, 0, 0], [0.5, 0.5, 0, 0], [0.25] * 4], dtype=torch.float64)
    colors = torch.tensor([[[0, 20], [30, 40]], [[0, 2], [3, 8]]], dtype=torch.float64)
    return Case.of(attention=shares.T[None].contiguous(), colors=colors[None], target_size=(1, 3))


def _small(draw: Draw) -> list[Case]:
    # In the second case both frames have twelve positions, so that a transposed attention fits and shows; in the third
    # a long row looks all along another one.
    sizes = (2, 3, 2, 4, 5, 1), (1, 3, 2, 6, 4, 3), (1, 2, 1, 17, 1, 67)
    return [_colors(draw, *size) for size in sizes]


copied_colors = standard.values(
    lambda draw: [_by_hand(), *_small(draw)],
    "Each target position gets the mean of the reference colours, weighted by its attention.",
    points=1.5,
)
gradients_of_colors = standard.gradients(
    lambda draw: _colors(draw, 1, 2, 3, 2, 2, 4),
    "The gradients reach the attention and the colours.",
    points=0.5,
)


def _layouts(draw: Draw) -> list[Case]:
    classes, transposed = _colors(draw, 14, 16, 3, 4, 5, 2), _colors(draw).strided()
    layouts = [_colors(draw), transposed, _colors(draw, n=1), classes]
    # One long side; the second time some colours and all weights but one of each position are exactly zero.
    long = [1, *draw.long_sizes(5, 2, 5, long=draw.integer(1, 4))]
    _, c, h, w, h2, w2 = long
    attention, colors = draw.one_hot(h2 * w2, h * w).T[None], draw.with_zeros(1, c, h, w, dim=1)
    hard = Case.of(attention=attention, colors=colors, target_size=(h2, w2))
    # Two frames of one size, large in both directions; and black positions, and colours that occur twice.
    grid = draw.large_grid()
    large = _colors(draw, 1, 1, *grid, *grid, spread=0.5)
    shares = draw.normal(1, 6, 8).softmax(dim=1)
    black, twice = draw.with_zero_vectors(1, 3, 3, 2, dim=1), draw.repeated(6, 3).T.reshape(1, 3, 3, 2)
    some = [Case.of(attention=shares, colors=colors, target_size=(2, 4)) for colors in (black, twice)]
    return [*layouts, _colors(draw, *long), hard, large, *some]


other_layouts = standard.layouts(
    _layouts,
    "The colours are right in float64, for transposed memory, for one clip and for many colour classes.",
    looks_at=("result", "gradient"),
)


@check(points=0.5, looks_at=("result", "kept"), asks="attention on one position alone")
def hard_attention(draw: Draw) -> list[Case]:
    """Where all attention is on one position, its colour is copied as it is, and in a second call too."""
    first, second = (_hard(draw, 2, 3, 2, 4, 5, 3) for _ in range(2))
    return [_hard(draw, *draw.sizes(6, 2, 7)), first.then(second)]


colors_unchanged = standard.unchanged(
    _colors, "The attention and the colours passed in are left as they were."
)

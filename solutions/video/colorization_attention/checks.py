"""Cases and points of `video.colorization_attention`."""

import torch
from torch import Tensor

from course_utils.checks import Case, Draw, check, standard


def _frames(draw: Draw, *temperature: float, sizes: tuple[int, ...] = (), n: int = 0) -> Case:
    batch, *others = sizes or draw.sizes(6, 2, 7)
    return _case(*_embeddings(draw, n or batch, *others), *temperature)


def _embeddings(draw: Draw, n: int, dim: int, h: int, w: int, h2: int, w2: int) -> tuple[Tensor, Tensor]:
    # Lengths differ from one position to the next, so that a normalisation shows.
    reference = draw.normal(n, dim, h, w) * (0.5 + draw.uniform(n, 1, h, w))
    target = draw.normal(n, dim, h2, w2) * (0.5 + draw.uniform(n, 1, h2, w2))
    return reference, target


def _case(reference: Tensor, target: Tensor, *temperature: float) -> Case:
    given = {"temperature": temperature[0]} if temperature else {}
    return Case.of(reference=reference, target=target, **given)


def _by_hand() -> Case:
    # Two channels, four positions in the reference, three in the target: all dot products are whole numbers.
    def frame(h: int, w: int, *vectors: tuple[int, int]) -> Tensor:
        return torch.tensor(vectors, dtype=torch.float64).T.reshape(1, 2, h, w)

    return _case(frame(2, 2, (0, 0), (1, 0), (0, 1), (1, 1)), frame(1, 3, (1, 0), (0, 2), (1, -1)), 0.5)


def _mild(draw: Draw, temperature: float, *sizes: int) -> Case:
    # Whatever was drawn, all scores divided by the temperature lie between -4 and 4: whether a small number added to a
    # sum of exponentials shows is then no matter of chance.
    reference, target = _embeddings(draw, *(sizes or draw.sizes(6, 2, 7)))
    largest = torch.einsum("ndhw,ndij->nhwij", reference, target).abs().max()
    return _case(4 * temperature / largest * reference, target, temperature)


def _steep(draw: Draw, *sizes: int) -> Case:
    reference, target = _embeddings(draw, *sizes)
    h2, w2 = target.shape[2:]
    # From short embeddings, whose attention is spread, to long ones, whose scores have no exponential in float64.
    long = torch.logspace(-2.0, 0.7, h2 * w2, dtype=torch.float64).reshape(h2, w2) * target
    # Whatever was drawn, the largest score divided by the temperature is 1200.
    largest = torch.einsum("ndhw,ndij->nhwij", reference, long).max()
    return _case(12 / largest * reference, long, 0.01)


attention = standard.values(
    lambda draw: [_by_hand(), _mild(draw, 0.6, 2, 5, 2, 3, 4, 3)],
    "The attention is right for two small frames of different sizes.",
    points=1.5,
)


@check(points=0.5, visible=True)
def default_temperature(draw: Draw) -> Case:
    """Called without a temperature, the attention is that of temperature 1."""
    # Both frames have six positions, so that whoever takes them for frames of one size gets a result.
    return _frames(draw, sizes=(1, 3, 3, 2, 2, 3))


@check(points=0.5, visible=True, accuracy="softmax", dtype=torch.float64)
def low_temperature(draw: Draw) -> Case:
    """The attention is finite and right at temperature 0.01."""
    return _steep(draw, 1, 5, 2, 3, 3, 2)


@check(
    points=0.5,
    accuracy="softmax",
    dtype=torch.float64,
    looks_at=("result", "gradient"),
    asks="very small temperatures",
)
def very_low_temperatures(draw: Draw) -> list[Case]:
    """Attention and gradients are finite and right at temperature 0.01 for other frames."""
    # Gradients are asked for where none of them vanishes: nothing but rounding could be compared there.
    reference, target = (0.03 * frame for frame in _embeddings(draw, 1, 7, 3, 2, 4, 3))
    return [_steep(draw, 1, 7, 3, 2, 4, 3), _case(reference, target, 0.01).wanting_gradients()]


@check(points=1, looks_at=("gradient",), asks="the gradients of both frames")
def gradients(draw: Draw) -> list[Case]:
    """The gradients reach the embeddings of both frames."""
    # The second case: weights that are made sharper after a softmax are right in float64, but vanish in float32.
    reference, target = (0.02 * frame for frame in _embeddings(draw, 2, 3, 4, 5, 2, 4))
    return [case.wanting_gradients() for case in (_mild(draw, 1.5), _case(reference, target, 0.025))]


def _layouts(draw: Draw) -> list[Case]:
    single = _frames(draw, 0.8, sizes=(14, 3, 1, 1, 4, 5))
    first, second = (_frames(draw, 1.1, sizes=(2, 3, 4, 2, 3, 5)) for _ in range(2))
    frames = _frames(draw, 1.3), _frames(draw, 0.7).strided(), _frames(draw, 0.9, n=1)
    # One long side, for whoever looks at near positions only.
    long = _frames(draw, 0.8, sizes=(1, *draw.long_sizes(5, 2, 6, long=draw.integer(1, 4))))
    # Each target position looks like one reference position; its scores with all others are exactly zero.
    vectors = draw.orthogonal(6, 7)
    chosen = 1.2 * vectors[draw.permutation(6)[:4]]
    orthogonal = _case(vectors.T.reshape(1, 7, 2, 3), chosen.T.reshape(1, 7, 4, 1), 0.8)
    # Two frames of one size, large in both directions.
    grid = draw.large_grid()
    large = _frames(draw, 0.8, sizes=(1, 3, *grid, *grid))
    # Embeddings of zeros: such a position gets the share exp(0), and one of the target looks everywhere alike.
    none, nowhere = draw.with_zero_vectors(1, 4, 3, 2, dim=1), draw.with_zero_vectors(1, 4, 2, 5, dim=1)
    dark = _case(none, nowhere, 0.7)
    # Some positions look alike, and some entries are zero.
    alike = _case(draw.repeated(6, 4).T.reshape(1, 4, 3, 2), draw.with_zeros(1, 4, 2, 5, dim=1), 0.7)
    return [*frames, single, first.then(second), long, orthogonal, large, dark, alike]


layouts = standard.layouts(
    _layouts,
    "The attention is right in float64, in transposed memory, for one clip, one position, large frames, and again.",
)
inputs_unchanged = standard.unchanged(
    lambda draw: _frames(draw, 0.8), "The embeddings passed in are left as they were."
)

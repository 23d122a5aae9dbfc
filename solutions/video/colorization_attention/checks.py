"""Cases and points of `video.colorization_attention`."""

import torch
from torch import Tensor

from course_utils.checks import Case, Draw, Input, check


# Gradients are asked for where they are looked at and nowhere else: on a leaf that wants them torch refuses to change
# a tensor in place, and whoever does that should see what comes of it.
def _frames(
    draw: Draw, temperature: float, *, n: int = 0, contiguous: bool = True, wants_grad: bool = False
) -> Case:
    batch, dim, *sides = draw.sizes(6, 2, 7)
    reference, target = _embeddings(draw, n or batch, dim, *sides)
    return _case(reference, target, temperature, contiguous=contiguous, wants_grad=wants_grad)


def _embeddings(draw: Draw, n: int, dim: int, h: int, w: int, h2: int, w2: int) -> tuple[Tensor, Tensor]:
    # Lengths differ from one position to the next, so that a normalisation shows.
    reference = draw.normal(n, dim, h, w) * (0.5 + draw.uniform(n, 1, h, w))
    target = draw.normal(n, dim, h2, w2) * (0.5 + draw.uniform(n, 1, h2, w2))
    return reference, target


def _case(
    reference: Tensor, target: Tensor, *temperature: float, contiguous: bool = True, wants_grad: bool = False
) -> Case:
    return Case(
        {
            "reference": Input(reference, wants_grad, contiguous),
            "target": Input(target, wants_grad, contiguous),
            **({"temperature": temperature[0]} if temperature else {}),
        }
    )


@check(points=1.5, visible=True)
def attention(draw: Draw) -> Case:
    """The attention is right for two small frames of different sizes."""
    return _case(*_embeddings(draw, 2, 5, 2, 3, 4, 3), 0.6)


@check(points=0.5, visible=True)
def default_temperature(draw: Draw) -> Case:
    """Called without a temperature, the attention is that of temperature 1."""
    # Both frames have six positions, so that whoever takes them for frames of one size gets a result.
    return _case(*_embeddings(draw, 1, 3, 3, 2, 2, 3))


@check(
    points=1,
    accuracy="softmax",
    dtype=torch.float64,
    looks_at=("result", "gradient"),
)
def low_temperature(draw: Draw) -> list[Case]:
    """Attention and gradients are finite and right at temperature 0.01."""
    h2, w2 = 4, 3
    reference, target = _embeddings(draw, 1, 5, 3, 2, h2, w2)
    # From short embeddings, whose attention is spread, to long ones, whose scores have no exponential in float64.
    lengths = torch.logspace(-2.0, 0.7, h2 * w2, dtype=torch.float64).reshape(h2, w2)
    long = lengths * target
    # Whatever was drawn, the largest score divided by the temperature is 1200.
    largest = torch.einsum("ndhw,ndij->nhwij", reference, long).max()
    overflowing = _case(12 / largest * reference, long, 0.01)
    # Gradients are asked for where none of them vanishes: nothing but rounding could be compared there.
    return [overflowing, _case(0.03 * reference, 0.03 * target, 0.01, wants_grad=True)]


@check(points=1, looks_at=("gradient",))
def gradients(draw: Draw) -> list[Case]:
    """The gradients reach the embeddings of both frames."""
    # The second case: weights that are made sharper after a softmax are right in float64, but vanish in float32.
    reference, target = (0.02 * frame for frame in _embeddings(draw, 2, 3, 4, 5, 2, 4))
    return [_frames(draw, 1.5, wants_grad=True), _case(reference, target, 0.025, wants_grad=True)]


@check(
    points=1,
    accuracy="unguarded",
    dtype=torch.float64,
    looks_at=("result", "kept"),
)
def layouts(draw: Draw) -> list[Case]:
    """The attention is right in float64, in transposed memory, for one clip, one reference position, and again."""
    single = _case(*_embeddings(draw, 14, 3, 1, 1, 4, 5), 0.8)
    first, second = (_case(*_embeddings(draw, 2, 3, 4, 2, 3, 5), 1.1) for _ in range(2))
    frames = _frames(draw, 1.3), _frames(draw, 0.7, contiguous=False), _frames(draw, 0.9, n=1)
    return [*frames, single, first.then(second)]


@check(
    points=0.5,
    accuracy="exact",
    looks_at=("after", "graph.reference", "graph.target", "place", "setting"),
    side=True,
)
def inputs_unchanged(draw: Draw) -> list[Case]:
    """The embeddings passed in are left as they were."""
    return [_frames(draw, 0.8), _frames(draw, 0.8, wants_grad=True)]

"""Cases and points of the unit *video*."""

import torch
from torch import Tensor

from course_utils.checks import Case, Draw, Input, check

# --- video.colorization_attention ---------------------------------------------------------------------------


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


@check("video.colorization_attention", points=1.5, visible=True)
def attention(draw: Draw) -> Case:
    """The attention is right for two small frames of different sizes."""
    return _case(*_embeddings(draw, 2, 5, 2, 3, 4, 3), 0.6)


@check("video.colorization_attention", points=0.5, visible=True)
def default_temperature(draw: Draw) -> Case:
    """Called without a temperature, the attention is that of temperature 1."""
    # Both frames have six positions, so that whoever takes them for frames of one size gets a result.
    return _case(*_embeddings(draw, 1, 3, 3, 2, 2, 3))


@check(
    "video.colorization_attention",
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


@check("video.colorization_attention", points=1, looks_at=("gradient",))
def gradients(draw: Draw) -> list[Case]:
    """The gradients reach the embeddings of both frames."""
    # The second case: weights that are made sharper after a softmax are right in float64, but vanish in float32.
    reference, target = (0.02 * frame for frame in _embeddings(draw, 2, 3, 4, 5, 2, 4))
    return [_frames(draw, 1.5, wants_grad=True), _case(reference, target, 0.025, wants_grad=True)]


@check(
    "video.colorization_attention",
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
    "video.colorization_attention",
    points=0.5,
    accuracy="exact",
    looks_at=("after", "graph.reference", "graph.target", "place", "setting"),
    side=True,
)
def inputs_unchanged(draw: Draw) -> list[Case]:
    """The embeddings passed in are left as they were."""
    return [_frames(draw, 0.8), _frames(draw, 0.8, wants_grad=True)]


# --- video.copy_colors --------------------------------------------------------------------------------------


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


@check("video.copy_colors", points=1.5, visible=True)
def copied_colors(draw: Draw) -> list[Case]:
    """Each target position gets the mean of the reference colours, weighted by its attention."""
    # In the second case both frames have twelve positions, so that a transposed attention fits and shows.
    return [_colors(draw, (2, 3, 2, 4, 5, 1)), _colors(draw, (1, 3, 2, 6, 4, 3))]


@check("video.copy_colors", points=0.5, visible=True, looks_at=("gradient",))
def gradients_of_colors(draw: Draw) -> Case:
    """The gradients reach the attention and the colours."""
    return _colors(draw, (1, 2, 3, 2, 2, 4), wants_grad=True)


@check(
    "video.copy_colors",
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


@check("video.copy_colors", points=0.5, looks_at=("result", "kept"))
def hard_attention(draw: Draw) -> list[Case]:
    """Where all attention is on one position, its colour is copied as it is, and in a second call too."""
    first, second = (_colors(draw, (2, 3, 2, 4, 5, 3), spread=1e4) for _ in range(2))
    return [_colors(draw, spread=1e4), first.then(second)]


@check(
    "video.copy_colors",
    points=0.5,
    accuracy="exact",
    looks_at=("after", "graph.attention", "graph.colors", "place", "setting"),
    side=True,
)
def colors_unchanged(draw: Draw) -> list[Case]:
    """The attention and the colours passed in are left as they were."""
    return [_colors(draw), _colors(draw, wants_grad=True)]

"""Cases and points of `simclr.nt_xent`."""

import torch
import torch.nn.functional as F

from course_utils.checks import Case, Draw, Input, Observation, check


# Gradients are asked for where they are looked at and nowhere else: on a leaf that wants them torch refuses to change
# a tensor in place, and whoever does that should see what comes of it.
def _batch(
    draw: Draw,
    temperature: float,
    *,
    n: int = 0,
    dim: int = 0,
    length: float = 1.0,
    grad: bool = False,
    contiguous: bool = True,
) -> Case:
    sizes = draw.sizes(2, 4, 9)
    n, dim = n or sizes[0], dim or sizes[1]
    # Views of one image are alike but not equal, and every projection has a length of its own, some below one.
    z_i = draw.normal(n, dim)
    z_j = 0.5 * z_i + draw.normal(n, dim)
    z_i, z_j = (F.normalize(z) * length * (0.4 + 2 * draw.uniform(n, 1)) for z in (z_i, z_j))
    return Case(
        {
            "z_i": Input(z_i, wants_grad=grad, contiguous=contiguous),
            "z_j": Input(z_j, wants_grad=grad, contiguous=contiguous),
            "temperature": temperature,
        }
    )


@check(points=2, visible=True)
def loss(draw: Draw) -> Case:
    """The loss is right on a small batch."""
    return _batch(draw, temperature=0.4)


@check(points=1.5, visible=True, looks_at=("gradient",))
def gradients(draw: Draw) -> Case:
    """The gradients with respect to both views are right."""
    return _batch(draw, temperature=0.5, grad=True)


@check(points=1.5, looks_at=("result", "kept"))
def other_batches(draw: Draw) -> list[Case]:
    """The loss is right for other batch sizes and temperatures, and in a second call."""
    few, many, warm = (
        _batch(draw, 0.2, n=4),
        _batch(draw, 0.7, n=draw.integer(13, 30)),
        _batch(draw, 1.5, n=3),
    )
    again = _batch(draw, 0.9, n=5, dim=4).then(_batch(draw, 0.9, n=5, dim=4))
    return [few, many, warm, again]


@check(points=1, accuracy="softmax", looks_at=("result", "gradient"))
def low_temperature(draw: Draw) -> Case:
    """Loss and gradients are finite and right at temperature 0.01."""
    n, dim = draw.integer(6, 9), draw.integer(4, 5)
    # All views crowd around one direction: every exponent is near 100, and exp(89) is too much for float32. They
    # are crowded enough, too, for the loss to be some nats and not a difference of rounding errors.
    centre = draw.normal(1, dim)
    z_i, z_j = (centre / centre.norm() + 0.15 * draw.normal(n, dim) for _ in range(2))
    return Case(
        {
            "z_i": Input(z_i * (1 + 2 * draw.uniform(n, 1)), wants_grad=True),
            "z_j": Input(z_j * (1 + 2 * draw.uniform(n, 1)), wants_grad=True),
            "temperature": 0.01,
        }
    )


@check(
    points=1,
    accuracy="unguarded",
    dtype=torch.float64,
    looks_at=("result", "gradient"),
)
def layouts(draw: Draw) -> list[Case]:
    """Loss and gradients are right in float64, for transposed memory too."""
    return [_batch(draw, 0.3, length=1e4, grad=True, contiguous=contiguous) for contiguous in (True, False)]


def _is_zero(case: Case, observation: Observation) -> str | None:
    """A right answer may leave a rounding error here, so zero is not asked for to the last bit."""
    result = observation.quantities.get("result")
    if not isinstance(result, torch.Tensor) or result.numel() != 1:
        return "result should be a tensor with one entry for a batch of one as well"
    if not abs(float(result)) < 1e-4:
        return "result should be zero for a batch of one: the only other view is the partner"
    return None


@check(points=0.5, looks_at=("exception",), side=True, property=_is_zero)
def single_pair(draw: Draw) -> Case:
    """A batch of one image has no negatives, and its loss is zero."""
    # The views look away from each other, so that a view which is not quite kept from its own loss shows.
    view = draw.normal(1, 5)
    other = 0.1 * draw.normal(1, 5) - 0.7 * view
    return Case({"z_i": Input(view), "z_j": Input(other), "temperature": 0.05})


@check(
    points=0.5,
    accuracy="exact",
    looks_at=("after", "graph.z_i", "graph.z_j", "place", "setting"),
    side=True,
)
def inputs_unchanged(draw: Draw) -> list[Case]:
    """The projections are left as they were."""
    return [_batch(draw, 0.5), _batch(draw, 0.5, grad=True)]

"""Cases and points of `simclr.nt_xent`."""

import torch
import torch.nn.functional as F

from course_utils.checks import Case, Draw, Observation, check, standard


def _batch(draw: Draw, temperature: float = 0.5, n: int = 0, dim: int = 0, length: float = 1.0) -> Case:
    sizes = draw.sizes(2, 4, 9)
    n, dim = n or sizes[0], dim or sizes[1]
    # Views of one image are alike but not equal, and every projection has a length of its own, some below one.
    z_i = draw.normal(n, dim)
    z_j = 0.5 * z_i + draw.normal(n, dim)
    z_i, z_j = (F.normalize(z) * length * (0.4 + 2 * draw.uniform(n, 1)) for z in (z_i, z_j))
    return Case.of(z_i=z_i, z_j=z_j, temperature=temperature)


loss = standard.values(lambda draw: _batch(draw, 0.4), "The loss is right on a small batch.", points=2)
gradients = standard.gradients(_batch, "The gradients with respect to both views are right.", points=1.5)


@check(points=1.5, looks_at=("result", "kept"), asks="other batch sizes and temperatures")
def other_batches(draw: Draw) -> list[Case]:
    """The loss is right for other batch sizes and temperatures, and in a second call."""
    few, many, warm = _batch(draw, 0.2, 4), _batch(draw, 0.7, draw.integer(13, 30)), _batch(draw, 1.5, 3)
    return [few, many, warm, _batch(draw, 0.9, 5, 4).then(_batch(draw, 0.9, 5, 4))]


@check(
    points=1,
    accuracy="softmax",
    looks_at=("result", "gradient"),
    asks="very small temperatures",
)
def low_temperature(draw: Draw) -> Case:
    """Loss and gradients are finite and right at temperature 0.01."""
    n, dim = draw.integer(6, 9), draw.integer(4, 5)
    # All views crowd around one direction: every exponent is near 100, and exp(89) is too much for float32. They
    # are crowded enough, too, for the loss to be some nats and not a difference of rounding errors.
    centre = draw.normal(1, dim)
    z_i, z_j = (centre / centre.norm() + 0.15 * draw.normal(n, dim) for _ in range(2))
    z_i, z_j = (z * (1 + 2 * draw.uniform(n, 1)) for z in (z_i, z_j))
    return Case.of(z_i=z_i, z_j=z_j, temperature=0.01).wanting_gradients()


layouts = standard.layouts(
    lambda draw: [_batch(draw, 0.3, length=1e4), _batch(draw, 0.3, length=1e4).strided()],
    "Loss and gradients are right in float64, for transposed memory too.",
    looks_at=("result", "gradient"),
)


def _is_zero(case: Case, observation: Observation) -> str | None:
    """A right answer may leave a rounding error here, so zero is not asked for to the last bit."""
    result = observation.quantities.get("result")
    if not isinstance(result, torch.Tensor) or result.numel() != 1:
        return "result should be a tensor with one entry for a batch of one as well"
    if not abs(float(result)) < 1e-4:
        return "result should be zero for a batch of one: the only other view is the partner"
    return None


@check(points=0.5, looks_at=("exception",), side=True, property=_is_zero, asks="a batch of one image")
def single_pair(draw: Draw) -> Case:
    """A batch of one image has no negatives, and its loss is zero."""
    # The views look away from each other, so that a view which is not quite kept from its own loss shows.
    view = draw.normal(1, 5)
    return Case.of(z_i=view, z_j=0.1 * draw.normal(1, 5) - 0.7 * view, temperature=0.05)


inputs_unchanged = standard.unchanged(_batch, "The projections are left as they were.")

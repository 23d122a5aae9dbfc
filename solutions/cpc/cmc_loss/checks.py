"""Cases and points of `cpc.cmc_loss`."""

import torch
import torch.nn.functional as F

from course_utils.checks import Case, Draw, Observation, check, standard


def _batch(draw: Draw, temperature: float = 0.43, n: int = 0, dim: int = 0, length: float = 1.0) -> Case:
    sizes = draw.sizes(2, 4, 9)
    n, dim = n or sizes[0], dim or sizes[1]
    # Partners are alike but not equal, and every vector has a length of its own, some below one.
    first = draw.normal(n, dim)
    second = 0.6 * first + draw.normal(n, dim)
    first, second = (F.normalize(z) * length * (0.4 + 2 * draw.uniform(n, 1)) for z in (first, second))
    return Case.of(first=first, second=second, temperature=temperature)


def _by_hand() -> Case:
    # Anchors of the first view cannot tell the two vectors of the second apart: log 2 each, at any temperature. Those
    # of the second view both choose the first vector: log(1 + 1 / e^2) and log(1 + e^2) at temperature 1/2.
    first = torch.tensor([[3, 0], [0, 2]], dtype=torch.float64)
    second = torch.tensor([[4, 0], [0.5, 0]], dtype=torch.float64)
    return Case.of(first=first, second=second, temperature=0.5)


def _crowded(draw: Draw, n: int, dim: int) -> Case:
    # All vectors crowd around one direction: every exponent is near 100, and exp(89) is too much for float32. They are
    # crowded enough, too, for the loss to be some nats and not a difference of rounding errors.
    first, second = draw.crowded(2 * n, dim).split(n)
    first, second = (z * (1 + 2 * draw.uniform(n, 1)) for z in (first, second))
    return Case.of(first=first, second=second, temperature=0.01).wanting_gradients()


def _opposite(draw: Draw, n: int, dim: int) -> Case:
    # One view looks away from the other: all exponents are near -100, and their exponentials are zero in float32.
    case = _crowded(draw, n, dim)
    first, second = (case.tensors[name].tensor for name in ("first", "second"))
    return Case.of(first=first, second=-second, temperature=0.01).wanting_gradients()


loss = standard.values(
    lambda draw: [_by_hand(), _batch(draw, 0.31)], "The loss is right on a small batch.", points=1.5
)
gradients = standard.gradients(_batch, "The gradients with respect to both views are right.", points=1)


@check(points=0.5, visible=True, accuracy="softmax", looks_at=("result", "gradient"))
def low_temperature(draw: Draw) -> Case:
    """Loss and gradients are finite and right at temperature 0.01."""
    return _crowded(draw, 6, 5)


@check(points=1, looks_at=("result", "kept"), asks="other batch sizes and temperatures, a second call")
def other_batches(draw: Draw) -> list[Case]:
    """The loss is right for other sizes and temperatures, for vectors that occur twice, and in a second call."""
    few, many, warm = _batch(draw, 0.23, 3, 7), _batch(draw, 0.7, draw.many(), 6), _batch(draw, 1.5, 2, 5)
    # Only partners are alike, and not by much. All other cosines are exactly zero.
    vectors = draw.orthogonal(6, 8)
    apart = Case.of(first=vectors[:3], second=vectors[:3] + 3 * vectors[3:], temperature=0.6)
    # Some items occur twice in the batch, in one view or in both; some features are zero.
    twice, other = draw.repeated(6, 4), draw.normal(6, 4)
    pairs = [(twice, 0.5 * twice + other), (other, twice), (twice, 2 * twice), (draw.with_zeros(6, 4), other)]
    special = [Case.of(first=first, second=second, temperature=0.8) for first, second in pairs]
    # As many rows as columns, and one column: cosines of 1 and of -1.
    square = _batch(draw, 0.5, 6, 6)
    signs = Case.of(first=draw.normal(5, 1), second=draw.normal(5, 1), temperature=0.9)
    return [
        few,
        many,
        warm,
        apart,
        *special,
        square,
        signs,
        _batch(draw, 0.9, 5, 4).then(_batch(draw, 0.9, 5, 4)),
    ]


@check(
    points=0.5,
    accuracy="softmax",
    looks_at=("result", "gradient"),
    asks="small temperatures in other batches",
)
def very_low_temperatures(draw: Draw) -> list[Case]:
    """Loss and gradients are finite and right at temperature 0.01 for larger batches and for opposite views."""
    return [_crowded(draw, draw.integer(7, 9), 5), _opposite(draw, draw.integer(4, 6), 5)]


layouts = standard.layouts(
    lambda draw: [_batch(draw, 0.3, length=1e4), _batch(draw, 0.3, length=1e4).strided()],
    "Loss and gradients are right in float64, for transposed memory too.",
    looks_at=("result", "gradient"),
    points=0.5,
)


def _is_zero(case: Case, observation: Observation) -> str | None:
    """A right answer may leave a rounding error here, so zero is not asked for to the last bit."""
    result = observation.quantities.get("result")
    if isinstance(result, int | float):
        return "result should be a tensor for a batch of one as well, not a Python number"
    if not isinstance(result, torch.Tensor):
        return "result should be a tensor for a batch of one as well"
    if result.ndim:
        return "result should have no dimensions for a batch of one as well: one number, not a list of one"
    if result.dtype != case.tensors["first"].tensor.dtype:
        return "result should have the dtype of the embeddings for a batch of one as well"
    if not abs(float(result)) < 1e-4:
        return "result should be zero for a batch of one: the partner is the only candidate"
    return None


@check(points=0.5, looks_at=("exception",), side=True, property=_is_zero, asks="a batch of one")
def single_pair(draw: Draw) -> Case:
    """In a batch of one the partner is the only candidate, and the loss is zero."""
    # Both views look away from each other, so that who compares a view with itself is seen.
    view = draw.normal(1, 5)
    return Case.of(first=view, second=0.1 * draw.normal(1, 5) - 0.7 * view, temperature=0.05)


inputs_unchanged = standard.unchanged(_batch, "The embeddings are left as they were.")

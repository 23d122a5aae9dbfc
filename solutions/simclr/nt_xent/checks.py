"""Cases and points of `simclr.nt_xent`."""

import math
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.checks import Case, Draw, Observation, check, standard


def _batch(draw: Draw, temperature: float = 0.43, n: int = 0, dim: int = 0, length: float = 1.0) -> Case:
    sizes = draw.sizes(2, 4, 9)
    n, dim = n or sizes[0], dim or sizes[1]
    # Views of one image are alike but not equal, and every projection has a length of its own, some below one.
    z_i = draw.normal(n, dim)
    z_j = 0.5 * z_i + draw.normal(n, dim)
    z_i, z_j = (F.normalize(z) * length * (0.4 + 2 * draw.uniform(n, 1)) for z in (z_i, z_j))
    return Case.of(z_i=z_i, z_j=z_j, temperature=temperature)


def _by_hand() -> Case:
    # The two images of the notebook's arithmetic, with vectors in the plane of length one.
    z_i, z_j = (torch.tensor(z, dtype=torch.float64) for z in ([[1, 0], [0, 1]], [[0.8, 0.6], [-0.6, 0.8]]))
    return Case.of(z_i=z_i, z_j=z_j, temperature=0.5)


def _crowded(draw: Draw, n: int, dim: int) -> Case:
    # All views crowd around one direction: every exponent is near 100, and exp(89) is too much for float32. They
    # are crowded enough, too, for the loss to be some nats and not a difference of rounding errors.
    z_i, z_j = draw.crowded(2 * n, dim).split(n)
    z_i, z_j = (z * (1 + 2 * draw.uniform(n, 1)) for z in (z_i, z_j))
    return Case.of(z_i=z_i, z_j=z_j, temperature=0.01).wanting_gradients()


loss = standard.values(
    lambda draw: [_by_hand(), _batch(draw, 0.31)], "The loss is right on a small batch.", points=2
)
gradients = standard.gradients(_batch, "The gradients with respect to both views are right.", points=1.5)


@check(points=0.5, visible=True, accuracy="softmax", looks_at=("result", "gradient"))
def low_temperature(draw: Draw) -> Case:
    """Loss and gradients are finite and right at temperature 0.01."""
    return _crowded(draw, 6, 5)


@check(points=1.5, looks_at=("result", "kept"), asks="other batch sizes and temperatures")
def other_batches(draw: Draw) -> list[Case]:
    """The loss is right for other batch sizes and temperatures, for equal views, and in a second call."""
    few, many, warm = _batch(draw, 0.23, 4), _batch(draw, 0.7, draw.many()), _batch(draw, 1.5, 3)
    # Only partners are alike, and not by much: the loss is no rounding error at a low temperature either. All other
    # cosines are exactly zero.
    vectors = draw.orthogonal(6, 8)
    apart = Case.of(z_i=vectors[:3], z_j=vectors[:3] + 3 * vectors[3:], temperature=0.6)
    # Some images occur twice in the batch, views and all.
    z_i, z_j = draw.repeated(6, 10).split(5, dim=1)
    twice = Case.of(z_i=z_i, z_j=0.5 * z_i + z_j, temperature=0.8)
    return [few, many, warm, apart, twice, _batch(draw, 0.9, 5, 4).then(_batch(draw, 0.9, 5, 4))]


@check(
    points=0.5,
    accuracy="softmax",
    looks_at=("result", "gradient"),
    asks="small temperatures in larger batches",
)
def very_low_temperatures(draw: Draw) -> Case:
    """Loss and gradients are finite and right at temperature 0.01 for a larger batch."""
    return _crowded(draw, draw.integer(7, 9), 5)


layouts = standard.layouts(
    lambda draw: [_batch(draw, 0.3, length=1e4), _batch(draw, 0.3, length=1e4).strided()],
    "Loss and gradients are right in float64, for transposed memory too.",
    looks_at=("result", "gradient"),
)


def _is_right_at_the_edge(case: Case, observation: Observation) -> str | None:
    """Zero up to rounding for a batch of one. With a view of zeros, whose cosines nobody defines, some are refused."""
    result = observation.quantities.get("result")
    if isinstance(result, int | float):
        return "result should be a tensor for a batch of one as well, not a Python number"
    if not isinstance(result, torch.Tensor):
        return "result should be a tensor for a batch of one as well"
    if result.ndim:
        return "result should have no dimensions for a batch of one as well: one number, not a list of one"
    if result.dtype != case.tensors["z_i"].tensor.dtype:
        return "result should have the dtype of the projections for a batch of one as well"
    z_i, z_j = (case.tensors[name].tensor for name in ("z_i", "z_j"))
    if len(z_i) == 1:
        if not abs(float(result)) < 1e-4:
            return "result should be zero for a batch of one: the only other view is the partner"
    # At temperature 0.5 no loss of cosines is larger. Who divides by the length of a vector of zeros gets NaN.
    elif float(result) > math.log(2 * len(z_i)) + 4 or any(
        abs(float(result) - loss) < 1e-4 for loss in _without_zeros(z_i, z_j)
    ):
        return "result leaves out a view that is all zeros: it is one of the candidates, like any other"
    return None


def _without_zeros(z_i: Tensor, z_j: Tensor) -> Iterator[float]:
    """The losses, at temperature 0.5, of those who leave out views of zeros: as candidates, as anchors, or both."""
    z = F.normalize(torch.cat([z_i, z_j]).double(), dim=1)
    partner = torch.arange(len(z)).roll(len(z_i))
    present = z.any(dim=1)
    logits = (z @ z.T / 0.5).fill_diagonal_(-torch.inf)
    masked = logits.masked_fill(~present, -1e9)
    both = present & present[partner]
    yield float(F.cross_entropy(masked, partner))
    for scores, kept in ((masked, present), (logits, present), (logits, both)):
        yield float(F.cross_entropy(scores[kept], partner[kept]))
    # Images of which a view is zero, dropped before anything is computed.
    dropped = logits[both][:, both]
    yield float(F.cross_entropy(dropped, torch.arange(len(dropped)).roll(len(dropped) // 2)))


@check(
    points=0.5,
    looks_at=("exception",),
    side=True,
    property=_is_right_at_the_edge,
    asks="a batch of one image",
)
def single_pair(draw: Draw) -> list[Case]:
    """A batch of one image has no negatives, and its loss is zero; a view of zeros is a view like any other."""
    # The views look away from each other, so that a view which is not quite kept from its own loss shows.
    view = draw.normal(1, 5)
    alone = Case.of(z_i=view, z_j=0.1 * draw.normal(1, 5) - 0.7 * view, temperature=0.05)
    z_i, z_j = draw.with_zero_vectors(5, 6), draw.normal(5, 6)
    return [alone, Case.of(z_i=z_i, z_j=z_i + z_j, temperature=0.5)]


inputs_unchanged = standard.unchanged(_batch, "The projections are left as they were.")

"""Cases and points of `simclr.info_nce`."""

import torch

from course_utils.checks import Case, Draw, Observation, check, standard


def _case(draw: Draw, *sizes: int, level: float = 0.0) -> Case:
    # More negatives than rows, so that a label which counts rows still names a candidate.
    n, k = sizes or sorted(draw.sizes(2, 3, 9))
    return Case.of(positives=level + draw.normal(n), negatives=level + draw.normal(n, k))


def _by_hand() -> Case:
    # log 4 for the first row, log(1 + 3 / e) for the second.
    positives = torch.tensor([0.0, 1.0], dtype=torch.float64)
    return Case.of(positives=positives, negatives=torch.zeros(2, 3, dtype=torch.float64))


values = standard.values(
    lambda draw: [_by_hand(), _case(draw)], "The loss is right on a small example.", points=1
)
gradients = standard.gradients(
    _case, "The gradients with respect to positives and negatives are right.", points=0.5
)


@check(points=0.5, visible=True, accuracy="softmax", looks_at=("result", "gradient"))
def low_temperature(draw: Draw) -> Case:
    """Loss and gradients are finite and right for cosines divided by a temperature of 0.01."""
    # exp(89) is too much for float32, and in the second row the positive's share is too small for it.
    positives = 100 * torch.stack([0.95 - 0.1 * draw.uniform(), -0.3 - 0.3 * draw.uniform()])
    negatives = 100 * (0.9 - 0.02 * draw.uniform(2, 3))
    return Case.of(positives=positives, negatives=negatives).wanting_gradients()


def _layouts(draw: Draw) -> list[Case]:
    # At 100, scores that went through float32 have two digits less than those near 0.
    plain, single, first, second = (
        _case(draw, *sizes, level=100.0) for sizes in ((), (1, 5), (4, 5), (4, 5))
    )
    # Scores that are exactly zero, rows of nothing else, and negatives as high as their positive.
    negatives = draw.with_zero_vectors(6, 4)
    positives = draw.with_zeros(6)
    negatives[draw.permutation(6)[:2], 1] = 0.0
    tied = Case.of(positives=positives, negatives=torch.cat([negatives, positives[:, None]], dim=1))
    return [
        plain,
        plain.strided(),
        single,
        first.then(second),
        tied,
        _case(draw, draw.many(), draw.many() + 30),
    ]


layouts = standard.layouts(
    _layouts,
    "The loss is right in float64, in transposed memory, for one row, for many rows and in a second call.",
)


@check(points=0.5, accuracy="softmax", looks_at=("result", "gradient"), asks="scores of any size")
def scores_of_any_size(draw: Draw) -> list[Case]:
    """Loss and gradients are finite and right for large scores, too."""
    n, k = draw.integer(3, 4), draw.integer(5, 8)
    # The levels of two rows differ by 1,000 at least: no single shift brings all rows near 0.
    level = 1000.0 * (draw.permutation(n) - 1)
    levels = Case.of(positives=level + draw.normal(n), negatives=level[:, None] + draw.normal(n, k))
    # The share of a positive is around exp(-30) or far less, down to 0 in float32.
    depth = 30.0 + 100.0 * draw.permutation(n)
    lost = Case.of(positives=draw.normal(n) - depth, negatives=draw.normal(n, k))
    return [levels.wanting_gradients(), lost.wanting_gradients()]


def _is_zero(case: Case, observation: Observation) -> str | None:
    """A right answer may leave a rounding error here, so zero is not asked for to the last bit."""
    result = observation.quantities.get("result")
    if isinstance(result, int | float):
        return "result should be a tensor without negatives, too, not a Python number"
    if not isinstance(result, torch.Tensor):
        return "result should be a tensor without negatives, too"
    if result.ndim:
        return "result should have no dimensions without negatives, too: one number, not a list of one"
    if result.dtype != case.tensors["positives"].tensor.dtype:
        return "result should have the dtype of the scores without negatives, too"
    if not abs(float(result)) < 1e-4:
        return "result should be zero without negatives: the positive is the only candidate"
    return None


@check(points=0.5, looks_at=("exception",), side=True, property=_is_zero, asks="no negatives at all")
def without_negatives(draw: Draw) -> Case:
    """Without negatives the loss is zero."""
    return Case.of(positives=draw.normal(3), negatives=draw.normal(3, 0))


inputs_unchanged = standard.unchanged(_case, "The scores are left as they were.")

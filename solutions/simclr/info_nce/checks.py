"""Cases and points of `simclr.info_nce`."""

import torch

from course_utils.checks import Case, Draw, Observation, check, standard


def _case(draw: Draw, *sizes: int, level: float = 0.0) -> Case:
    # More negatives than rows, so that a label which counts rows still names a candidate.
    n, k = sizes or sorted(draw.sizes(2, 3, 9))
    return Case.of(positives=level + draw.normal(n), negatives=level + draw.normal(n, k))


values = standard.values(_case, "The loss is right on a small example.", points=1)
gradients = standard.gradients(
    _case, "The gradients with respect to positives and negatives are right.", points=1
)


def _layouts(draw: Draw) -> list[Case]:
    # At 100, scores that went through float32 have two digits less than those near 0.
    plain, single, first, second = (
        _case(draw, *sizes, level=100.0) for sizes in ((), (1, 5), (4, 5), (4, 5))
    )
    return [plain, plain.strided(), single, first.then(second)]


layouts = standard.layouts(
    _layouts,
    "The loss is right in float64, in transposed memory, for a single row and in a second call.",
    points=0.5,
)


@check(points=1, accuracy="softmax", looks_at=("result", "gradient"), asks="scores of any size")
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
    if not isinstance(result, torch.Tensor) or result.numel() != 1 or not abs(float(result)) < 1e-4:
        return "result should be one number, zero: the positive is the only candidate"
    return None


@check(points=0.5, looks_at=("exception",), side=True, property=_is_zero, asks="no negatives at all")
def without_negatives(draw: Draw) -> Case:
    """Without negatives the loss is zero."""
    return Case.of(positives=draw.normal(3), negatives=draw.normal(3, 0))


inputs_unchanged = standard.unchanged(_case, "The scores are left as they were.")

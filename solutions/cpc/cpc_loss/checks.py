"""Cases and points of `cpc.cpc_loss`."""

import torch

from course_utils.checks import Case, Draw, Observation, check, standard


def _case(draw: Draw, *sizes: int, level: float = 0.0) -> Case:
    k, t, n = sizes or draw.sizes(3, 2, 5)
    # Some steps are easy, others hard: the mean over the steps is not the loss of any of them.
    right = 2 * torch.eye(n, dtype=torch.float64) * draw.uniform(k, 1, 1, 1)
    return Case.of(scores=level + draw.normal(k, t, n, n) + right)


def _by_hand() -> Case:
    # One step, one time, two contexts: shares e / (e + 1) and 1 / (1 + e^2).
    return Case.of(scores=torch.tensor([[[[1.0, 0.0], [2.0, 0.0]]]], dtype=torch.float64))


def _equal(level: float) -> Case:
    # All candidates alike: log 3.
    return Case.of(scores=torch.full((2, 4, 3, 3), level, dtype=torch.float64))


loss = standard.values(
    lambda draw: [_by_hand(), _case(draw, 2, 4, 3), _equal(1.5)],
    "The loss is right on small examples, and log n where all scores are equal.",
    points=1,
)
gradients = standard.gradients(
    _case, "The gradient with respect to the scores is right, on the diagonal and beside it.", points=0.5
)


def _steep(draw: Draw, k: int, t: int, n: int) -> Case:
    # Some contexts are sure and right, others sure and wrong: exp(300) is too much for float32, exp(-300) too little.
    scores = 300 * (2 * draw.uniform(k, t, n, n) - 1)
    right = draw.permutation(n)
    scores[..., right[0], right[0]] = 300.0
    scores[..., right[1], right[1]] = -300.0
    return Case.of(scores=scores).wanting_gradients()


@check(points=0.5, visible=True, accuracy="softmax", looks_at=("result", "gradient"))
def sure_scores(draw: Draw) -> Case:
    """Loss and gradient are finite and right for scores between -300 and 300."""
    return _steep(draw, 2, 3, 4)


def _layouts(draw: Draw) -> list[Case]:
    plain, first, second = (_case(draw, *sizes, level=40.0) for sizes in ((), (2, 3, 4), (2, 3, 4)))
    # All sizes alike, where dimensions can be taken for each other; one step, one time.
    equal, one_step, one_time = _case(draw, 4, 4, 4), _case(draw, 1, 5, 4), _case(draw, 5, 1, 3)
    many, long = _case(draw, 2, 1, draw.many()), _case(draw, 2, draw.integer(50, 60), 3)
    steps = _case(draw, draw.integer(20, 24), 2, 3)
    # Scores of zero, rows of nothing else, and candidates as good as the right one.
    zeros, rows = (
        Case.of(scores=x) for x in (draw.with_zeros(2, 3, 5, 5), draw.with_zero_vectors(3, 2, 4, 4))
    )
    tied = Case.of(scores=draw.ties(2, 3, 5, 5))
    cases = [plain, plain.strided(), equal, equal.strided(), one_step, one_time, many, long, steps]
    return [*cases, zeros, rows, tied, first.then(second)]


layouts = standard.layouts(
    _layouts,
    "Loss and gradient are right in float64, in transposed memory, for other sizes and in a second call.",
    points=0.5,
    looks_at=("result", "kept", "gradient"),
)


@check(points=0.5, accuracy="softmax", looks_at=("result", "gradient"), asks="sure scores of other sizes")
def sure_scores_of_other_sizes(draw: Draw) -> list[Case]:
    """Loss and gradient are finite and right for large scores of other sizes."""
    # The levels of two rows differ by 800: no single shift brings all of them near 0.
    apart = _case(draw, 2, 3, 4)
    apart.tensors["scores"].tensor[:, :, ::2].add_(400)
    apart.tensors["scores"].tensor[:, :, 1::2].sub_(400)
    return [_steep(draw, 1, 4, 2), _steep(draw, 3, 2, 5), apart.wanting_gradients()]


def _is_zero(case: Case, observation: Observation) -> str | None:
    """A right answer may leave a rounding error here, so zero is not asked for to the last bit."""
    result = observation.quantities.get("result")
    if not isinstance(result, torch.Tensor) or result.ndim:
        return "result should be one number in a tensor for a single sequence, too"
    if result.dtype != case.tensors["scores"].tensor.dtype:
        return "result should have the dtype of the scores for a single sequence, too"
    if not abs(float(result)) < 1e-4:
        return "result should be zero for a single sequence: there is nothing to confuse it with"
    return None


@check(points=0.5, looks_at=("exception",), side=True, property=_is_zero, asks="a single sequence")
def single_sequence(draw: Draw) -> Case:
    """A single sequence has the loss 0."""
    return _case(draw, 3, 4, 1)


inputs_unchanged = standard.unchanged(_case, "The scores are left as they were.")

"""Cases and points of `cpc.cpc_scores`."""

import torch
from torch import Tensor

from course_utils.checks import Case, Draw, check, standard


def _case(z: Tensor, context: Tensor, weights: Tensor) -> Case:
    return Case.of(z=z, context=context, weights=weights)


def _sequences(draw: Draw, n: int, t: int, d: int, h: int, k: int, scale: float = 1.0) -> Case:
    # Lengths differ from vector to vector, so that a normalisation shows, and matrices differ in size.
    z = scale * draw.normal(n, t, d) * (0.4 + 2 * draw.uniform(n, t, 1))
    context = draw.normal(n, t, h) * (0.4 + 2 * draw.uniform(n, t, 1))
    return _case(z, context, draw.normal(k, d, h) * (0.5 + draw.uniform(k, 1, 1)))


def _any(draw: Draw) -> Case:
    n, d, h = draw.sizes(3, 3, 6)
    return _sequences(draw, n, 7, d, h, 2)


def _by_hand() -> Case:
    # One number a vector: 10 times the sequence, plus one for each time, in z; powers of two in the contexts; and the
    # matrices 1 and 100. A score tells from which of them it was made.
    z = torch.tensor([[[1.0], [2], [3], [4]], [[11], [12], [13], [14]], [[21], [22], [23], [24]]])
    context = torch.tensor([[[1.0], [2], [4], [8]], [[-1], [-2], [-4], [-8]], [[0.5], [6], [3], [7]]])
    weights = torch.tensor([[[1.0]], [[100]]])
    return _case(z.double(), context.double(), weights.double())


scores = standard.values(
    lambda draw: [_by_hand(), _sequences(draw, 3, 7, 4, 5, 2)],
    "Each context is scored against the futures of all sequences, at each step.",
    points=2,
)
gradients = standard.gradients(
    _any, "The gradients with respect to latent vectors, contexts and matrices are right.", points=1
)


@check(points=0.5, visible=True)
def more_steps(draw: Draw) -> list[Case]:
    """The scores are right for four steps, and for as many as leave a single context."""
    return [_sequences(draw, 3, 6, 2, 5, 4), _sequences(draw, 2, 6, 4, 3, 5)]


@check(points=0.5, visible=True, looks_at=("exception", "result"), side=True)
def no_future(draw: Draw) -> list[Case]:
    """As many steps as times, or more: a ValueError."""
    return [_sequences(draw, 2, 4, 3, 5, k) for k in (4, 5)]


@check(points=0.5, looks_at=("result", "gradient"), asks="one sequence, one step, two times")
def smallest(draw: Draw) -> list[Case]:
    """Scores and gradients are right for one sequence, for one step, and for two times."""
    sizes = (
        (1, 6, 3, 4, 2),
        (4, 5, 3, 2, 1),
        (3, 2, 5, 4, 1),
        (1, 4, 1, 1, 3),
        (4, 7, 1, 3, 3),
        (3, 6, 4, 1, 2),
    )
    return [_sequences(draw, *size).wanting_gradients() for size in sizes]


def _layouts(draw: Draw) -> list[Case]:
    plain, first, second = (_sequences(draw, 3, 6, 4, 5, 2, scale=1000.0) for _ in range(3))
    # All sizes alike, where axes can be taken for each other.
    equal = _sequences(draw, 4, 8, 4, 4, 4)
    # Many sequences, long ones, many steps.
    many = _sequences(draw, draw.many(), 4, 3, 2, 2)
    long = _sequences(draw, 2, draw.integer(40, 60), 3, 4, draw.integer(12, 16))
    n, t, d, h = draw.long_sizes(4, 5, 9, long=draw.integer(2, 3))
    wide = _sequences(draw, n, t, d, h, 3)
    # Entries and whole vectors of zeros; scores that are exactly zero; sequences that are equal.
    sparse = _case(draw.with_zeros(3, 6, 4), draw.with_zeros(3, 6, 5), draw.with_zeros(2, 4, 5))
    silent = _case(
        draw.with_zero_vectors(3, 6, 4), draw.with_zero_vectors(3, 6, 5), draw.with_zero_vectors(3, 4, 5)
    )
    vectors = draw.orthogonal(6, 9)
    unrelated = _case(
        vectors[draw.permutation(6)].reshape(2, 3, 9),
        vectors[draw.permutation(6)].reshape(2, 3, 9),
        torch.eye(9, dtype=torch.float64).expand(2, 9, 9) * torch.tensor([1.0, 3.0])[:, None, None],
    )
    alike = _case(
        draw.repeated(6, 12).reshape(6, 3, 4), draw.repeated(6, 6).reshape(6, 3, 2), draw.normal(2, 4, 2)
    )
    return [
        plain,
        plain.strided(),
        first.then(second),
        equal,
        equal.strided(),
        many,
        long,
        wide,
        sparse,
        silent,
        unrelated,
        alike,
    ]


layouts = standard.layouts(
    _layouts,
    "The scores are right in float64, in transposed memory, for many and for long sequences, and called again.",
    points=1,
)
inputs_unchanged = standard.unchanged(_any, "What is passed in is left as it was.")

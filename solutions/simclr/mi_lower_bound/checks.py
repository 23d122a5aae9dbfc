"""Cases and points of `simclr.mi_lower_bound`."""

import math

import torch

from course_utils.checks import Case, Draw, check, standard


def _loss(value: float, candidates: int) -> Case:
    return Case.of(loss=torch.tensor(value, dtype=torch.float64), candidates=candidates)


def _drawn(draw: Draw) -> Case:
    # Between a fifth and four fifths of the loss of a guess.
    candidates = draw.integer(5, 400)
    return _loss((0.2 + 0.6 * float(draw.uniform())) * math.log(candidates), candidates)


def _below_zero(draw: Draw) -> Case:
    candidates = draw.integer(5, 40)
    return _loss(math.log(candidates) + 1 + float(draw.uniform()), candidates)


bound = standard.values(
    lambda draw: [_loss(0.0, 8), _drawn(draw)],
    "The bound is right for a loss below that of a guess.",
    points=0.5,
)
worse_than_a_guess = standard.values(
    _below_zero, "The bound is right for a loss above that of a guess.", points=0.5
)
gradient = standard.gradients(_below_zero, "The gradient with respect to the loss is right.", points=0.5)


@check(points=0.5, visible=True, accuracy="unguarded", looks_at=("exception", "result"), side=True)
def no_candidates(draw: Draw) -> list[Case]:
    """Fewer than one candidates: a ValueError; one is enough."""
    return [_loss(0.5, 0), _loss(0.5, -draw.integer(1, 9)), _loss(0.5, 1)]


@check(points=0.5, looks_at=("result",), asks="one candidate and many")
def other_numbers(draw: Draw) -> list[Case]:
    """The bound is right for one candidate and for many, nearly a guess and above eight nats."""
    guess, many = draw.integer(3, 90), draw.integer(70_000, 1_000_000)
    return [
        _loss(0.9 * math.log(guess), guess), _loss(1.5, 1), _loss(0.0, 1), _loss(float(draw.uniform()), many),
        _drawn(draw), _below_zero(draw),
    ]  # fmt: skip


def _float64(draw: Draw) -> list[Case]:
    # A single candidate: its logarithm is zero, so that one which was taken in float32 costs no digits here.
    first, second, third = (_loss(0.5 + float(draw.uniform()), 1) for _ in range(3))
    return [first, second.then(third)]


@check(
    points=0.5,
    accuracy="unguarded",
    looks_at=("result", "kept", "after", "graph.loss", "graph.other_loss", "place", "setting"),
    dtype=torch.float64,
    asks="float64, a second call, arguments left alone",
)
def float64(draw: Draw) -> list[Case]:
    """The bound is right in float64 and in a second call; the loss and torch's settings stay as they were."""
    cases = _float64(draw)
    return [*cases, *(case.wanting_gradients() for case in cases)]

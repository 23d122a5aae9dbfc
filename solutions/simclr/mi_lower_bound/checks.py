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


def _layouts(draw: Draw) -> list[Case]:
    # Nearly a guess, a single candidate, many, a second call, and bounds above 8 nats.
    guess, many = draw.integer(3, 90), draw.integer(70_000, 1_000_000)
    cases = [
        _loss(0.9 * math.log(guess), guess),
        _loss(1.5, 1),
        _loss(0.0, 1),
        _loss(float(draw.uniform()), many),
    ]
    return [case.wanting_gradients() for case in [*cases, _drawn(draw), _drawn(draw).then(_drawn(draw))]]


layouts = standard.layouts(
    _layouts,
    "The bound and its gradient are right in float64, for one candidate, many candidates and in a second call.",
    points=0.5,
    looks_at=("result", "gradient", "kept"),
    asks="float64, one candidate and many, gradients",
)
inputs_unchanged = standard.unchanged(_drawn, "The loss is left as it was.")

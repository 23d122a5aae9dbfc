"""Exercises with more than one right function: an answer must be that of one, and is diagnosed against the nearest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from autograder.course.trial import judge_function
from autograder.quality.survey import Plan, try_right_answers
from course_utils import shipped
from course_utils.checks import Case, Draw, Input, check, misconception, right
from course_utils.checks.judge import CORRECT, WRONG, judge, nearest_reading
from course_utils.checks.prepared import Fault, PreparedExercise
from tests.support.exercises import exercise

Function = Callable[..., Any]

# Barlow Twins (Zbontar et al. 2021): equation 2 is a correlation, algorithm 1 divides by n after a deviation by n - 1.


def barlow_loss(z_a: Tensor, z_b: Tensor, weight: float) -> Tensor:
    return _loss(z_a, z_b, weight, unbiased=False)


def by_algorithm_1(z_a: Tensor, z_b: Tensor, weight: float) -> Tensor:
    """The correlation as algorithm 1 has it, (n - 1) / n times as large."""
    return _loss(z_a, z_b, weight, unbiased=True)


def _loss(z_a: Tensor, z_b: Tensor, weight: float, *, unbiased: bool, power: int = 2) -> Tensor:
    a, b = ((z - z.mean(0)) / z.std(0, unbiased=unbiased) for z in (z_a, z_b))
    c = a.T @ b / len(a)
    on = (1 - c.diag()).pow(2).sum()
    return on + weight * (c.pow(power).sum() - c.diag().pow(power).sum())


def _case(draw: Draw, n: int, wants_grad: bool = False) -> Case:
    z = draw.normal(n, 4) * 3
    return Case(
        {
            "z_a": Input(z, wants_grad),
            "z_b": Input(z + draw.normal(n, 4), wants_grad),
            "weight": 0.1 + draw.integer(1, 4) / 10,
        }
    )


@check(points=2, visible=True, also=by_algorithm_1)
def loss(draw: Draw) -> list[Case]:
    """The loss is right."""
    return [_case(draw, 5), _case(draw, 8)]


@check(points=1, looks_at=("gradient",), also=by_algorithm_1)
def gradients(draw: Draw) -> Case:
    """The gradients are right."""
    return _case(draw, 7, wants_grad=True)


@check(points=0.5, looks_at=("after",), side=True)
def unchanged(draw: Draw) -> Case:
    """The projections are as before."""
    return _case(draw, 6)


@misconception(hint="Which of the two sums is weighted?")
def weight_on_everything(z_a: Tensor, z_b: Tensor, weight: float) -> Tensor:
    """The weight is on both sums."""
    return weight * barlow_loss(z_a, z_b, 1.0)


@misconception(hint="Is it squared?")
def cubed(z_a: Tensor, z_b: Tensor, weight: float) -> Tensor:
    """The third power."""
    return _loss(z_a, z_b, weight, unbiased=False, power=3)


EXERCISE = exercise(
    "unit.barlow_loss", barlow_loss, (loss, gradients, unchanged), (weight_on_everything, cubed)
)


@pytest.fixture(scope="module", params=range(6))
def prepared(request: pytest.FixtureRequest) -> PreparedExercise:
    return EXERCISE.prepare(f"secret {request.param}".encode())


def test_both_right_functions_are_right(prepared: PreparedExercise) -> None:
    for function, reading in ((barlow_loss, ""), (by_algorithm_1, "by-algorithm-1")):
        verdict = judge_function(prepared, function)
        assert (verdict.status, verdict.score, verdict.reading) == (CORRECT, 3.5, reading)


def test_without_the_other_function_only_the_reference_is_right() -> None:
    """What is tried here is not a difference that no check could see."""
    strict = replace(EXERCISE, checks=tuple(replace(item, also={}) for item in EXERCISE.checks))
    verdict = judge_function(strict.prepare(b"secret 0"), by_algorithm_1)
    assert (verdict.status, verdict.score) == (WRONG, 0.0)


def test_a_mixture_is_right_by_neither(prepared: PreparedExercise) -> None:
    """One convention for values and another for gradients: the checks of one of the two are lost."""

    def mixed(z_a: Tensor, z_b: Tensor, weight: float) -> Tensor:
        return (by_algorithm_1 if z_a.requires_grad else barlow_loss)(z_a, z_b, weight)

    verdict = judge_function(prepared, mixed)
    assert [item.passed for item in verdict.checks] == [True, False, True]
    assert verdict.score == 2.5

    def mixed_within_a_check(z_a: Tensor, z_b: Tensor, weight: float) -> Tensor:
        return (by_algorithm_1 if len(z_a) == 8 else barlow_loss)(z_a, z_b, weight)

    assert not judge_function(prepared, mixed_within_a_check).checks[0].passed


@pytest.mark.parametrize("right", [barlow_loss, by_algorithm_1])
def test_a_wrong_answer_is_compared_with_the_nearer(right: Function, prepared: PreparedExercise) -> None:
    verdict = judge_function(prepared, lambda *arguments: 2 * right(*arguments))
    assert verdict.score == 0
    assert verdict.reading == ("" if right is barlow_loss else "by-algorithm-1")
    assert verdict.checks[0].message == "result is twice too large"
    assert verdict.checks[1].message == "gradient with respect to z_a is twice too large everywhere"


@pytest.mark.parametrize("right", [barlow_loss, by_algorithm_1])
def test_what_is_right_speaks_for_a_reading(right: Function, prepared: PreparedExercise) -> None:
    """With the values right by one function, the gradients are compared with that one's."""

    def detached(z_a: Tensor, z_b: Tensor, weight: float) -> Tensor:
        return right(z_a, z_b.detach(), weight)

    verdict = judge_function(prepared, detached)
    assert [item.passed for item in verdict.checks] == [True, False, True]
    assert verdict.checks[1].message == "gradient with respect to z_b is zero everywhere, but should not be"
    assert verdict.diagnosis.fact == "right values, but wrong gradients"


def test_misconceptions_are_known_whichever_is_nearer(prepared: PreparedExercise) -> None:
    for item in EXERCISE.misconceptions:
        assert judge_function(prepared, item.function).misconception == item.id


@pytest.mark.parametrize("seen", [{}, {"loss": [Fault("timeout", "too slow")] * 2}])
def test_what_was_not_seen_is_judged_by_the_reference(seen: Any, prepared: PreparedExercise) -> None:
    assert nearest_reading(prepared, seen) == ""
    assert judge(prepared, seen).score == 0


def test_recorded_checks_carry_both() -> None:
    shown, points = shipped.unpack(shipped.decode(shipped.record(*EXERCISE.record())))
    assert points == 3.5
    for function in (barlow_loss, by_algorithm_1):
        assert judge_function(shown, function).status == CORRECT
    wrong = judge_function(shown, lambda *arguments: 2 * by_algorithm_1(*arguments))
    assert wrong.checks[0].message == "result is twice too large"


def test_free_signs_are_recorded() -> None:
    @check(points=1, visible=True, signs="columns")
    def values(draw: Draw) -> Case:
        """The directions are right."""
        return Case({"x": Input(draw.normal(5, 3))})

    item = exercise("unit.directions", lambda x: torch.linalg.svd(x)[2].T.clone(), (values,), ())  # type: ignore[arg-type]
    shown, _ = shipped.unpack(shipped.decode(shipped.record(*item.record())))
    assert shown.checks[0].signs == "columns"
    turned = torch.tensor([-1.0, 1, -1])
    assert judge_function(shown, lambda x: item.reference(x) * turned).status == CORRECT
    assert judge_function(shown, lambda x: item.reference(x)[:, [1, 0, 2]]).status == WRONG


def test_the_survey_takes_right_answers_by_the_nearest() -> None:
    @right
    def written_otherwise(z_a: Tensor, z_b: Tensor, weight: float) -> Tensor:
        c = (z_a - z_a.mean(0)).T @ (z_b - z_b.mean(0)) / len(z_a) / z_a.std(0)[:, None] / z_b.std(0)
        return (
            (weight + (1 - weight) * torch.eye(4, dtype=c.dtype))
            .mul((c - torch.eye(4, dtype=c.dtype)) ** 2)
            .sum()
        )

    @right
    def mixed(z_a: Tensor, z_b: Tensor, weight: float) -> Tensor:
        return (by_algorithm_1 if z_a.requires_grad else barlow_loss)(z_a, z_b, weight)

    item = replace(EXERCISE, right_answers=(written_otherwise, mixed))
    found = {answer.name: answer for answer in try_right_answers(item, Plan(), range(12))}
    assert set(found) == {"the reference", "by-algorithm-1", "written-otherwise", "mixed"}
    assert not found["the reference"].refused
    assert not found["by-algorithm-1"].refused
    assert not found["written-otherwise"].refused
    assert len(found["mixed"].refused) == 12

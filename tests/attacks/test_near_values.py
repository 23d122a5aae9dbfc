"""Nobody is told of a hidden case whether a wrong number is near the right one.

The attacker answers every call with a known wrong idea, which is named, and one call with a guess, also in another dtype
or as the first row alone. If what is told depends on how near the guess is, halving finds the number.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
import torch
from torch import Tensor

from autograder.course.exercises import Exercise
from autograder.course.units import load_unit
from course_utils.checks.judge import judge
from course_utils.checks.observe import observe
from course_utils.checks.prepared import PreparedExercise, Seen
from tests.support import ROOT, UNITS

SECRET = b"a secret that nobody knows"
FACTORS = (0.113, 0.607, 0.93, 0.997, 1.003, 1.37, 3.71)

Answer = Callable[..., Any]


def _returns_numbers(exercise: Exercise) -> bool:
    check = exercise.prepare(SECRET).checks[0]
    value = check.expected[0].quantities.get("result")
    return isinstance(value, Tensor) and value.is_floating_point()


EXERCISES = [
    exercise
    for unit in UNITS
    for exercise in load_unit(ROOT, unit).exercises.values()
    if _returns_numbers(exercise)
]
FORMS: dict[str, Callable[[Tensor], Any]] = {
    "as it is": lambda value: value,
    "in bfloat16": lambda value: value.to(torch.bfloat16),
    "its first row": lambda value: value[:1] if value.ndim else value.reshape(1),
}


def _in_another_dtype(function: Answer) -> Answer:
    """So that it is looked for with less exactness."""

    def answer(*arguments: object) -> object:
        value = function(*arguments)
        if isinstance(value, Tensor) and value.is_floating_point():
            return value.to(torch.float32 if value.dtype is torch.float64 else torch.float64)
        return value

    return answer


def _told(prepared: PreparedExercise, seen: Seen, place: tuple[str, int], guess: Answer) -> object:
    """All that is told where one case is answered by a guess."""
    check = next(item for item in prepared.checks if item.id == place[0])
    cases = list(seen[check.id])
    cases[place[1]] = observe(guess, check.cases[place[1]])
    verdict = judge(prepared, {**seen, check.id: cases}, hidden=True)
    return [(item.passed, item.waits, item.message) for item in verdict.checks], verdict.diagnosis


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.id)
def test_what_is_told_does_not_depend_on_how_near_a_guess_is(exercise: Exercise) -> None:
    prepared = exercise.prepare(SECRET)
    places = [(check.id, 0) for check in prepared.checks if check.property is None and not check.side][:2]
    named = 0
    for idea in exercise.misconceptions[::12]:
        answer = _in_another_dtype(idea.function)
        seen: Seen = {check.id: [observe(answer, case) for case in check.cases] for check in prepared.checks}
        for place, form in product(places, FORMS):

            def guess(factor: float, form: str = form) -> Answer:
                return lambda *arguments: FORMS[form](exercise.reference(*arguments) * factor)

            told = [_told(prepared, seen, place, guess(factor)) for factor in FACTORS]
            assert all(item == told[0] for item in told), (idea.id, place, form, told)
        named += len(judge(prepared, seen, hidden=True).diagnosis.ideas)
    assert named, "no idea was named, so nothing was tried"

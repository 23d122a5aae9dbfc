"""Nobody is told of a hidden case whether a wrong number is near the right one.

The attacker answers every call with a known wrong idea, which is named, and one call with a guess, in whatever dtype or
shape. Were it told more of a guess that is near, halving would find the number. So the answer is held still here, and
the hidden number is moved under it: what is told must stay the same wherever it lies.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import product
from typing import Any

import pytest
import torch
from torch import Tensor

from autograder.course.exercises import Exercise
from autograder.course.units import load_unit
from course_utils.checks.judge import judge
from course_utils.checks.observe import observe
from course_utils.checks.prepared import PreparedCheck, PreparedExercise, Seen
from tests.support import ROOT, UNITS

SECRET = b"a secret that nobody knows"
# Of the guess: far below, near, nearer, far above.
FACTORS = (0.04, 0.61, 0.93, 0.9973, 1.0031, 1.37, 9.1)

Answer = Callable[..., Any]


def _returns_numbers(exercise: Exercise) -> bool:
    value = exercise.prepare(SECRET).checks[0].expected[0].quantities.get("result")
    return isinstance(value, Tensor) and value.is_floating_point()


EXERCISES = [
    exercise
    for unit in UNITS
    for exercise in load_unit(ROOT, unit).exercises.values()
    if _returns_numbers(exercise)
]
FORMS: dict[str, Callable[[Tensor], Tensor]] = {
    "as it is": lambda value: value,
    "in bfloat16": lambda value: value.to(torch.bfloat16),
    "its first row": lambda value: value[:1] if value.ndim else value.reshape(1),
}


def test_the_exercises_that_return_numbers_are_found() -> None:
    assert {"simclr.nt_xent", "moco.moco_logits"} <= {exercise.id for exercise in EXERCISES}


def _disguised(made: Answer) -> Answer:
    """Its values in another dtype and with gradients that no idea has: so it is looked for with less exactness."""

    def answer(*arguments: object) -> Tensor:
        value = made(*arguments).detach()
        tensors = [item for item in arguments if isinstance(item, Tensor) and item.is_floating_point()]
        junk = torch.stack([(0.37 * item + 0.21 * item.square()).sum() for item in tensors]).sum()
        other = torch.float32 if tensors[0].dtype is torch.float64 else torch.float64
        kind = value.dtype if value.dtype is torch.bfloat16 else other
        return (value + (junk - junk.detach())).to(kind)

    return answer


def _moved(check: PreparedCheck, guess: Tensor, factor: float) -> PreparedCheck | None:
    """The check with another expected result in its first case; None where that is what an idea shows there."""
    first, *others = check.expected
    expected = guess.double() * factor
    for seen in check.wrong.values():
        shown = seen[0].quantities.get("result")
        if not isinstance(shown, Tensor) or shown.shape != expected.shape or not shown.is_floating_point():
            continue
        if float((shown - expected).abs().max()) < 0.1 * float(expected.abs().max()):
            return None
    moved = replace(first, quantities={**first.quantities, "result": expected})
    return replace(check, expected=(moved, *others))


def _told(prepared: PreparedExercise, check: PreparedCheck, seen: Seen) -> object:
    checks = tuple(check if item.id == check.id else item for item in prepared.checks)
    verdict = judge(replace(prepared, checks=checks), seen, hidden=True)
    return [(item.passed, item.waits, item.message) for item in verdict.checks], verdict.diagnosis


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.id)
def test_what_is_told_does_not_depend_on_where_the_hidden_number_lies(exercise: Exercise) -> None:
    prepared = exercise.prepare(SECRET)
    asked = [
        check
        for check in prepared.checks
        if check.property is None
        and not check.side
        and len(check.cases[0].calls) == 1
        and isinstance(check.expected[0].quantities.get("result"), Tensor)
    ][:3]
    usual = [
        item
        for item in exercise.misconceptions
        if isinstance(prepared.checks[0].wrong[item.id][0].quantities.get("result"), Tensor)
    ]
    tried = named = 0
    for idea in usual[::8]:
        answer = _disguised(idea.function)
        seen: Seen = {check.id: [observe(answer, case) for case in check.cases] for check in prepared.checks}
        named += len(judge(prepared, seen, hidden=True).diagnosis.ideas)
        for check, form in product(asked, FORMS):
            number = check.expected[0].quantities["result"]
            assert isinstance(number, Tensor)
            guess = 1.83 * number

            def guessed(*arguments: object, form: str = form, guess: Tensor = guess) -> Tensor:
                return FORMS[form](guess)

            cases = [observe(_disguised(guessed), check.cases[0]), *seen[check.id][1:]]
            moved = [made for factor in FACTORS if (made := _moved(check, guess, factor)) is not None]
            told = [_told(prepared, item, {**seen, check.id: cases}) for item in moved]
            assert all(item == told[0] for item in told), (idea.id, check.id, form, told)
            tried += len(told) > 1
    assert tried and named, "nothing was tried"

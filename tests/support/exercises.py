"""Exercises made in a test, without a folder."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from autograder.course.exercises import Exercise
from course_utils.checks.definition import Check, Misconception


def exercise(
    id_: str,
    reference: Callable[..., Any],
    checks: Iterable[Check],
    misconceptions: Iterable[Misconception] = (),
) -> Exercise:
    """An exercise of these parts, as the loader would make it from files."""
    return Exercise(
        id=id_,
        reference=reference,  # type: ignore[arg-type]  # any function will do
        checks=tuple(replace(check, exercise=id_) for check in checks),
        misconceptions=tuple(misconceptions),
        files={},
    )

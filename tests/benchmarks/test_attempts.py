"""docs/attempts.md shows what is told now, of at least three attempts at each exercise."""

import re

import pytest

from benchmarks.attempts import attempts
from benchmarks.attempts.__main__ import PAGE, page
from course_utils import shipped

EXERCISES = [exercise for unit in shipped.known_units() for exercise in shipped.exercise_ids(unit)]


@pytest.mark.parametrize("exercise", EXERCISES)
def test_each_exercise_has_three(exercise: str) -> None:
    assert len(attempts()[exercise]) >= 3


def test_the_page_is_as_it_is_told_now() -> None:
    """But for the last digits of numbers, which differ from one machine to another."""

    def without_digits(text: str) -> str:
        return re.sub(r"-?\d+\.\d+(e[+-]?\d+)?", "N", text)

    assert without_digits(PAGE.read_text(encoding="utf-8")) == without_digits(page())

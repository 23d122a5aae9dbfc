"""Checks: what a function is called with (`case`), what is seen (`observe`), and what that says (`judge`).

The same objects serve the visible checks in a notebook (`check`), the hidden ones of the grader, and the files
`checks.py`, `wrong.py` and `right.py` of an exercise.
"""

from course_utils.checks import standard
from course_utils.checks.case import Case, Input, Module
from course_utils.checks.definition import (
    Check,
    Misconception,
    RightAnswer,
    WrongAnswer,
    check,
    misconception,
    right,
    slip,
    wrong,
)
from course_utils.checks.draw import Draw
from course_utils.checks.observation import Observation

__all__ = [
    "Case",
    "Check",
    "Draw",
    "Input",
    "Misconception",
    "Module",
    "Observation",
    "RightAnswer",
    "WrongAnswer",
    "check",
    "misconception",
    "right",
    "slip",
    "standard",
    "wrong",
]

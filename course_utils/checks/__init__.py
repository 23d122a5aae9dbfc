"""Checks: what a function is called with (`case`), what is seen (`observe`), and what that says (`judge`).

The same objects serve the visible checks in a notebook (`check`), the hidden ones of the grader, and the files
`checks.py`, `misconceptions.py` and `variants.py` of a unit.
"""

from course_utils.checks.case import Case, Input, Module
from course_utils.checks.definition import Check, Draw, Misconception, Variant, check, misconception, variant
from course_utils.checks.observation import Observation

__all__ = [
    "Case",
    "Check",
    "Draw",
    "Input",
    "Misconception",
    "Module",
    "Observation",
    "Variant",
    "check",
    "misconception",
    "variant",
]

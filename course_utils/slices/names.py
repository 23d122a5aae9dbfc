"""The names of an exercise: in text, in code, and in the cells of a notebook (nbgrader allows no dot there)."""

from __future__ import annotations


def function_name(exercise: str) -> str:
    """`"moco.enqueue"` -> `"enqueue"`."""
    return exercise.split(".", 1)[1]


def cell_id(exercise: str) -> str:
    """The nbgrader cell id of an exercise: `"moco.enqueue"` -> `"moco-enqueue"`."""
    return exercise.replace(".", "-")


def check_cell_id(exercise: str) -> str:
    """The id of an exercise's graded cell: `"moco-enqueue-check"`."""
    return f"{cell_id(exercise)}-check"

"""The names of an exercise: in text, in code, and in the cells of a notebook (nbgrader allows no dot there)."""

from __future__ import annotations

import re
from collections.abc import Iterable

# An exercise's id as cells carry it, with the name of its function.
_OF_EXERCISE = re.compile(r"\w{1,60}[.-](?P<name>[A-Za-z_]\w{0,100})(?P<check>-check)?")


def function_name(exercise: str) -> str:
    """`"moco.enqueue"` -> `"enqueue"`."""
    return exercise.split(".", 1)[1]


def cell_id(exercise: str) -> str:
    """The nbgrader cell id of an exercise: `"moco.enqueue"` -> `"moco-enqueue"`."""
    return exercise.replace(".", "-")


def check_cell_id(exercise: str) -> str:
    """The id of an exercise's graded cell: `"moco-enqueue-check"`."""
    return f"{cell_id(exercise)}-check"


def plain_name(text: str) -> str:
    """`"moco_enqueue"` for all that may be meant by it: `"Moco.Enqueue"`, `"moco-enqueue-check"`."""
    joined = re.sub(r"[^0-9a-z]+", "_", text.lower()).strip("_")
    return joined.removesuffix("_check") or joined


def functions_of(ids: Iterable[str]) -> list[tuple[str, bool]]:
    """The functions whose exercises a cell may belong to by its ids, and whether as the graded cell: `-check`."""
    found = map(_OF_EXERCISE.fullmatch, ids)
    return [(item["name"], bool(item["check"])) for item in found if item]

"""Which of nbgrader's grades are older than the checks, or of other points, and how to renew them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbgrader.api import Gradebook, MissingEntry

from autograder.course.config import load_course, secret
from autograder.course.units import combined_sha256, load_unit, unit_ids
from autograder.grading.grader import Grader, Policy
from autograder.results import Line
from course_utils.slices.names import check_cell_id
from course_utils.slices.plain import several

_KEY = "graded"


def set_graded(nb: NotebookNode, line: Line) -> None:
    """Write into an autograded notebook what it was graded with."""
    section = nb.metadata.get("course")
    kept = section if isinstance(section, dict) else {}
    nb.metadata["course"] = {**kept, _KEY: {"checks_sha256": line.checks_sha256}}


def stale_grades(converter: Any, students: Iterable[tuple[str, str]]) -> Iterator[str]:
    """What to say of grades that `nbgrader autograde` left as they were.

    Args:
        converter: nbgrader's.
        students: (unit, student) of each.

    Yields:
        For each unit with grades that were made with other checks than there are now, whose they are and what to do.
    """
    root = Path(converter.coursedir.root)
    by_unit: dict[str, list[str]] = {}
    for unit, student in students:
        by_unit.setdefault(unit, []).append(student)
    known = set(unit_ids(root))
    for unit, names in by_unit.items():
        if unit not in known:
            continue
        now = _now(root, unit)
        old = [name for name in names if _then(converter.coursedir, unit, name) != now]
        if old:
            these, they = ("grade", "is") if len(old) == 1 else ("grades", "are")
            first = (
                f"first nbgrader generate_assignment {unit}, then " if other_points(converter, unit) else ""
            )
            yield (
                f"{len(old)} {these} of {unit} {they} older than the checks: {several(old)}. To renew all of them: "
                f"{first}nbgrader autograde {unit} --force; one of them: {first}nbgrader autograde {unit} --student "
                f"{old[0]} --force"
            )


def other_points(converter: Any, unit: str) -> str:
    """What to say where the gradebook's points of a unit's exercises are not those of the unit; empty if they are.

    nbgrader takes points from the notebook when it generates the assignment, and looks at none afterwards: a grade is
    the share that was earned, of the points of that time.
    """
    root = Path(converter.coursedir.root)
    if unit not in unit_ids(root):
        return ""
    with Gradebook(converter.coursedir.db_url, converter.coursedir.course_id) as gradebook:
        try:
            theirs = {cell.name: cell.max_score for cell in gradebook.find_notebook(unit, unit).grade_cells}
        except MissingEntry:
            return ""
    course = load_course(root)
    differ = []
    for id_, exercise in load_unit(root, unit).exercises.items():
        points = float(course.points.get(id_, exercise.points))
        most = theirs.get(check_cell_id(id_))
        if most is not None and not math.isclose(most, points):
            differ.append(f"{id_} {most:g} instead of {points:g}")
    if not differ:
        return ""
    return (
        f"the gradebook has old points for {unit}: {several(differ)}. Grades are shares of these, and do not count as "
        f"current. Run autograder build {unit}, nbgrader generate_assignment {unit}, then "
        f"nbgrader autograde {unit} --force"
    )


def _now(root: Path, unit: str) -> str:
    course = load_course(root)
    key, _ = secret(root, course)
    policy = Policy(points=course.points, disabled=course.disabled)
    # Not entered: no sandbox is started to compare two hashes.
    return combined_sha256(
        Grader(load_unit(root, unit), key, course.limits, policy=policy, tier="none").checks_sha256
    )


def _then(coursedir: Any, unit: str, student: str) -> str:
    folder = Path(coursedir.format_path(coursedir.autograded_directory, student, unit))
    try:
        metadata = json.loads((folder / f"{unit}.ipynb").read_bytes())["metadata"]
        return str(metadata["course"][_KEY]["checks_sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        # Of an earlier version, which did not say.
        return ""

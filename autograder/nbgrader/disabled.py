"""An exercise that was disabled after hand-ins came in: nbgrader then changes no cells of an assignment."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook, MissingEntry

from autograder.course.config import load_course
from course_utils.slices.names import check_cell_id
from course_utils.slices.plain import several

# How nbgrader's `SaveCells` begins.
REFUSED = "Cannot add or remove cells for notebook"


def why_refused(converter: Any, unit: str) -> str:
    """What to do where nbgrader does not generate an assignment, because its cells are others than the gradebook's."""
    source = Path(converter.coursedir.format_path(converter.coursedir.source_directory, ".", unit))
    cells = json.loads((source / f"{unit}.ipynb").read_bytes())["cells"]
    ours = {cell["metadata"].get("nbgrader", {}).get("grade_id") for cell in cells}
    with _opened(converter) as gradebook:
        theirs = {cell.name for cell in gradebook.find_notebook(unit, unit).source_cells}
    changed = [f"{name} is gone" for name in sorted(theirs - ours)]
    changed += [f"{name} is new" for name in sorted(ours - theirs - {None})]
    what = f" ({several(changed)})" if changed else ""
    return (
        f"the gradebook has hand-ins of {unit}, and nbgrader adds and removes no cells then{what}. An exercise that "
        "you disabled may stay there: `nbgrader autograde` gives everybody its full points. To take it out, "
        "or to add one, "
        f"begin anew: `nbgrader db assignment remove {unit} --force` (points given by hand are lost: `nbgrader export` "
        f"first), `nbgrader generate_assignment {unit}`, `nbgrader autograde {unit} --force`"
    )


def give_full_points(converter: Any, unit: str, students: Iterable[str]) -> str:
    """Give these students the full points of the disabled exercises that the gradebook still has.

    Left alone they would have whatever was there before: each another score, in an exercise that is to count nowhere.

    Returns:
        A sentence that says so; empty if there are none.
    """
    course = load_course(Path(converter.coursedir.root))
    names = {check_cell_id(id_): id_ for id_ in course.disabled}
    given = set()
    with _opened(converter) as gradebook:
        for student in students:
            try:
                grades = gradebook.find_submission_notebook(unit, unit, student).grades
            except MissingEntry:
                continue
            for grade in grades:
                if grade.name in names:
                    grade.auto_score, grade.needs_manual_grade = grade.max_score, False
                    given.add(names[grade.name])
        gradebook.db.commit()
    if not given:
        return ""
    are, their = ("is", "its") if len(given) == 1 else ("are", "their")
    return (
        f"{several(sorted(given))} {are} disabled in course.toml, but the gradebook has hand-ins with it: everybody "
        f"who is autograded gets {their} full points there (`nbgrader autograde {unit} --force` for all)"
    )


def _opened(converter: Any) -> Gradebook:
    return Gradebook(converter.coursedir.db_url, converter.coursedir.course_id)

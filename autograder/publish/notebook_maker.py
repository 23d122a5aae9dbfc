"""Make a unit's source notebook for nbgrader from its `notebook.md` and reference."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import nbformat
from nbformat import NotebookNode

from autograder.course.config import Course
from autograder.course.units import Unit
from autograder.publish.notebook_source import NotebookSource, SourceCell
from autograder.publish.published import Published
from autograder.publish.setup_cell import setup_cell
from autograder.publish.stub import solution_cell, solved_cell
from course_utils.slices.names import cell_id, check_cell_id, function_name

SCHEMA_VERSION = 3  # of nbgrader's cell metadata
_START = (
    "**Start here.** Run the first code cell below before any other, and again after every restart of the kernel. On "
    "Colab, first save a copy of your own (*File > Save a copy in Drive*): what you write in this one is lost when you "
    "close it."
)
_SUBMIT = (
    '# What cu.check says of all exercises from a fresh start, and the file to hand in.\ncu.submit("{}")'
)
SCRATCH_NOTE = "# Your own tests; nothing in this cell is graded."


def make_notebook(unit: Unit, source: NotebookSource, course: Course) -> NotebookNode:
    """The source notebook of a unit: solved, with nbgrader's metadata, the same bytes for the same input.

    Args:
        unit: its references and checks.
        source: its `notebook.md`.
        course: title, points, disabled exercises, rules.

    Returns:
        A notebook without outputs, whose cell ids depend on nothing but the cells' own text.
    """
    cells = [_note(unit), _heading(unit, source, course)]
    number = 0
    for cell in source.cells:
        if cell.kind == "exercise":
            number += 1
            cells += _exercise(unit, cell, course, number)
        else:
            cells += _other(cell, course)
    cells += [_rules(unit, course), _code(_SUBMIT.format(unit.id), course={"submit": True})]
    notebook = nbformat.v4.new_notebook(
        cells=cells,
        metadata={
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
            "course": {"unit": unit.id, "title": source.title, "order": source.order},
        },
    )
    _name_cells(notebook)
    nbformat.validate(notebook)
    return notebook


def exercise_points(unit: Unit, exercise: str, course: Course) -> float:
    """Points of an exercise in this course."""
    return float(course.points.get(exercise, unit.exercises[exercise].points))


def unit_points(unit: Unit, source: NotebookSource, course: Course) -> float:
    """Points of a unit: its graded exercises and written questions."""
    exercises = [name for name in source.exercises if name not in course.disabled]
    written = sum(cell.points for cell in source.answers.values())
    return sum(exercise_points(unit, name, course) for name in exercises) + written


def unit_minutes(source: NotebookSource, course: Course) -> int:
    """Minutes of a unit's exercises and written questions together."""
    return sum(cell.minutes for cell in source.cells if cell.id not in course.disabled)


def amount(points: float) -> str:
    """`"1 point"`, `"5.5 points"`."""
    return f"{points:g} point{'' if points == 1 else 's'}"


def _markdown(text: str, **metadata: object) -> NotebookNode:
    return nbformat.v4.new_markdown_cell(text, metadata=metadata)


def _code(text: str, **metadata: object) -> NotebookNode:
    return nbformat.v4.new_code_cell(text, metadata=metadata)


def _nbgrader(grade_id: str, **values: object) -> dict[str, object]:
    flags = {"grade": False, "solution": False, "locked": False, "task": False}
    return {"schema_version": SCHEMA_VERSION, "grade_id": grade_id, **flags, **values}


def _note(unit: Unit) -> NotebookNode:
    text = f"> **Generated.** Edit `solutions/{unit.id}` instead, then run `autograder build {unit.id}`."
    return _markdown(text, course={"source_only": True})


def _heading(unit: Unit, source: NotebookSource, course: Course) -> NotebookNode:
    facts = [
        amount(unit_points(unit, source, course)),
        f"about {unit_minutes(source, course)} minutes of work",
    ]
    if unit.id in course.due:
        facts.append(f"due {course.due[unit.id]:%d %B %Y, %H:%M %Z}")
    line = f"*{course.title}* · unit {source.order}, **{unit.id}** · {' · '.join(facts)}"
    badge = Published(course.release_url).badge(unit.id)
    return _markdown("\n\n".join(filter(None, [badge, line, _START])))


def _rules(unit: Unit, course: Course) -> NotebookNode:
    late = course.late
    lines = [
        "## Handing in",
        "",
        "Save the notebook (Ctrl+S or Cmd+S) and run the cell below: it runs your notebook from the top, which takes "
        "some 20 seconds, tells you which visible checks pass, and writes the file to hand in. If you hand in more "
        f"than once, the {course.attempts} counts.",
        "",
        "- **What the figures mean.** `cu.check` runs the visible checks, with small values that you may see. Hidden "
        "checks with other values decide the points together with them; when all visible ones pass, a line says what "
        "the hidden ones look at. Written answers are read by people.",
        "- **Hints.** `cu.check(..., hint=1)` shows the smallest failing case, `hint=2` a hint for the mistake, "
        "`hint=3` what was got beside what was expected. They cost no points.",
    ]
    if unit.id in course.due:
        lines.append(
            f"- **Due** {course.due[unit.id]:%d %B %Y, %H:%M %Z}. Each day begun after that costs "
            f"{late.penalty_per_day:.0%} of the score, and after {late.days_allowed} days nothing is accepted."
        )
    if course.rounding.step:
        lines.append(f"- **Rounding.** Scores are rounded to multiples of {course.rounding.step:g}.")
    lines.append(
        "- **What your functions leave alone.** What they are given, unless the docstring says otherwise, and "
        "torch's settings. `torch.manual_seed`, `torch.set_default_dtype` or `torch.set_grad_enabled` inside a "
        "function changes them for everything that runs after it, and costs the points of the check that says so."
    )
    for name, text in (("Working together", course.integrity), ("Language models", course.ai_use)):
        if text:
            lines.append(f"- **{name}.** {text}")
    if course.contact:
        lines.append(f"- **Questions?** Ask {course.contact}.")
    return _markdown("\n".join(lines))


def _exercise(unit: Unit, cell: SourceCell, course: Course, number: int) -> Iterator[NotebookNode]:
    function = unit.exercises[cell.id].reference
    name = function_name(cell.id)
    if cell.id in course.disabled:
        yield _markdown(f"### `{name}`\n\n*Solved here, not graded.*")
        yield _code(solved_cell(function), course={"id": cell_id(cell.id)})
        return
    points = exercise_points(unit, cell.id, course)
    facts = f"{amount(points)} · about {cell.minutes} minutes · {cell.difficulty}"
    yield _markdown(f"### Exercise {number}: `{name}`\n\n*{facts}*")
    yield _code(
        solution_cell(function, cell.id),
        nbgrader=_nbgrader(cell_id(cell.id), solution=True),
        course={"exercise": cell.id},
    )
    yield _code(
        f'cu.check("{cell.id}")',
        nbgrader=_nbgrader(check_cell_id(cell.id), grade=True, locked=True, points=points),
        course={"check": cell.id},
    )


def _other(cell: SourceCell, course: Course) -> Iterator[NotebookNode]:
    if cell.kind == "prose":
        yield _markdown(cell.text)
    elif cell.kind == "answer":
        yield _markdown(f"*Written answer · {amount(cell.points)} · about {cell.minutes} minutes*")
        metadata = _nbgrader(cell.id, grade=True, solution=True, points=cell.points)
        yield _markdown(cell.text, nbgrader=metadata, course={"answer": cell.id})
    elif cell.kind == "setup":
        yield _code(setup_cell(Published(course.release_url), cell.text), course={"setup": True})
    elif cell.kind == "scratch":
        yield _code(cell.text or SCRATCH_NOTE, course={"scratch": True})
    elif cell.kind == "train":
        yield _code(cell.text, course={"train": True})
    elif cell.kind == "plumbing":
        yield _code(cell.text, course={"plumbing": True}, jupyter={"source_hidden": True})
    else:
        yield _code(cell.text)


def _name_cells(notebook: NotebookNode) -> None:
    """Give each cell an id that changes only when its own text does."""
    used: set[str] = set()
    for cell in notebook.cells:
        grader = cell.metadata.get("nbgrader", {})
        name = grader.get("grade_id")
        if name is None:
            name = hashlib.sha256(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:12]
        chosen, repeat = name, 2
        while chosen in used:
            chosen, repeat = f"{name}-{repeat}", repeat + 1
        used.add(chosen)
        cell["id"] = chosen

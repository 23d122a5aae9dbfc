"""A class of sample submissions, made from a unit's released notebook, its reference and its misconceptions."""

from __future__ import annotations

import ast
import json
import random
from collections.abc import Callable
from pathlib import Path
from types import FunctionType
from typing import Any

import nbformat

from autograder.course.exercises import Exercise
from autograder.course.sources import standalone_source
from autograder.course.units import Unit
from autograder.errors import UserError
from course_utils.slices.names import cell_id

NAMES = tuple(
    "ada alan anita barbara claude dorothy edsger emmy frances grace hedy joan "  # noqa: SIM905 - a list to read
    "john katherine kurt leslie margaret mary niklaus radia rozsa sophie tim yann".split()
)

Notebook = Any


def make_class(unit: Unit, submitted: Path, students: int, seed: int = 0) -> Path:
    """Write a class of submissions as nbgrader lays them out: `submitted/<student>/<unit>/<unit>.ipynb`.

    Some are right, some hold one or two misconceptions, some are unfinished, and some are as messy as notebooks get.

    Args:
        unit: the unit; its release notebook must have been built.
        submitted: the folder to write.
        students: how many.
        seed: of the choice of misconceptions.

    Returns:
        `submitted`.

    Raises:
        UserError: the unit was not built yet.
    """
    released = unit.root / "assignments" / unit.id / f"{unit.id}.ipynb"
    if not released.is_file():
        raise UserError(f"{released} is missing: run `autograder build {unit.id}` first")
    chance = random.Random(seed)
    kinds: list[Callable[[Unit, Notebook, random.Random], Notebook | str]] = [
        _right, _one_wrong, _one_wrong, _two_wrong, _unfinished, _right, _one_wrong, _without_metadata, _syntax_error,
        _untouched, _one_wrong, _endless, _duplicated, _noisy, _not_a_notebook, _two_wrong,
    ]  # fmt: skip
    for index in range(students):
        name = NAMES[index % len(NAMES)] + (str(index // len(NAMES) + 1) if index >= len(NAMES) else "")
        notebook = nbformat.read(released, as_version=4)
        made = kinds[index % len(kinds)](unit, notebook, chance)
        path = submitted / name / unit.id / f"{unit.id}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(made if isinstance(made, str) else json.dumps(made))
    return submitted


def fill(unit: Unit, notebook: Notebook, sources: dict[str, str]) -> Notebook:
    """Put source code into the cells of exercises, as a student would. Exercise ids without a source stay stubs."""
    for cell in notebook.cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        for id_, source in sources.items():
            if grade_id == cell_id(id_):
                cell.source = source
    return notebook


def reference_sources(unit: Unit) -> dict[str, str]:
    """Exercise id -> the reference's source."""
    return {id_: standalone_source(exercise.reference) for id_, exercise in unit.exercises.items()}


def misconception_source(exercise: Exercise, name: str) -> str:
    """A misconception as a student's cell: the wrong function under the exercise's name, with what it needs."""
    function = next(item for item in exercise.misconceptions if item.id == name).function
    assert isinstance(function, FunctionType), "a misconception is a function"
    path = exercise.files["wrong.py"]
    if function.__code__.co_filename != str(path):  # a slip of the reference
        return standalone_source(function)
    tree, wanted = ast.parse(path.read_text(encoding="utf-8")), function.__name__
    parts = []
    for node in tree.body:
        decorated = isinstance(node, ast.FunctionDef) and node.decorator_list
        slipped = isinstance(node, ast.Assign) and _calls(node.value, "slip")
        if isinstance(node, ast.FunctionDef) and node.name == wanted:
            node.name, node.decorator_list = exercise.name, []
        elif (
            decorated
            or slipped
            or isinstance(node, ast.Expr)
            or getattr(node, "module", None) == "course_utils.checks"
        ):
            continue
        parts.append(ast.unparse(node))
    return "\n".join(parts)


def _calls(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name


def _wrong(unit: Unit, chance: random.Random, count: int) -> dict[str, str]:
    sources = reference_sources(unit)
    for id_ in chance.sample(sorted(sources), min(count, len(sources))):
        exercise = unit.exercises[id_]
        sources[id_] = misconception_source(exercise, chance.choice(exercise.misconceptions).id)
    return sources


def _right(unit: Unit, notebook: Notebook, chance: random.Random) -> Notebook:
    return fill(unit, notebook, reference_sources(unit))


def _one_wrong(unit: Unit, notebook: Notebook, chance: random.Random) -> Notebook:
    return fill(unit, notebook, _wrong(unit, chance, 1))


def _two_wrong(unit: Unit, notebook: Notebook, chance: random.Random) -> Notebook:
    return fill(unit, notebook, _wrong(unit, chance, 2))


def _untouched(unit: Unit, notebook: Notebook, chance: random.Random) -> Notebook:
    return notebook


def _unfinished(unit: Unit, notebook: Notebook, chance: random.Random) -> Notebook:
    sources = reference_sources(unit)
    return fill(unit, notebook, dict(list(sources.items())[: len(sources) // 2]))


def _without_metadata(unit: Unit, notebook: Notebook, chance: random.Random) -> Notebook:
    """As after an editor that throws away what it does not know."""
    notebook = _right(unit, notebook, chance)
    for index, cell in enumerate(notebook.cells):
        cell.metadata, cell.id = {}, f"cell-{index}"
    return notebook


def _syntax_error(unit: Unit, notebook: Notebook, chance: random.Random) -> Notebook:
    sources = reference_sources(unit)
    last = list(sources)[-1]
    return fill(unit, notebook, {**sources, last: sources[last].replace(":\n", "\n", 1)})


def _endless(unit: Unit, notebook: Notebook, chance: random.Random) -> Notebook:
    sources = reference_sources(unit)
    last = list(sources)[-1]
    head = sources[last].split('"""')[0]
    return fill(unit, notebook, {**sources, last: f"{head.rstrip()}\n    while True:\n        pass\n"})


def _duplicated(unit: Unit, notebook: Notebook, chance: random.Random) -> Notebook:
    notebook = _right(unit, notebook, chance)
    index = next(
        i for i, cell in enumerate(notebook.cells) if cell.metadata.get("nbgrader", {}).get("solution")
    )
    notebook.cells.insert(index + 1, json.loads(json.dumps(notebook.cells[index])))
    notebook.cells[index + 1] = nbformat.from_dict(notebook.cells[index + 1])
    return notebook


def _noisy(unit: Unit, notebook: Notebook, chance: random.Random) -> Notebook:
    notebook = _right(unit, notebook, chance)
    noise = (
        "%matplotlib inline\n!pip list\nimport warnings, sys\n"
        "warnings.warn('watch out')\nprint('x' * 10_000, file=sys.stderr)"
    )
    notebook.cells.insert(0, nbformat.v4.new_code_cell(noise))
    return notebook


def _not_a_notebook(unit: Unit, notebook: Notebook, chance: random.Random) -> str:
    return "<html><body>Please log in to see moco.ipynb</body></html>"

"""What the build refuses: a unit whose parts do not fit together. Every complaint names file and line."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from nbformat import NotebookNode

from autograder.course.config import Course
from autograder.course.receipt import Freshness, freshness
from autograder.course.texts import parse_file
from autograder.course.trial import judge_function, told_by_properties
from autograder.course.units import Exercise, Unit, load_unit, unit_ids
from autograder.errors import UserError
from autograder.publish.notebook_source import (
    NotebookSource,
    SourceCell,
    images_without_alt,
    named_in_prose,
    read_notebook_source,
    read_order,
)
from autograder.publish.stub import TO_DO, bound_names, free_names, single_spaced, solved_cell, telling_lines
from course_utils.checks.definition import PUBLIC_SECRET, Check
from course_utils.checks.judge import CORRECT
from course_utils.checks.observe import observe
from course_utils.checks.prepared import PreparedExercise
from course_utils.slices.names import function_name


def verify_unit(unit: Unit, source: NotebookSource, course: Course) -> None:
    """Refuse a unit that would make a broken notebook or an unfair grade.

    Raises:
        UserError: all complaints, one a line, each with file and line.
    """
    problems = [
        *_prose(unit, source),
        *_listed(unit, source, course),
        *_orders(unit, source),
        *_imports(unit, source),
        *_images(source),
    ]
    # No use in running what is not complete.
    problems += _checks(unit, source, course, run=not problems)
    _refuse(problems)


def verify_checks(unit: Unit, course: Course) -> None:
    """Refuse checks that would make an unfair grade, as `verify_unit` does, whatever the notebook is like.

    Raises:
        UserError: all complaints, one a line, each with file and line; or the notebook cannot be read.
    """
    _refuse(_checks(unit, read_notebook_source(unit.notebook), course, run=True))


def _checks(unit: Unit, source: NotebookSource, course: Course, *, run: bool) -> list[str]:
    """What makes the checks of a unit unfair, with file and line. Those of disabled exercises grade nobody."""
    problems: list[str] = []
    fresh = set()
    graded = {id_: item for id_, item in unit.exercises.items() if id_ not in course.disabled}
    for id_, exercise in graded.items():
        problems += _bank(exercise)
        minutes = source.exercises[id_].minutes if id_ in source.exercises else 0
        try:
            if freshness(exercise, minutes) is Freshness.FRESH:
                fresh.add(id_)
        except UserError as error:  # its cases cannot be drawn, or its receipt is none
            problems.append(str(error))
    if run and not problems:
        with one_thread():
            for id_, exercise in graded.items():
                # A fresh receipt says the same, and more of it.
                if id_ not in fresh:
                    problems += _told_apart(exercise)
    return problems


def verify_source(unit: Unit, notebook: NotebookNode) -> None:
    """Refuse metadata that names a person or a machine. Raises `UserError`."""
    _refuse(f"{unit.notebook}, line 1: {problem}" for problem in private_metadata(notebook))


def verify_release(unit: Unit, source: NotebookSource, notebook: NotebookNode, course: Course) -> None:
    """Refuse a release notebook that gives a solution away.

    Raises:
        UserError: names the line of `notebook.md` that does.
    """
    problems = [f"{unit.notebook}, line 1: {problem}" for problem in private_metadata(notebook)]
    text = source.path.read_text(encoding="utf-8").splitlines()
    seen = single_spaced("\n".join(shown_solved(unit, course)))
    for exercise in unit.exercises.values():
        if exercise.id in course.disabled:
            continue
        telling = {line for line in telling_lines(solved_cell(exercise.reference)) if line not in seen}
        for cell in notebook.cells:
            for found in sorted(line for line in telling if line in single_spaced(cell.source)):
                near = next(
                    (
                        i
                        for i, line in enumerate(text, 1)
                        if single_spaced(line) and single_spaced(line) in found
                    ),
                    1,
                )
                problems.append(
                    f"{source.path}, line {near}: gives the solution of {exercise.id} away: {found}"
                )
    for cell in notebook.cells:
        if "BEGIN SOLUTION" in cell.source or "BEGIN HIDDEN" in cell.source:
            problems.append(f"{source.path}, line 1: a solution mark was left in the release notebook")
    _refuse(problems)


def shown_solved(unit: Unit, course: Course) -> list[str]:
    """The cells of the disabled exercises of a unit, which are shown solved: nothing in them is a secret."""
    return [solved_cell(item.reference) for item in unit.exercises.values() if item.id in course.disabled]


def private_metadata(notebook: NotebookNode) -> Iterator[str]:
    """Author names and absolute paths in the metadata of a notebook and its cells."""
    for metadata in [notebook.metadata, *(cell.metadata for cell in notebook.cells)]:
        for key, value in _entries(metadata):
            if key in ("author", "authors"):
                yield f"the metadata names an author ({key}): take it out"
            if isinstance(value, str) and re.match(r"/\w|~/|[A-Za-z]:[\\/]", value):
                yield f"the metadata has an absolute path ({key}: {value}): take it out"


def _entries(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    yield key, value
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _entries(item, name)
    elif isinstance(value, list):
        for item in value:
            yield from _entries(item, key)


def _refuse(problems: Any) -> None:
    if problems := list(dict.fromkeys(problems)):
        raise UserError("\n".join(problems))


def _prose(unit: Unit, source: NotebookSource) -> Iterator[str]:
    units = unit_ids(unit.root)
    for name, line in named_in_prose(source):
        owner, function = name.split(".")
        if owner not in units:
            continue
        other = unit if owner == unit.id else load_unit(unit.root, owner)
        if name not in other.folders:
            folder = unit.root / "solutions" / owner
            yield f"{source.path}, line {line}: {name} is named in prose, but {folder} has no folder {function!r}"


def _listed(unit: Unit, source: NotebookSource, course: Course) -> Iterator[str]:
    for name, cell in source.exercises.items():
        owner = name.split(".")[0]
        if owner != unit.id:
            yield (
                f"{source.path}, line {cell.line}: {name} is an exercise of the unit {owner!r}, and this is the "
                f"notebook of {unit.id!r}: name one of {unit.id}, or move the cell to the other notebook"
            )
        elif name not in unit.exercises:
            folder = unit.root / "solutions" / name.replace(".", "/")
            yield (
                f"{source.path}, line {cell.line}: there is no folder {folder} for the exercise {name}: make it with "
                f"`autograder new {name} 'def ...'`, or take the cell out"
            )
    for name, exercise in unit.exercises.items():
        if name not in source.exercises and name not in course.disabled:
            place = f"{exercise.files['checks.py']}, line 1"
            yield f'{place}: there are checks of {name}, but {source.path} has no cell exercise="{name}"'
    for name in [*course.points, *course.disabled]:
        if name.split(".")[0] == unit.id and name not in unit.exercises:
            yield f"{unit.root / 'course.toml'}: {name} is no exercise; {unit.id} has {', '.join(unit.exercises)}"


def _orders(unit: Unit, source: NotebookSource) -> Iterator[str]:
    """Two units cannot have the same place in the course."""
    for other in unit_ids(unit.root):
        if other == unit.id:
            continue
        try:
            path = load_unit(unit.root, other).notebook
            order, line = read_order(path)
        except UserError:  # unfinished: told when that one is built
            continue
        if order == source.order:
            mine = read_order(source.path)[1]
            yield (
                f"{source.path}, line {mine}: order {order} is taken by {other} ({path}, line {line}): give one of "
                "them another number"
            )


def _imports(unit: Unit, source: NotebookSource) -> Iterator[str]:
    """What a reference takes from around it must be there in the notebook, above the exercise."""
    bound: set[str] = set()
    for cell in source.cells:
        if cell.kind == "exercise" and cell.id in unit.exercises:
            reference = unit.exercises[cell.id].reference
            for name in free_names(reference):
                if name not in bound:
                    where = f"{source.path} does not import above line {cell.line}"
                    yield f"{_where(reference)}: {cell.id} uses {name!r}, which {where}"
            bound.add(function_name(cell.id))
        elif cell.kind in ("setup", "code", "train", "scratch", "plumbing"):
            bound |= _bound(cell)


def _bound(cell: SourceCell) -> set[str]:
    code = "\n".join(
        "pass" if line.lstrip().startswith(("%", "!")) else line for line in cell.text.splitlines()
    )
    try:
        return bound_names(ast.parse(code).body)
    except SyntaxError:
        return set()


def _images(source: NotebookSource) -> Iterator[str]:
    for line in images_without_alt(source):
        yield f"{source.path}, line {line}: an image without alternative text: ![what it shows](...)"


def _bank(exercise: Exercise) -> Iterator[str]:
    yield from _to_do(exercise)
    if not exercise.points:
        what = f"all checks of {exercise.id} have points=0, so it is worth nothing"
        yield f"{_place(exercise, exercise.checks[0])}: {what}: give one of them points"
    if not any(check.visible and not check.side for check in exercise.checks):
        yield f"{_place(exercise, exercise.checks[0])}: {exercise.id} has no visible check of its values"
    for file in ("checks.py", "wrong.py", "right.py"):
        for name, line in _defined_twice(exercise.files[file]):
            yield f"{exercise.files[file]}, line {line}: {name} stands there twice, and only the later one counts"
    ids = [item.id for item in exercise.wrong]
    for name in {name for name in ids if ids.count(name) > 1}:
        yield f"{exercise.files['wrong.py']}, line 1: {exercise.id} has two wrong answers called {name!r}"
    names = [check.id for check in exercise.checks]
    for name in {name for name in names if names.count(name) > 1}:
        yield f"{exercise.files['checks.py']}, line 1: {exercise.id} has two checks called {name!r}"


def _to_do(exercise: Exercise) -> Iterator[str]:
    """What students read must be finished; the docstring of the reference is seen to where its stub is made."""
    way_out = f"still has a {TO_DO}, and students read it: write what is missing"
    for check in exercise.checks:
        if TO_DO in check.title:
            yield f"{_place(exercise, check)}: the title of the check {check.id!r} of {exercise.id} {way_out}"
    for wrong in exercise.misconceptions:
        if TO_DO in wrong.hint:
            yield f"{exercise.place(wrong)}: the hint of {wrong.id!r} of {exercise.id} {way_out}"


def _defined_twice(path: Path) -> Iterator[tuple[str, int]]:
    """Functions, slips and standard checks of a file that a later one of the same name takes the place of.

    Yields:
        The name and the later one's line.
    """
    seen: set[str] = set()
    for node in parse_file(path).body:
        if isinstance(node, ast.FunctionDef):
            names = [node.name]
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            names = [target.id for target in node.targets if isinstance(target, ast.Name)]
        else:
            continue
        for name in names:
            if name in seen:
                yield name, node.lineno
            seen.add(name)


def _told_apart(exercise: Exercise) -> Iterator[str]:
    """The reference passes its own checks; every misconception fails some and is known by its name."""
    try:
        prepared = exercise.prepare(PUBLIC_SECRET)
    except UserError as error:
        yield str(error)
        return
    yield from reference_problems(exercise, prepared)
    others = {name: other for check in exercise.checks for name, other in check.also.items()}
    for name, other in others.items():
        for item in judge_function(prepared, other).checks:
            if not item.passed:
                what = f"{_where(other)}: {name!r}, named as right besides the reference of {exercise.id},"
                yield f"{what} fails the check {item.check.id!r}: {item.message} {item.place}"
    for wrong in exercise.misconceptions:
        verdict = judge_function(prepared, wrong.function)
        what = f"{exercise.place(wrong)}: misconception {wrong.id!r} of {exercise.id}"
        if verdict.status == CORRECT:
            yield f"{what} passes every check"
        elif verdict.misconception is None and not told_by_properties(verdict):
            yield f"{what} is not recognised by what it shows (status {verdict.status})"
        elif verdict.misconception not in (None, wrong.id):
            yield f"{what} is taken for {verdict.misconception!r}: a check must tell them apart"


def reference_problems(exercise: Exercise, prepared: PreparedExercise) -> Iterator[str]:
    """Where the reference raises or fails its own checks: each with file and line.

    Args:
        exercise: the exercise.
        prepared: the same, prepared under any secret.
    """
    yield from _raises(exercise, prepared)
    verdict = judge_function(prepared, exercise.reference)
    for item in verdict.checks:
        if not item.passed:
            where = f"{_where(exercise.reference)}: the reference of {exercise.id}"
            yield f"{where} fails its own check {item.check.id!r}: {item.message} {item.place}"


def _raises(exercise: Exercise, prepared: PreparedExercise) -> Iterator[str]:
    """What the reference raises without being asked would be what is expected of students."""
    for check in prepared.checks:
        for case in check.cases:
            failure = observe(exercise.reference, case).failure
            if failure and check.property is None and "exception" not in check.looks_at:
                yield (
                    f"{_where(exercise.reference)}: the reference of {exercise.id} raises in the check {check.id!r}: "
                    f'{failure.message}. If that is meant, let the check say looks_at=("exception", ...)'
                )


@contextmanager
def one_thread() -> Iterator[None]:
    """Tensors of a case are tiny: on more threads, most of the time goes into waking them."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _place(exercise: Exercise, check: Check) -> str:
    return f"{exercise.files['checks.py']}, line {check.line}"


def _where(function: Callable[..., Any]) -> str:
    return f"{inspect.getsourcefile(function)}, line {_line(function)}"


def _line(function: Callable[..., Any]) -> int:
    return inspect.getsourcelines(function)[1]

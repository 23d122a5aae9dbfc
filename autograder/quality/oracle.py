"""Whether an exercise's `test_reference.py` is an oracle: it fails when a wrong idea takes the reference's place."""

from __future__ import annotations

import ast
import contextlib
import io
import os
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any
from unittest.mock import patch

import pytest

from autograder.course.exercises import Exercise
from autograder.course.texts import imports_in, parse_file
from course_utils.checks.compare import differing
from course_utils.checks.definition import PUBLIC_SECRET
from course_utils.checks.observation import Observation
from course_utils.checks.prepared import PreparedExercise
from course_utils.checks.quantity import QuantityName

# What a function computes, whether it returns it or writes it into an argument.
_VALUES = ("result", "after", "module")


@dataclass(frozen=True)
class OracleTried:
    """What became of an exercise's `test_reference.py`.

    Attributes:
        passes: with the reference, as it should.
        asked: misconceptions that were put in the reference's place, because they show wrong values.
        survived: those of them with which it passes.
        imports: what it imports of ours besides the reference: line and module.
    """

    passes: bool
    asked: tuple[str, ...]
    survived: tuple[str, ...]
    imports: tuple[tuple[int, str], ...]


def try_oracle(exercise: Exercise) -> OracleTried:
    """Run the oracle with the reference, and with each misconception that shows wrong values."""
    asked = wrong_values(exercise, exercise.prepare(PUBLIC_SECRET, visible_only=True))
    functions = {item.id: item.function for item in exercise.misconceptions}
    right = passes(exercise)
    survived = tuple(name for name in asked if passes(exercise, functions[name])) if right else ()
    return OracleTried(right, tuple(asked), survived, tuple(_foreign_imports(exercise)))


def _foreign_imports(exercise: Exercise) -> Iterator[tuple[int, str]]:
    ours = ("autograder", "course_utils", "solutions", "tests", "benchmarks")
    tree = parse_file(exercise.files["test_reference.py"])
    found = [(item.line, item.module) for item in imports_in(tree)]
    # A module may be imported by the text of its name as well.
    found += [
        (node.lineno, node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.fullmatch(r"\w+(\.\w+)+", node.value)
    ]
    for line, name in sorted(found):
        if name.split(".")[0] in ours and name != f"solutions.{exercise.id}.reference":
            yield line, name


def passes(exercise: Exercise, function: Callable[..., Any] | None = None) -> bool:
    """Whether `test_reference.py` passes with the reference, or with another function in its place.

    Nothing is printed. The tests run in this process: a function that never returns is not to be tried.
    """
    path = exercise.files["test_reference.py"]
    arguments = [
        str(path),
        "-q",
        "-x",
        "--import-mode=importlib",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:randomly",
    ]
    arguments += ["-c", "/dev/null", f"--rootdir={path.parents[3]}", "--no-header", "-W", "ignore"]
    # Plug-ins that happen to be installed take longer to load than a test takes to fail.
    bare = patch.dict(os.environ, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
    with _in_place_of_reference(exercise, function or exercise.reference), _silence(), bare:
        return pytest.main(arguments) == pytest.ExitCode.OK


def wrong_values(exercise: Exercise, visible: PreparedExercise) -> list[str]:
    """Misconceptions that show wrong values in a visible check: what an oracle must see.

    Args:
        exercise: the exercise.
        visible: its visible checks, prepared with its misconceptions.
    """
    return [item.id for item in exercise.misconceptions if _shows_wrong_values(visible, item.id)]


def _shows_wrong_values(visible: PreparedExercise, name: str) -> bool:
    for check in visible.checks:
        for expected, wrong in zip(check.expected, check.wrong[name], strict=True):
            if wrong.quantities.get("exception") != expected.quantities.get("exception"):
                continue
            seen = differing(expected, Observation(wrong.quantities), check.yardstick(), values_only=True)
            if any(QuantityName.parse(name).kind in _VALUES for name in seen):
                return True
    return False


@contextlib.contextmanager
def _in_place_of_reference(exercise: Exercise, function: Callable[..., Any]) -> Iterator[None]:
    """`from solutions.<unit>.<exercise>.reference import ...` gives this function, and the test is loaded anew."""
    name = f"solutions.{exercise.id}.reference"
    stand_in = ModuleType(name)
    stand_in.__file__ = str(exercise.files["reference.py"])
    setattr(stand_in, exercise.name, function)
    before = {
        key: module for key, module in sys.modules.items() if key.startswith(f"solutions.{exercise.id}")
    }
    for key in before:
        del sys.modules[key]
    sys.modules[name] = stand_in
    try:
        yield
    finally:
        for key in [key for key in sys.modules if key.startswith(f"solutions.{exercise.id}")]:
            del sys.modules[key]
        sys.modules.update(before)


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield

"""One tree of exceptions in each package: whoever calls it can catch what it raises on purpose by one name."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import course_utils.errors
from autograder import errors
from autograder.errors import AutograderError, ClusterError, SandboxError, UserError
from course_utils.errors import CourseError
from course_utils.running.alone import CannotRun
from course_utils.slices.python_text import Unparsable
from course_utils.student.submit import SubmitError
from tests.support import ROOT

# Signals between the two sides of a sandbox: the module is loaded where student code runs, and imports nothing of ours.
INSIDE = ROOT / "autograder/sandbox/control.py"


def exceptions(path: Path) -> Iterator[tuple[str, list[str]]]:
    """Name and bases of each class that is an exception by its bases."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ClassDef):
            bases = [ast.unparse(base) for base in node.bases]
            if any(base.endswith(("Error", "Exception")) for base in bases):
                yield node.name, bases


@pytest.mark.parametrize(("package", "tree"), [("autograder", errors), ("course_utils", course_utils.errors)])
def test_every_exception_is_of_the_tree(package: str, tree: ModuleType) -> None:
    known = {name for name in vars(tree) if name.endswith("Error")}
    outside = [
        f"{path.relative_to(ROOT)}: {name}({', '.join(bases)})"
        for path in sorted((ROOT / package).rglob("*.py"))
        if path not in (INSIDE, ROOT / package / "errors.py")
        for name, bases in exceptions(path)
        if not set(bases) & known
    ]
    assert not outside


def test_the_tree() -> None:
    for kind in (UserError, SandboxError, ClusterError):
        assert issubclass(kind, AutograderError)
    for kind in (CannotRun, Unparsable, SubmitError):
        assert issubclass(kind, CourseError)
    assert not issubclass(SandboxError, UserError), "a fault of ours is no bad usage"

"""One tree of exceptions in each package: whoever calls it can catch what it raises on purpose by one name."""

from __future__ import annotations

import ast
import errno
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import course_utils.errors
from autograder import errors
from autograder.errors import AutograderError, ClusterError, SandboxError, UserError, WriteError, writing
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


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    said = re.escape(f"{tmp_path}/file/a cannot be written: Not a directory")
    with (
        pytest.raises(WriteError, match=said),
        writing(tmp_path / "file/a/b"),
    ):
        (tmp_path / "file/a").mkdir(parents=True)
    with pytest.raises(WriteError, match="cannot be written: Is a directory"), writing(tmp_path):
        tmp_path.write_text("")
    with pytest.raises(WriteError, match=f"{tmp_path} cannot be written: No space left"), writing(tmp_path):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_tree_that_cannot_be_copied(tmp_path: Path) -> None:
    (tmp_path / "from/a").mkdir(parents=True)
    (tmp_path / "to").mkdir()
    (tmp_path / "to/a").write_text("")
    said = re.escape(f"{tmp_path}/to/a cannot be written: ")
    with pytest.raises(WriteError, match=said), writing(tmp_path / "to"):
        shutil.copytree(tmp_path / "from", tmp_path / "to", dirs_exist_ok=True)


def test_what_the_system_says_of_other_places_is_no_mistake_of_the_user(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), writing(tmp_path / "out"):
        (tmp_path / "in").read_text()
    with pytest.raises(OSError, match="Bad file") as caught, writing(tmp_path / "out"):
        os.close(-1)
    assert not isinstance(caught.value, AutograderError)

"""A tiny course for nbgrader's commands, and hand-ins for it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.api import Gradebook

from autograder.publish.build import build_course
from tests.support import ROOT
from tests.support.tiny import make_course

RELEASE = "assignments/tiny/tiny.ipynb"
SOURCE = "source/tiny/tiny.ipynb"
BIN = str(Path(sys.executable).parent)

Edit = Callable[[Any], None]


def nbgrader(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command, run in the course's root, with a course_utils that has the tiny unit's checks."""
    # Both: what is installed may be of another folder than these tests.
    paths = {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": f"{root}{os.pathsep}{ROOT}"}
    environment = os.environ | paths
    command = [sys.executable, "-m", "nbgrader", *arguments]
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)


def make_tiny_course(folder: Path, *changes: tuple[str, str, str]) -> Path:
    """The tiny course in an empty folder, built, with a secret and a due date: 30 November 2026, 11:00 UTC."""
    due = 'sandbox = "restricted"\n[due]\ntiny = 2026-11-30T12:00:00+01:00'
    made = make_course(folder, ("course.toml", 'sandbox = "restricted"', due), *changes)
    ignored = shutil.ignore_patterns("bundled", "__pycache__", "*.json")
    shutil.copytree(ROOT / "course_utils", made / "course_utils", ignore=ignored)
    (made / "course.secret").write_text("a secret for the tests of nbgrader")
    build_course(made)
    return made


def edited(course: Path, edit: Edit, *, base: str = RELEASE) -> Any:
    """A notebook of the course, edited."""
    notebook = nbformat.read(course / base, as_version=4)
    edit(notebook)
    return notebook


def hand_in(
    course: Path, student: str, edit: Edit, *, base: str = RELEASE, at: str = "", file: str = "tiny.ipynb"
) -> None:
    """Write a student's submission: a notebook, edited."""
    path = course / "submitted" / student / "tiny" / file
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(edited(course, edit, base=base), path)
    if at:
        (path.parent / "timestamp.txt").write_text(at)


def cell(notebook: Any, name: str) -> Any:
    """The cell of a grade id."""
    return next(item for item in notebook.cells if item.metadata.get("nbgrader", {}).get("grade_id") == name)


def opened(course: Path) -> Gradebook:
    """The course's gradebook."""
    return Gradebook(f"sqlite:///{course / 'gradebook.db'}")


def scores(course: Path, student: str) -> dict[str, float | None]:
    """Grade id -> the automatic score."""
    with opened(course) as gradebook:
        notebook = gradebook.find_submission_notebook("tiny", "tiny", student)
        return {grade.name: grade.auto_score for grade in notebook.grades}

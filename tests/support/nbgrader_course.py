"""A tiny course set up for nbgrader, hand-ins to it, and nbgrader's commands run on it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from autograder.publish.build import build_course
from tests.support import ROOT
from tests.support.tiny import make_course
from tests.support.tiny_nbgrader import RELEASE, SOURCE, nbgrader

__all__ = ["hand_in", "nbgrader", "nbgrader_course"]


def nbgrader_course(folder: Path) -> Path:
    """The tiny course with a gradebook that knows the unit."""
    made = make_course(folder)
    ignored = shutil.ignore_patterns("bundled", "__pycache__", "*.json")
    shutil.copytree(ROOT / "course_utils", made / "course_utils", ignore=ignored)
    (made / "course.secret").write_text("a secret for the tests of nbgrader")
    build_course(made)
    (made / RELEASE).unlink()
    done = nbgrader(made, "generate_assignment", "tiny", "--force")
    assert done.returncode == 0, done.stderr
    return made


def hand_in(course: Path, student: str, edit: Callable[[dict[str, Any]], None], base: str = SOURCE) -> Path:
    """Write a student's submission, a notebook edited as JSON, byte by byte as it will be found."""
    notebook = json.loads((course / base).read_text(encoding="utf-8"))
    edit(notebook)
    path = course / "submitted" / student / "tiny" / "tiny.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return path

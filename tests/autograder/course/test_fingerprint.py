"""Which edits of ours make results invalid."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import autograder
import course_utils
from autograder.course.fingerprint import JUDGING, judging_code, of_judging

PACKAGES = {"autograder": Path(autograder.__path__[0]), "course_utils": Path(course_utils.__path__[0])}


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("packages")
    only_code = shutil.ignore_patterns("__pycache__", "bundled", "*.json", "*.ipynb")
    return {name: shutil.copytree(path, folder / name, ignore=only_code) for name, path in PACKAGES.items()}


def test_the_same_code_elsewhere_is_the_same(copied: dict[str, Path]) -> None:
    assert of_judging(copied) == of_judging(PACKAGES) == judging_code()


@pytest.mark.parametrize(
    ("file", "matters"),
    [
        ("course_utils/plot.py", False),
        ("course_utils/train.py", False),
        ("course_utils/student/present.py", False),
        ("autograder/report/pages.py", False),
        ("autograder/cli/session.py", False),
        ("autograder/nbgrader/gradebook.py", False),
        ("course_utils/models.py", True),
        ("course_utils/checks/judge.py", True),
        ("course_utils/slices/slicing.py", True),
        ("course_utils/running/execute.py", True),
        ("autograder/results.py", True),
        ("autograder/grading/lines.py", True),
        ("autograder/intake/script.py", True),
        ("autograder/sandbox/server.py", True),
        ("autograder/course/config.py", True),
    ],
)
def test_an_edit(copied: dict[str, Path], file: str, matters: bool) -> None:
    package, inner = file.split("/", 1)
    path = copied[package] / inner
    before, text = of_judging(copied), path.read_text()
    try:
        path.write_text(text + "# An edit.\n")
        assert (of_judging(copied) != before) == matters
    finally:
        path.write_text(text)


def test_a_file_more_and_a_file_moved_are_seen(copied: dict[str, Path]) -> None:
    before = of_judging(copied)
    path = copied["course_utils"] / "checks/another.py"
    path.write_text("")
    try:
        more = of_judging(copied)
        path = path.rename(copied["course_utils"] / "slices/another.py")
        assert len({before, more, of_judging(copied)}) == 3
    finally:
        path.unlink()


def test_what_judges_is_there() -> None:
    for package, names in JUDGING.items():
        for name in names:
            assert (PACKAGES[package] / name).exists(), name

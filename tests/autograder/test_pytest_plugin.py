"""`pytest --submission FILE solutions/moco` and `autograder grade` give the same verdicts."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from autograder.course.config import load_course, secret
from autograder.course.units import Unit
from autograder.grading.grader import Grader
from autograder.intake.submission import read_submission
from autograder.pytest_plugin import CheckFailed
from autograder.results import CheckLine, ExerciseLine
from course_utils.checks.diagnose import Diagnosis, Idea
from course_utils.checks.judge import WRONG
from tests.support import ROOT
from tests.support.notebooks import sources, write


def items(*arguments: str | Path, root: Path = ROOT) -> tuple[dict[str, bool], str]:
    command = [sys.executable, "-m", "pytest", "-rpf", "-p", "no:cacheprovider", *map(str, arguments)]
    run = subprocess.run(command, capture_output=True, text=True, cwd=root, timeout=300)
    found = re.findall(r"(PASSED|FAILED) \S+::(\S+/\S+)", run.stdout)
    return {name: word == "PASSED" for word, name in found}, run.stdout + run.stderr


@pytest.fixture(scope="module")
def submission(tmp_path_factory: pytest.TempPathFactory, moco: Unit) -> Path:
    changes = {
        "moco.enqueue": "def enqueue(queue, pointer, keys):\n    queue[:, pointer:pointer + len(keys)] = keys.T\n    return pointer + len(keys)",
        "moco.momentum_update": "def momentum_update(a, b, m):\n    raise NotImplementedError",
    }
    return write(tmp_path_factory.mktemp("work") / "ada.ipynb", sources(moco, changes))


def test_same_verdicts_as_the_grader(submission: Path, moco: Unit) -> None:
    found, output = items("--submission", submission, "solutions/moco")
    with Grader(moco, secret(ROOT, load_course(ROOT))[0]) as grader:
        result = grader.grade(read_submission(submission, "moco", "ada"))
    expected = {
        f"{id_}/{check.id}": check.passed for id_, entry in result.exercises.items() for check in entry.checks
    }
    assert found == expected, output
    assert set(found.values()) == {True, False}


def test_failures_say_what_is_wrong_without_a_stack_of_ours(submission: Path) -> None:
    _, output = items("--submission", submission, "solutions/moco")
    assert "After the last column comes column 0." in output
    assert "moco.momentum_update: not attempted" in output
    assert "Traceback" not in output
    assert "pytest_plugin.py" not in output


def test_with_a_submission_its_checks_are_all_there_is(submission: Path) -> None:
    found, output = items("--submission", submission, "solutions/moco", "tests/test_arrows.py")
    assert found, output
    assert all(name.startswith("moco.") for name in found), output
    assert "::test_" not in output


def test_without_a_submission_there_are_no_checks() -> None:
    _, output = items("--collect-only", "solutions/moco/enqueue")
    assert "checks.py" not in output
    assert "test_reference.py" in output


def test_a_failure_tells_the_diagnosis() -> None:
    failed = CheckLine(id="a", passed=False, points=0.0, message="is wrong", title="It works.")
    one, other = Idea("one", "One?"), Idea("other", "Other?")

    def said(*ideas: Idea, **more: Any) -> str:
        result = ExerciseLine(score=0.0, max_score=1.0, status=WRONG, diagnosis=Diagnosis(ideas, **more))
        return str(CheckFailed("moco.enqueue", result, failed))

    assert said(one) == "moco.enqueue: wrong\nIt works.\n  is wrong\n  one: One?"
    alike = said(one, other, alternatives=True, separated_by="the gradient")
    assert "  What was seen fits several known mistakes: one, or other. What tells them apart: the" in alike
    assert "  one: One?\n  other: Other?" in said(one, other)


def test_disabled_exercises_are_skipped_and_say_so(submission: Path, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "solutions", tmp_path / "solutions")
    text = (ROOT / "course.toml").read_text()
    course = tmp_path / "course.toml"
    course.write_text(
        text.replace("disabled = []", 'disabled = ["moco.enqueue"]').replace(
            "[points]", '[points]\n"moco.moco_logits" = 9'
        )
    )
    found, output = items("-rpfs", "--submission", submission, "solutions/moco", root=tmp_path)
    assert {name.split("/")[0] for name in found} == {"moco.momentum_update", "moco.moco_logits"}
    assert "moco.enqueue is disabled in course.toml: not graded" in output
    course.write_text(text.replace("disabled = []", 'disabled = ["moco.enqeue"]'))
    _, output = items("--submission", submission, "solutions/moco", root=tmp_path)
    assert "there is no exercise 'moco.enqeue'" in output


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "ada.ipynb").write_text("junk")
    _, output = items("--submission", tmp_path / "ada.ipynb", "solutions/moco")
    assert "is no notebook" in output

"""Answers and notebooks that nobody foresaw, tried on a few exercises; `autograder checks` tries each one's own bank."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
import torch

from autograder.course.units import load_unit
from autograder.grading.grader import Grader
from autograder.intake.submission import Submission, read_submission
from autograder.sandbox.starter import ForkServer, Limits
from course_utils.checks.definition import RightAnswer
from course_utils.checks.judge import CORRECT, Verdict, judge
from course_utils.checks.observe import observe
from course_utils.checks.prepared import PreparedExercise
from tests.corpora.variants import Answer
from tests.corpora.variants.faults import FAULTS, NO_FAULT_IN
from tests.support import ROOT, UNITS
from tests.support.notebooks import write

NOTEBOOKS = ROOT / "tests" / "corpora" / "variants" / "notebooks"
# The units with functions that work in place, return several tensors, or one.
EXERCISES = {
    exercise.id: exercise
    for unit in ("moco", "pretext", "video")
    for exercise in load_unit(ROOT, unit).exercises.values()
}
SECRETS = [f"variant {number}".encode() for number in range(2)]
RIGHT = [(exercise.id, item) for exercise in EXERCISES.values() for item in exercise.right_answers]
# These call functions of torchvision that make the corners of an image on the default device.
ON_THE_DEFAULT_DEVICE = {"torchvision-rotate-bilinear-and-expanded"}
ASKED = [(exercise, item) for exercise, item in RIGHT if item.id not in ON_THE_DEFAULT_DEVICE]


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """Tensors this small are not worth a second thread, which on a busy machine costs five times the work."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@cache
def prepare(exercise: str, secret: bytes, with_bank: bool = False) -> PreparedExercise:
    found = EXERCISES[exercise]
    return (found if with_bank else replace(found, misconceptions=())).prepare(secret)


def verdict(function: Answer, prepared: PreparedExercise) -> Verdict:
    torch.manual_seed(0)
    try:
        seen = {check.id: [observe(function, case) for case in check.cases] for check in prepared.checks}
    finally:
        torch.set_grad_enabled(True)  # which some wrong answers leave off
    return judge(prepared, seen)


@pytest.mark.parametrize(("exercise", "item"), ASKED, ids=[f"{name}/{item.id}" for name, item in ASKED])
def test_a_right_answer_stays_on_the_device_of_its_arguments(exercise: str, item: RightAnswer) -> None:
    """What is made on the default device without being asked has no values here."""

    def elsewhere(*arguments: object) -> object:
        with torch.device("meta"):
            return item.function(*arguments)

    assert verdict(elsewhere, prepare(exercise, SECRETS[0])).status == CORRECT


FAULTY = [
    (exercise, name) for name in FAULTS for exercise in EXERCISES if exercise not in NO_FAULT_IN.get(name, ())
]


@pytest.mark.parametrize(
    ("exercise", "name"), FAULTY, ids=[f"{exercise}/{name}" for exercise, name in FAULTY]
)
def test_nor_does_a_right_one_with_a_fault(exercise: str, name: str) -> None:
    for secret in SECRETS:
        found = verdict(FAULTS[name](EXERCISES[exercise].reference), prepare(exercise, secret))
        assert found.score < found.max_score


@pytest.mark.parametrize(
    ("exercise", "name", "lost"),
    [
        ("moco.momentum_update", "batch-counter-copied", {"buffers-stay"}),
        ("moco.momentum_update", "running-statistics-reset", {"buffers-stay"}),
        ("moco.momentum_update", "whole-state-averaged", {"buffers-stay"}),
        ("moco.enqueue", "pointer-as-a-tensor-otherwise", {"moves-the-pointer", "several-batches"}),
        (
            "moco.enqueue",
            "wraps-to-the-second-column",
            {"wraps-around", "every-offset", "several-batches"},
        ),
    ],
)
def test_one_small_fault_does_not_cost_everything(exercise: str, name: str, lost: set[str]) -> None:
    function = next(item.function for item in EXERCISES[exercise].wrong if item.id == name)
    found = verdict(function, prepare(exercise, SECRETS[0]))
    assert {item.check.id for item in found.checks if not item.passed} == lost


# --- right answers as notebooks -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def graders() -> Iterator[dict[str, Grader]]:
    """A grader for each unit, all with one prepared process in the best sandbox of this machine."""
    limits = Limits(seconds=10.0)
    with ForkServer(limits) as server, ExitStack() as stack:
        yield {
            unit: stack.enter_context(Grader(load_unit(ROOT, unit), SECRETS[0], limits, server=server))
            for unit in UNITS
        }


@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("*.ipy")), ids=lambda path: path.stem)
def test_a_notebook_of_right_answers_gets_full_marks(
    path: Path, graders: dict[str, Grader], tmp_path: Path
) -> None:
    """Through the real path: the file is read, sliced, run in the sandbox."""
    unit = path.stem.partition("_")[0]
    cells = [cell.partition("\n") for cell in path.read_text(encoding="utf-8").split("# %%")[1:]]
    written = write(tmp_path / "ada.ipynb", [(name.strip(), source.strip()) for name, _, source in cells])
    submission = read_submission(written, unit, "ada")
    assert isinstance(submission, Submission)
    result = graders[unit].grade(submission)
    assert result.status == "graded"
    # A unit may have exercises that the notebook says nothing of.
    text = path.read_text(encoding="utf-8")
    answered = {name: item for name, item in result.exercises.items() if name.split(".")[1] in text}
    found = {name: (item.status, item.checks[0].message) for name, item in answered.items()}
    assert found
    assert found == dict.fromkeys(found, (CORRECT, ""))
    assert result.score == sum(item.max_score for item in answered.values())

"""Right answers that nobody foresaw get full marks, wrong ones that no bank lists do not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
import torch

from autograder.course.units import Exercise, load_unit, unit_ids
from autograder.grading.grader import Grader
from autograder.intake.submission import Submission, read_submission
from autograder.sandbox.starter import ForkServer, Limits
from course_utils.checks.definition import Variant
from course_utils.checks.judge import CORRECT, Verdict, judge
from course_utils.checks.observe import observe
from course_utils.checks.prepared import PreparedExercise
from tests.corpora.variants import (  # noqa: F401 - importing the last four fills WRONG
    WRONG,
    Answer,
    wrong_moco,
    wrong_pretext,
    wrong_simclr,
    wrong_video,
)
from tests.corpora.variants.faults import FAULTS, NO_FAULT_IN
from tests.support import ROOT
from tests.support.notebooks import write

NOTEBOOKS = ROOT / "tests" / "corpora" / "variants" / "notebooks"
EXERCISES = {
    exercise.id: exercise for unit in unit_ids(ROOT) for exercise in load_unit(ROOT, unit).exercises.values()
}
SECRETS = [f"variant {number}".encode() for number in range(2)]
FEWEST_VARIANTS = 12


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


# --- right answers ----------------------------------------------------------------------------------------------

RIGHT = [item for exercise in EXERCISES.values() for item in exercise.variants]


@pytest.mark.parametrize("item", RIGHT, ids=lambda item: f"{item.exercise}/{item.id}")
def test_a_right_answer_gets_full_marks(item: Variant) -> None:
    for secret in SECRETS:
        found = verdict(item.function, prepare(item.exercise, secret))
        assert [(item.check.id, item.message, item.place) for item in found.checks if not item.passed] == []
        assert found.score == found.max_score


@pytest.mark.parametrize("exercise", EXERCISES)
def test_no_right_answer_gets_a_diagnosis(exercise: str) -> None:
    prepared = prepare(exercise, SECRETS[0], with_bank=True)
    for item in EXERCISES[exercise].variants:
        found = verdict(item.function, prepared)
        assert (found.status, found.misconception, found.alike, found.fact) == (CORRECT, None, (), ""), (
            item.id
        )


@pytest.mark.parametrize("item", RIGHT, ids=lambda item: f"{item.exercise}/{item.id}")
def test_a_right_answer_stays_on_the_device_of_its_arguments(item: Variant) -> None:
    """What is made on the default device without being asked has no values here."""

    def elsewhere(*arguments: object) -> object:
        with torch.device("meta"):
            return item.function(*arguments)

    assert verdict(elsewhere, prepare(item.exercise, SECRETS[0])).status == CORRECT


@pytest.mark.parametrize("exercise", EXERCISES.values(), ids=lambda exercise: exercise.id)
def test_there_are_many_right_answers_and_none_is_lost(exercise: Exercise) -> None:
    assert len(exercise.variants) >= FEWEST_VARIANTS
    assert len({item.id for item in exercise.variants}) == len(exercise.variants)
    # Two functions of one name in a file: only the second would be there.
    source = (ROOT / "solutions" / exercise.id.split(".")[0] / "variants.py").read_text(encoding="utf-8")
    written = source.replace("Variant(\n    ", "Variant(").lower().count(f'variant("{exercise.id}"')
    assert written == len(exercise.variants)


# --- wrong answers ----------------------------------------------------------------------------------------------

FAULTY = [
    (exercise, name) for name in FAULTS for exercise in EXERCISES if exercise not in NO_FAULT_IN.get(name, ())
]


# What gets full marks all the same, and the check that is missing: to be taken out when there is one.
@pytest.mark.parametrize(
    ("exercise", "function"), WRONG, ids=[f"{name}/{function.__name__}" for name, function in WRONG]
)
def test_a_wrong_answer_does_not(exercise: str, function: Answer) -> None:
    for secret in SECRETS:
        found = verdict(function, prepare(exercise, secret))
        assert found.score < found.max_score
    # With the bank as well: whatever a wrong answer looks like, its diagnosis must not fail.
    assert verdict(function, prepare(exercise, SECRETS[0], with_bank=True)).status != CORRECT


@pytest.mark.parametrize(
    ("exercise", "name"), FAULTY, ids=[f"{exercise}/{name}" for exercise, name in FAULTY]
)
def test_nor_does_a_right_one_with_a_fault(exercise: str, name: str) -> None:
    for secret in SECRETS:
        found = verdict(FAULTS[name](EXERCISES[exercise].reference), prepare(exercise, secret))
        assert found.score < found.max_score


@pytest.mark.parametrize("exercise", EXERCISES)
def test_every_exercise_has_many_wrong_answers(exercise: str) -> None:
    assert sum(name == exercise for name, _ in WRONG) >= FEWEST_VARIANTS


@pytest.mark.parametrize(
    ("exercise", "function", "lost"),
    [
        ("moco.momentum_update", wrong_moco.batch_counter_copied, {"buffers-stay"}),
        ("moco.momentum_update", wrong_moco.running_statistics_reset, {"buffers-stay"}),
        ("moco.momentum_update", wrong_moco.whole_state_averaged, {"buffers-stay"}),
        ("moco.enqueue", wrong_moco.pointer_as_a_tensor, {"moves-the-pointer", "several-batches"}),
        (
            "moco.enqueue",
            wrong_moco.wraps_to_the_second_column,
            {"wraps-around", "every-offset", "several-batches"},
        ),
    ],
)
def test_one_small_fault_does_not_cost_everything(exercise: str, function: Answer, lost: set[str]) -> None:
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
            for unit in unit_ids(ROOT)
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
    found = {name: (item.status, item.checks[0].message) for name, item in result.verdicts.items()}
    assert found == dict.fromkeys(found, (CORRECT, ""))
    assert result.score == result.max_score

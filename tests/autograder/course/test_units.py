"""Every exercise of every unit: references pass, wrong ideas fail under their own names, trivial answers score nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from autograder.course.units import Exercise, load_unit, unit_ids
from autograder.errors import UserError
from course_utils.checks.judge import CORRECT, Verdict, judge
from course_utils.checks.observe import observe
from course_utils.checks.prepared import PreparedExercise
from tests.support import ROOT

EXERCISES = [exercise for unit in unit_ids(ROOT) for exercise in load_unit(ROOT, unit).exercises.values()]
BANK = [(exercise, item) for exercise in EXERCISES for item in exercise.misconceptions]
SECRETS = [f"secret {number}".encode() for number in range(5)]
_prepared: dict[tuple[str, bytes], PreparedExercise] = {}


def prepare(exercise: Exercise, secret: bytes) -> PreparedExercise:
    key = (exercise.id, secret)
    if key not in _prepared:
        _prepared[key] = exercise.prepare(secret)
    return _prepared[key]


def verdict(exercise: Exercise, function: Callable[..., Any], secret: bytes = SECRETS[0]) -> Verdict:
    prepared = prepare(exercise, secret)
    return judge(prepared, {c.id: [observe(function, case) for case in c.cases] for c in prepared.checks})


def test_the_core_is_there() -> None:
    core = {
        "pretext.rotate_batch", "simclr.nt_xent", "moco.moco_logits", "moco.momentum_update", "moco.enqueue",
        "video.colorization_attention", "video.copy_colors",
    }  # fmt: skip
    assert core <= {exercise.id for exercise in EXERCISES}


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda item: item.id)
@pytest.mark.parametrize("secret", SECRETS)
def test_reference_is_correct(exercise: Exercise, secret: bytes) -> None:
    assert verdict(exercise, exercise.reference, secret).status == CORRECT


@pytest.mark.parametrize(("exercise", "item"), BANK, ids=[f"{e.id}/{item.id}" for e, item in BANK])
@pytest.mark.parametrize("secret", SECRETS[:3])
def test_misconception_fails_under_its_own_name(exercise: Exercise, item: Any, secret: bytes) -> None:
    found = verdict(exercise, item.function, secret)
    assert found.score < found.max_score
    assert found.misconception == item.id


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda item: item.id)
def test_at_least_four_misconceptions_each_with_idea_and_hint(exercise: Exercise) -> None:
    assert len(exercise.misconceptions) >= 4
    assert all(item.hint.strip() and item.idea.strip().endswith(".") for item in exercise.misconceptions)


TRIVIAL: dict[str, Callable[..., Any]] = {
    "None": lambda *arguments: None,
    "zeros of the input's shape": lambda *arguments: next(
        (torch.zeros_like(item) for item in arguments if isinstance(item, torch.Tensor)), torch.zeros(())
    ),
    "a zero": lambda *arguments: torch.zeros(()),
    "the first input": lambda *arguments: arguments[0],
    "the last input": lambda *arguments: arguments[-1],
    "a constant": lambda *arguments: 3,
    "a constant tensor": lambda *arguments: torch.ones(()),
    "all inputs": lambda *arguments: arguments,
}


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda item: item.id)
@pytest.mark.parametrize("answer", TRIVIAL)
def test_trivial_answers_score_nothing(exercise: Exercise, answer: str) -> None:
    assert verdict(exercise, TRIVIAL[answer]).score == 0


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda item: item.id)
def test_zeros_of_the_right_shape_score_nothing(exercise: Exercise) -> None:
    def zeros(*arguments: Any) -> Any:
        result = exercise.reference(*arguments)
        if isinstance(result, tuple):
            return tuple(torch.zeros_like(item) for item in result)
        return torch.zeros_like(result) if isinstance(result, torch.Tensor) else result and 0

    # Functions that work in place are called for what they do, not for what they return.
    if exercise.id not in ("moco.enqueue", "moco.momentum_update"):
        assert verdict(exercise, zeros).score == 0


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda item: item.id)
def test_recorded_answers_replayed_score_nothing_where_values_matter(exercise: Exercise) -> None:
    """Whoever answers the visible cases from memory has nothing to say to the hidden ones."""
    visible, _ = exercise.record()
    answers = [expected.quantities.get("result") for check in visible.checks for expected in check.expected]
    replies = iter(answers * 50)
    value_points = sum(
        item.points
        for item in verdict(exercise, lambda *arguments: next(replies)).checks
        if not item.check.side
    )
    assert value_points == 0


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda item: item.id)
def test_some_checks_are_visible_and_some_are_not(exercise: Exercise) -> None:
    assert {check.visible for check in exercise.checks} == {True, False}


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda item: item.id)
def test_float64_layout_and_side_properties_are_checked(exercise: Exercise) -> None:
    assert torch.float64 in {check.dtype for check in exercise.checks}
    assert any(check.side for check in exercise.checks)


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda item: item.id)
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_reference_is_correct_on_cuda(exercise: Exercise) -> None:
    prepared = prepare(exercise, SECRETS[0])
    seen = {c.id: [observe(exercise.reference, case, "cuda") for case in c.cases] for c in prepared.checks}
    assert judge(prepared, seen, "cuda").status == CORRECT


def test_hidden_cases_depend_on_the_secret() -> None:
    for exercise in EXERCISES:
        for check in exercise.checks:
            assert check.seed(b"one") != check.seed(b"another")
            assert check.seed(b"one") == check.seed(b"one")


def test_unknown_unit_names_those_there_are() -> None:
    with pytest.raises(UserError, match="unknown unit 'mocco': there are .*moco"):
        load_unit(ROOT, "mocco")


def test_a_course_overrides_one_file(tmp_path: Path) -> None:
    (tmp_path / "solutions").symlink_to(ROOT / "solutions")
    (tmp_path / "course" / "moco").mkdir(parents=True)
    override = tmp_path / "course" / "moco" / "checks.py"
    override.write_text((ROOT / "solutions/moco/checks.py").read_text().replace("points=1.5", "points=2.5"))
    unit = load_unit(tmp_path, "moco")
    assert unit.paths["checks.py"] == override
    assert unit.paths["reference.py"] == tmp_path / "solutions/moco/reference.py"
    assert sum(e.points for e in unit.exercises.values()) > sum(
        e.points for e in load_unit(ROOT, "moco").exercises.values()
    )


@pytest.mark.parametrize("unit", unit_ids(ROOT))
def test_tables_list_exercises_as_the_notebook_does(unit: str) -> None:
    loaded = load_unit(ROOT, unit)
    text = loaded.paths["notebook.md"].read_text(encoding="utf-8")
    assert list(loaded.exercises) == re.findall(r'^```python exercise="([\w.]+)"', text, re.MULTILINE)

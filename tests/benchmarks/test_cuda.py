"""The benchmark of a GPU, on a machine without one: its sections tell right from wrong, stop in time and say so."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from autograder.course.units import load_unit, unit_ids
from benchmarks import cuda
from benchmarks.device import answers, grading, notebooks
from benchmarks.device.section import Found, Outcome, Share, Task, get_ready, outcomes
from tests.support import ROOT
from tests.support.device_work import work
from tests.support.tiny import make_course


def share(root: Path = ROOT, seconds: float = 600.0) -> Share:
    return Share(root, "cpu", True, time.monotonic() + seconds)


def here(
    work: Callable[..., Outcome], tasks: list[Task], share: Share, **_: Any
) -> Iterator[tuple[Task, Outcome]]:
    """`outcomes` without a process of its own."""
    for task in tasks:
        yield task, work(task, share.device, share.until)


@pytest.fixture(autouse=True, scope="module")
def _ready() -> None:
    get_ready()


# --- the command ----------------------------------------------------------------------------------------------------


def test_without_a_device_it_says_so_and_measures_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(cuda, "measure", None)
    assert cuda.main(["--out", str(tmp_path / "cuda.json")]) == 2
    assert "no CUDA device here" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_it_may_not_take_more_than_eight_minutes(capsys: pytest.CaptureFixture[str]) -> None:
    for minutes in ("9", "-1"):
        with pytest.raises(SystemExit):
            cuda.parse(["--minutes", minutes])
    assert "at most 8" in capsys.readouterr().err
    assert cuda.parse([]).minutes == 8
    assert sum(section.part for section in cuda.SECTIONS) == pytest.approx(1)


def test_results_stand_where_those_of_other_benchmarks_do_but_not_those_of_a_dry_run() -> None:
    assert cuda.parse([]).out == ROOT / "benchmarks/results/cuda.json"
    assert cuda.parse(["--dry"]).out == ROOT / "build/cuda-dry.json"


def test_what_a_section_leaves_over_goes_to_the_next_and_problems_are_counted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shares: list[float] = []

    def section(given: Share) -> Found:
        shares.append(given.left)
        return Found(3, 2, problems=["moco is late"], unfinished=["simclr"], figures={"a": 1})

    monkeypatch.setattr(cuda, "get_ready", lambda: None)
    halves = [cuda.Section("first", 0.5, section), cuda.Section("second", 0.5, section)]
    record = cuda.measure(ROOT, 2.0, dry=True, sections=halves)
    assert shares == pytest.approx([57, 114], abs=2)
    assert record["problems"] == 2
    assert record["sections"]["first"] | {"seconds": 0, "share": 57} == {
        "seconds": 0, "share": 57, "finished": False, "planned": 3, "done": 2, "problems": ["moco is late"],
        "unfinished": ["simclr"], "figures": {"a": 1},
    }  # fmt: skip
    said = capsys.readouterr().out
    assert (
        "first: 2 of 3 in 0 s, stopped at its share of 57 s\n  no time for: simclr\n  PROBLEM: moco is late"
        in said
    )


def test_a_dry_run(tmp_path: Path) -> None:
    out = tmp_path / "cuda.json"
    command = [sys.executable, "-m", "benchmarks.cuda", "--dry", "--out", str(out)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    record = json.loads(out.read_text())
    assert record["dry"]
    assert record["device"]
    assert list(record["sections"]) == [section.name for section in cuda.SECTIONS]
    for name, section in record["sections"].items():
        assert section["planned"] > 0, name
        assert section["finished"] or f"{name}: {section['done']} of" in done.stdout
    exercises = {id_ for unit in unit_ids(ROOT) for id_ in load_unit(ROOT, unit).exercises}
    assert record["sections"]["right answers"]["figures"]["exercises"].keys() == exercises
    # Processes that were stopped leave nothing behind, and complain of nothing.
    assert done.stderr == ""


# --- processes -----------------------------------------------------------------------------------------------------


def test_a_process_that_ends_or_is_of_no_more_use_is_followed_by_another() -> None:
    tasks = [("go",), ("go",), ("die",), ("go",), ("break",), ("go",)]
    found = [outcome for _, outcome in outcomes(work, tasks, share())]
    first, again, dead, second, broken, third = found
    assert first == again
    assert first["device"] == "cpu"
    assert dead == {"died": "its process ended with code 3"}
    assert broken == {"broken": "of no more use"}
    assert len({outcome["process"] for outcome in (first, second, third)}) == 3


def test_what_hangs_is_stopped_when_the_time_is_up() -> None:
    next(outcomes(work, [("go",)], share()))  # so that the next one starts at once
    began = time.monotonic()
    assert [outcome for _, outcome in outcomes(work, [("hang",), ("go",)], share(seconds=5))] == [None, None]
    assert time.monotonic() - began < 30


def test_a_share_of_its_own_stops_one_task_and_leaves_time_for_the_next() -> None:
    found = [outcome for _, outcome in outcomes(work, [("hang",), ("go",)], share(seconds=60), least=1.0)]
    assert found[0] is None
    assert found[1] is not None


# --- answers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "right_problem", "wrong_problem"),
    [
        ((), "", ""),
        (("scale/right.py", "0.25 +", "0.5 +"), r"tiny.scale, right answer 'one-number', draw 1: it is wrong: .*\(on the CPU it is wrong\)", ""),
        (("scale/wrong.py", "values / factor + 0.25", "values * factor + 0.25"), "", "tiny.scale, wrong answer 'divided', draw 1: it is accepted"),
    ],
)  # fmt: skip
def test_right_answers_are_accepted_and_wrong_ones_refused(
    change: tuple[str, ...],
    right_problem: str,
    wrong_problem: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    root = make_course(tmp_path, *([change] if change else []))
    monkeypatch.setattr(answers, "outcomes", here)
    for run, expected in ((answers.right_answers, right_problem), (answers.wrong_answers, wrong_problem)):
        found = run(share(root))
        assert found.done == found.planned == 4
        assert found.figures["exercises"] == {"tiny.scale": 2, "tiny.clear": 2}
        assert len(found.problems) == bool(expected), found.problems
        assert re.search(expected, " ".join(found.problems))
    assert answers.right_answers(share(root)).figures["largest error in tolerances"].keys() == {
        "tiny.scale",
        "tiny.clear",
    }


def test_wrong_answers_are_called_by_their_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "outcomes", here)
    assert answers.wrong_answers(share(make_course(tmp_path))).figures["called by their name"] == 4


@pytest.mark.parametrize(
    ("outcome", "of_right", "of_wrong"),
    [
        ({"status": "correct"}, "", "it is accepted"),
        ({"status": "wrong", "says": "small: no", "on_cpu": "correct"}, "on the CPU it is correct", ""),
        ({"broken": "AcceleratorError: CUDA error: device-side assert triggered"}, "device-side", ""),
        ({"broken": "RuntimeError: CUDA out of memory"}, "out of memory", "out of memory"),
        ({"died": "its process ended with code -9"}, "code -9", "code -9"),
    ],
)
def test_a_broken_device_is_a_problem_but_for_wrong_answers_that_break_it(
    outcome: Outcome, of_right: str, of_wrong: str
) -> None:
    for kind, expected in ((answers.RIGHT, of_right), (answers.WRONG, of_wrong)):
        problem = answers._problem(kind, outcome)
        assert expected in problem
        assert bool(problem) == bool(expected)


def test_a_device_that_breaks_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*_: object) -> None:
        raise RuntimeError("CUDA error: device-side assert triggered\nmore")

    monkeypatch.setattr(answers, "judge", breaks)
    task = (str(make_course(tmp_path)), answers.RIGHT, "tiny.scale", "the reference", 0)
    assert answers.try_answer(task, "cpu", 0.0) == {
        "broken": "RuntimeError: CUDA error: device-side assert triggered"
    }


# --- a class --------------------------------------------------------------------------------------------------------


def graded(**statuses: str) -> dict[str, Any]:
    exercises = {f"tiny.{name}": {"status": status, "checks": []} for name, status in statuses.items()}
    return {"status": "graded", "device": "cuda", "exercises": exercises}


@pytest.mark.parametrize(
    ("result", "wrong", "said"),
    [
        (graded(scale="correct", clear="correct"), "", []),
        (graded(scale="wrong", clear="correct"), "tiny.scale", []),
        (
            graded(scale="correct", clear="correct"),
            "tiny.scale",
            ["the wrong answer to tiny.scale is accepted"],
        ),
        (graded(scale="correct", clear="timeout"), "", ["the reference of tiny.clear is timeout: "]),
        (graded() | {"device": "cpu"}, "", ["was graded on cpu, not on cuda"]),
        ({"status": "unreadable"}, "", ["is unreadable"]),
    ],
)
def test_results_of_a_class_are_looked_through(result: dict[str, Any], wrong: str, said: list[str]) -> None:
    assert grading.complaints(result, wrong, "cuda") == said


def test_a_class_has_somebody_wrong_in_every_exercise(tmp_path: Path) -> None:
    made = grading.students(load_unit(make_course(tmp_path), "tiny"), 2)
    assert list(made.values()) == ["", "tiny.scale", "tiny.scale", "tiny.clear", "tiny.clear"]


def test_a_unit_that_was_not_built_is_named(tmp_path: Path) -> None:
    found = grading.graded_class(share(make_course(tmp_path)))
    assert found.done == 0
    assert "run `autograder build tiny` first" in " ".join(found.problems)


# --- notebooks ------------------------------------------------------------------------------------------------------

TRAINING = """\
weight = torch.nn.Parameter(torch.ones(1, device="cpu"))
optimizer = torch.optim.SGD([weight], lr=0.1)
history = cu.train.train(
    lambda batch, number: (scale(weight, 1.0) ** 2).sum(), [None], optimizer, steps=500
)
assert len(history) == 100
"""


def notebook(root: Path, training: str) -> Outcome:
    """What became of a tiny notebook with this training, in a process of its own."""
    course = make_course(root, ("notebook.md", "print(scale(torch.ones(2), 3.0))", training))
    with (course / "solutions/tiny/notebook.md").open("a") as file:
        file.write("\n```python\nraise RuntimeError('this stands below')\n```\n")
    task = (str(course), "tiny", "check", 100)
    ((_, outcome),) = outcomes(notebooks.train_notebook, [task], share(course))
    assert outcome is not None
    return outcome


def test_a_hundred_steps_of_a_notebooks_training(tmp_path: Path) -> None:
    outcome = notebook(tmp_path, TRAINING)
    (training,) = outcome["trainings"]
    assert (training["steps"], training["device"]) == (100, "cpu")
    assert training["loss"][1] < training["loss"][0]
    assert training["steps a second"] > 0
    assert outcome.keys() == {"trainings"}


def test_a_cell_that_fails_is_named_with_its_line(tmp_path: Path) -> None:
    outcome = notebook(tmp_path, "history = 3\nhistory.append(1)")
    lines = (tmp_path / "solutions/tiny/notebook.md").read_text().splitlines()
    place = f"notebook.md, line {lines.index('```python train=true') + 1}"
    assert outcome["failed"] == f"{place}: AttributeError: 'int' object has no attribute 'append'"


def test_a_training_is_stopped_when_the_time_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    from course_utils import train

    monkeypatch.setattr(train, "train", train.train)
    trainings: list[dict[str, Any]] = []
    # One look at the clock for each step.
    monkeypatch.setattr(notebooks, "time", SimpleNamespace(monotonic=itertools.count(1).__next__))
    notebooks._shorten_training(trainings, 100, until=3)
    weight = torch.ones(1, requires_grad=True)
    history = train.History()
    with pytest.raises(notebooks._TimeIsUp):
        train.train(
            lambda batch, number: weight * 1, [None], torch.optim.SGD([weight]), steps=500, history=history
        )
    assert len(history) == trainings[0]["steps"] == 3


def test_training_elsewhere_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    training = {"steps": 100, "device": "cpu"}
    monkeypatch.setattr(
        notebooks, "outcomes", lambda work, tasks, share, **_: [(tasks[0], {"trainings": [training]})]
    )
    found = notebooks.notebooks_default(Share(ROOT, "cuda", False, time.monotonic() + 60))
    assert found.problems == [f"{unit_ids(ROOT)[0]}: was trained on cpu"]


@pytest.mark.parametrize("unit", unit_ids(ROOT))
def test_every_notebook_trains_something(unit: str) -> None:
    cells = notebooks.cells_to_training(load_unit(ROOT, unit))
    assert cells[-1][0].kind == "train"
    for cell, text in cells:
        compile(text, f"line {cell.line}", "exec")


def test_scenes_take_the_place_of_cifar10(monkeypatch: pytest.MonkeyPatch) -> None:
    from course_utils import data

    monkeypatch.setattr(data, "cifar10", data.cifar10)
    notebooks._without_download()
    made = data.cifar10("test")
    assert made.data.shape[1:] == (32, 32, 3)
    assert str(made.data.dtype) == "uint8"
    assert len(made.targets) == len(made.data)
    assert max(made.targets) < len(made.classes)

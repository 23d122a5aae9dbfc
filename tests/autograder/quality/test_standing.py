"""`autograder checks` tries what is stale and a few more, and CI wants every receipt fresh."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from autograder.cli import app
from autograder.course import receipt
from autograder.course.units import load_unit
from autograder.errors import UserError
from autograder.publish.skeleton import make_skeleton
from autograder.quality import run, standing
from autograder.quality.survey import Plan
from tests.autograder.course.test_receipt import FOUND
from tests.support.tiny import make_course

IDS = [f"unit.exercise_{number}" for number in range(20)]


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The tiny course with fresh receipts."""
    root = make_course(tmp_path)
    exercises = load_unit(root, "tiny").exercises
    for id_, minutes in run.minutes_of(root, exercises).items():
        receipt.write_receipt(exercises[id_], minutes, FOUND, 200)
    monkeypatch.chdir(root)
    return root


def checks(*arguments: str) -> int:
    with pytest.raises(SystemExit) as stopped:
        app(["checks", "--jobs", "1", *arguments])
    return int(stopped.value.code or 0)


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> list[Mapping[str, Plan]]:
    """What the command would try; nothing is."""
    seen: list[Mapping[str, Plan]] = []

    def survey(root: Path, plans: Mapping[str, Plan], **options: Any) -> list[Any]:
        seen.append(plans)
        return []

    monkeypatch.setattr(run, "survey", survey)
    return seen


def seeds(tried: list[Mapping[str, Plan]]) -> dict[str, int]:
    return {id_: plan.seeds for id_, plan in tried[-1].items()}


def test_others_are_picked_with_each_commit(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    found = set()
    for number in range(4):
        subprocess.run(
            ["git", *identity, "commit", "-q", "--allow-empty", "-m", str(number)], cwd=tmp_path, check=True
        )
        picked = standing.picked(tmp_path, IDS, standing.PICKED)
        assert len(picked) == standing.PICKED
        assert standing.picked(tmp_path, IDS[::-1], standing.PICKED) == picked
        found.add(tuple(picked))
    assert len(found) == 4


def test_only_picked_ones_are_tried_where_all_is_fresh(
    course: Path, tried: list[Mapping[str, Plan]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standing, "PICKED", 1)
    assert checks("--fresh") == 1  # the page of the tiny course was never written
    assert list(seeds(tried).values()) == [24]
    assert checks() == 0
    assert checks("--fresh") == 0
    assert checks("--all") == 0
    assert seeds(tried) == {"tiny.scale": 200, "tiny.clear": 200}
    assert checks("tiny.clear") == 0
    assert seeds(tried) == {"tiny.clear": 200}


def test_what_changed_is_tried_under_all_seeds_and_named(
    course: Path, tried: list[Mapping[str, Plan]], monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> None:
    monkeypatch.setattr(standing, "PICKED", 0)
    path = course / "solutions/tiny/clear/wrong.py"
    path.write_text(path.read_text() + "# Changed.\n")
    assert checks("--fresh") == 1
    assert seeds(tried) == {"tiny.clear": 200}
    out = " ".join(capfd.readouterr().out.split())
    assert (
        "tiny/clear/receipt.json: is stale: the exercise has changed, or has no receipt. Run `autograder checks`"
        in out
    )


def test_all_are_tried_under_a_few_seeds_when_the_judging_code_changed(
    course: Path, tried: list[Mapping[str, Plan]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standing, "PICKED", 0)
    monkeypatch.setattr(receipt, "judging_sha256", lambda: "another")
    assert checks() == 0
    assert seeds(tried) == {"tiny.scale": 24, "tiny.clear": 24}


def test_an_unknown_name(course: Path) -> None:
    with pytest.raises(UserError, match=r"unknown exercise 'tiny\.sale': tiny has tiny\.scale, tiny\.clear"):
        standing.exercises_of(course, ["tiny.sale"])


def test_no_receipt_is_written_for_a_bank_that_lacks_depth(course: Path, capfd: Any) -> None:
    (course / "solutions/tiny/scale/receipt.json").unlink()
    assert checks("tiny.scale") == 1
    assert not (course / "solutions/tiny/scale/receipt.json").exists()
    out = " ".join(capfd.readouterr().out.split())
    assert "tiny.scale has 4 misconceptions that can be told apart; an exercise of 5 minutes needs 5" in out


def test_of_a_reference_that_is_not_written_one_thing_is_said(
    course: Path, tried: list[Mapping[str, Plan]], monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> None:
    monkeypatch.setattr(standing, "PICKED", 2)
    make_skeleton(course, "tiny.halve", "def halve(x: Tensor) -> Tensor: ...")
    for option in ([], ["--fresh"], ["tiny.halve"]):
        assert checks(*option) == 1
        lines = [line for line in capfd.readouterr().out.splitlines() if "tiny.halve" in line]
        (line,) = lines
        assert re.search(
            r"halve/reference\.py, line \d+: the reference of tiny\.halve raises in the check 'values'", line
        )
        assert "tiny.halve" not in seeds(tried)
    with pytest.raises(UserError, match=r"the reference of tiny\.halve raises"):
        app(["checks", "--show", "tiny.halve"])


def test_show_asks_for_one_exercise_before_it_computes(course: Path, tried: list[Mapping[str, Plan]]) -> None:
    with pytest.raises(UserError, match=r"--show tiny: name one exercise: tiny\.scale, tiny\.clear"):
        app(["checks", "--show", "tiny"])
    assert not tried


@pytest.mark.parametrize("chosen", ["--all", "tiny.clear", "tiny"])
def test_fresh_asks_for_fresh_receipts_of_whatever_is_tried(
    course: Path, tried: list[Mapping[str, Plan]], capfd: Any, chosen: str
) -> None:
    assert checks() == 0
    assert checks(chosen, "--fresh") == 0
    path = course / "solutions/tiny/clear/wrong.py"
    path.write_text(path.read_text() + "# Changed.\n")
    capfd.readouterr()
    assert checks(chosen, "--fresh") == 1
    assert "tiny/clear/receipt.json: is stale" in " ".join(capfd.readouterr().out.split())
    # All that was asked for is tried, fresh or not.
    assert seeds(tried) == dict.fromkeys(
        ["tiny.clear"] if "." in chosen else ["tiny.scale", "tiny.clear"], 200
    )


def test_show_tells_which_check_refuses_what(course: Path, capfd: Any) -> None:
    assert checks("--show", "tiny.scale") == 0
    out = capfd.readouterr().out
    assert "| divided | refuses | refuses |  |" in out
    assert "| small | visible |" in out


def test_a_page_that_cannot_be_written_is_told(
    course: Path, tried: list[Mapping[str, Plan]], capfd: Any
) -> None:
    (course / "docs").write_text("A file where a folder should be.\n")
    assert checks() == 1
    assert f"{course / 'docs'} cannot be written: " in " ".join(capfd.readouterr().out.split())


def test_receipts_that_cannot_be_written_are_told_with_the_rest(
    course: Path, monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> None:
    exercises = load_unit(course, "tiny").exercises
    results = [
        SimpleNamespace(exercise=item, minutes=5, found=FOUND, seeds=200) for item in exercises.values()
    ]
    monkeypatch.setattr(run, "survey", lambda *arguments, **options: results)
    monkeypatch.setattr("autograder.quality.gate.complaints", lambda results: [])
    monkeypatch.setattr("autograder.quality.page.gate_table", lambda rows: "table")
    monkeypatch.setattr("autograder.quality.page.rows_of", lambda results: [])
    for exercise in exercises.values():
        path = receipt.place_of(exercise)
        path.unlink()
        path.mkdir()  # not even root can write there
    assert checks() == 1
    said = " ".join(capfd.readouterr().out.split())
    for id_, exercise in exercises.items():
        assert f"{receipt.place_of(exercise)} cannot be written: Is a directory" in said
        assert f"The receipt of {id_} was not written" in said

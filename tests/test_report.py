from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from autograder.errors import UserError
from autograder.journal import Journal
from autograder.report.pages import file_name, write
from autograder.report.summary import summarise
from course_utils.checks.judge import WITHHELD


def grade(student: str, score: float | None = 3.0, status: str = "correct", **changes: Any) -> dict[str, Any]:
    diagnosis = (
        {"misconception": "pointer-not-advanced", "hint": "Where next?"} if status == "wrong" else None
    )
    exercise = {
        "score": score or 0.0, "max_score": 4.0, "status": status, "diagnosis": diagnosis,
        "checks": [{"id": "a", "title": "It works.", "visible": True, "passed": status == "correct", "points": score or 0.0, "max_points": 4.0, "message": "" if status == "correct" else "result is too large"}],
    }  # fmt: skip
    made = {
        "student": student, "unit": "moco", "attempt": 1, "submitted_at": None, "late_days": 0, "late_penalty": 0.0, "submission_sha256": "",
        "checks_sha256": "", "release": "0", "versions": {"autograder": "0", "torch": "0"},
        "status": "graded" if score is not None else "unreadable", "score": score, "max_score": 4.0, "sandbox": "none", "device": "cpu",
        "seconds": 0.1, "exercises": {"moco.enqueue": exercise} if score is not None else {}, "flags": [],
    }  # fmt: skip
    return {**made, **changes}


def pages(folder: Path, *grades: dict[str, Any]) -> str:
    with Journal(folder) as journal:
        for item in grades:
            journal.write(item)
    return write(folder).read_text()


def test_numbers_of_a_class() -> None:
    (unit,) = summarise(
        [
            grade("ada", 4.0),
            grade("bob", 0.0, "wrong"),
            grade("cleo", 0.0, "wrong"),
            grade("dora", None),
            grade("eve", 0.0, "not attempted"),
        ]
    )
    assert (unit.graded, len(unit.grades)) == (4, 5)
    assert (unit.mean_score, unit.median_score) == (1.0, 0.0)
    assert list(unit.histogram) == [3, 0, 0, 0, 0, 0, 0, 0, 0, 1]
    (exercise,) = unit.exercises
    assert exercise.misconceptions == [("pointer-not-advanced", "Where next?", ("bob", "cleo"))]
    assert (exercise.checks[0].passed, exercise.checks[0].attempted) == (1, 3)


def test_who_needs_a_person() -> None:
    (unit,) = summarise([grade("ada", 0.0, "timeout"), grade("bob", flags=["2 files"]), grade("cleo")])
    assert [students for students, _ in unit.attention] == [("ada",), ("bob",)]


def test_what_concerns_a_whole_class_is_said_once(tmp_path: Path) -> None:
    grades = [grade(f"s{index}", flags=["time unknown"]) for index in range(9)]
    text = pages(tmp_path, *grades, grade("zoe", flags=["2 files"]))
    assert text.count("time unknown") == 1
    assert "9 students" in text
    assert text.index("2 files") < text.index("time unknown")


def test_a_class_without_one_readable_submission(tmp_path: Path) -> None:
    assert "0 of 1" in pages(tmp_path, grade("ada", None, flags=["the file is empty"]))


def test_names_and_messages_are_escaped(tmp_path: Path) -> None:
    evil = "<script>alert(1)</script>"
    assert evil not in pages(tmp_path, grade(evil, flags=[evil]))
    for page in (tmp_path / "feedback" / "moco").iterdir():
        assert evil not in page.read_text()


def test_a_name_never_leads_out_of_the_folder(tmp_path: Path) -> None:
    pages(tmp_path, grade("../../etc/passwd"))
    (page,) = (tmp_path / "feedback" / "moco").iterdir()
    assert re.fullmatch(r"_\.\._etc_passwd_[0-9a-f]{8}\.html", page.name)
    assert re.fullmatch(r"_[0-9a-f]{8}", file_name(".."))
    assert len(file_name("\u00eb" * 249).encode()) < 250


def test_no_two_students_share_a_page(tmp_path: Path) -> None:
    pages(tmp_path, grade("a/b"), grade("a_b"), grade("a:b"), grade("a_b."))
    assert len(list((tmp_path / "feedback" / "moco").iterdir())) == 4
    assert file_name("a_b") == "a_b"


def test_results_under_other_checks_in_the_same_journal(tmp_path: Path) -> None:
    old = grade("ada")
    old["exercises"]["moco.enqueue"]["checks"] = []
    (unit,) = summarise([old, grade("bob"), grade("cleo", 0.0, "wrong")])
    (check,) = unit.exercises[0].checks
    assert (check.id, check.passed, check.attempted) == ("a", 1, 2)


def test_a_unit_whose_exercises_are_all_disabled(tmp_path: Path) -> None:
    assert "1 of 1" in pages(tmp_path, grade("ada", 0.0, max_score=0.0, exercises={}))


def test_feedback_has_verdict_reason_and_hint(tmp_path: Path) -> None:
    pages(tmp_path, grade("bob", 0.0, "wrong"))
    page = (tmp_path / "feedback/moco/bob.html").read_text()
    for text in ("✗ failed", "result is too large", "Pointer not advanced", "Where next?", "0 of 4"):
        assert text in page


def test_feedback_keeps_what_hidden_checks_ask_and_says_which_checks_wait(tmp_path: Path) -> None:
    made = grade("bob", 0.0, "wrong")
    (check,) = made["exercises"]["moco.enqueue"]["checks"]
    hidden = {**check, "id": "b", "title": "A secret question.", "visible": False}
    side = {**check, "id": "c", "title": "Inputs stay.", "message": WITHHELD}
    made["exercises"]["moco.enqueue"]["checks"] = [check, hidden, side]
    report = pages(tmp_path, made)
    page = (tmp_path / "feedback/moco/bob.html").read_text()
    assert "A secret question." in report
    assert "A secret question." not in page
    assert "A hidden check." in page
    assert page.count("✗ failed") == 2
    assert page.count("○ waits") == 1


def test_feedback_says_what_lateness_cost(tmp_path: Path) -> None:
    pages(tmp_path, grade("ada", 3.0, late_days=2, late_penalty=0.75), grade("bob", 3.0))
    said = "3.75 points, less 0.75 for handing in 2 days late."
    assert said in (tmp_path / "feedback/moco/ada.html").read_text()
    assert "less" not in (tmp_path / "feedback/moco/bob.html").read_text()


def test_an_unreadable_file_is_named_with_the_reason(tmp_path: Path) -> None:
    report = pages(tmp_path, grade("ada", None, flags=["is no readable zip"], file="class/ada.zip"))
    assert "class/ada.zip: is no readable zip" in report
    assert "<code>ada.zip</code>: is no readable zip" in (tmp_path / "feedback/moco/ada.html").read_text()


def test_several_reasons_of_one_student_share_a_row() -> None:
    (unit,) = summarise([grade("ada", flags=["a", "b", "c"]), grade("bob", flags=["c"])])
    assert unit.attention == [(("ada",), ["a", "b"]), (("ada", "bob"), ["c"])]


def test_no_results(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="has no results"):
        write(tmp_path)


def test_no_page_loads_anything_from_the_network(tmp_path: Path) -> None:
    text = pages(tmp_path, grade("ada"))
    assert "http" not in text.replace("http://www.w3.org", "")

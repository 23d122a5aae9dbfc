from __future__ import annotations

import re
from collections.abc import Iterable
from html import unescape
from pathlib import Path
from typing import Any

import msgspec
import pytest

from autograder.errors import UserError
from autograder.grading.grader import UNKNOWN_TIME
from autograder.intake.submission import MARKED_LATE
from autograder.nbgrader.preprocessors import verdict_html
from autograder.report import summary
from autograder.report.attention import FLAGS, STOPPED, near_miss
from autograder.report.items import item_of
from autograder.report.pages import file_name, write_report
from autograder.report.summary import Hints, Recognised, Spread, UnitSummary
from autograder.results import ExerciseLine, Flag, Line, from_json
from course_utils.checks.judge import WITHHELD


def diagnosis(*names: str, **more: Any) -> dict[str, Any]:
    return {"ideas": [{"name": name, "hint": f"{name.capitalize()}?"} for name in names], **more}


def exercise(score: float, status: str) -> dict[str, Any]:
    """The least that a journal says of an exercise: no time, no fact, no help."""
    right = status == "correct"
    hint = {"ideas": [{"name": "pointer-not-advanced", "hint": "Where next?"}]}
    return {
        "score": score, "max_score": 4.0, "status": status, "diagnosis": hint if status == "wrong" else {},
        "checks": [{"id": "a", "title": "It works.", "visible": True, "passed": right, "points": score, "max_points": 4.0, "message": "" if right else "result is too large"}],
    }  # fmt: skip


def wrong(*checks: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A wrong exercise that no misconception explains, with checks that differ in this from a failed one."""
    made = exercise(0.0, "wrong")
    made["checks"] = [
        {**made["checks"][0], "id": str(number), **check} for number, check in enumerate(checks or [{}])
    ]
    return {**made, "diagnosis": {}, **changes}


def grade(student: str, score: float | None = 3.0, status: str = "correct", **changes: Any) -> dict[str, Any]:
    made = {
        "person": {"key": student, "name": student}, "student": student, "unit": "moco", "attempt": 1, "submitted_at": None, "late_days": 0, "late_penalty": 0.0, "submission_sha256": "",
        "checks_sha256": "", "release": "0", "versions": {"autograder": "0", "torch": "0"},
        "status": "graded" if score is not None else "unreadable", "score": score, "max_score": 4.0, "sandbox": "none", "device": "cpu",
        "seconds": 0.1, "exercises": {"moco.enqueue": exercise(score, status)} if score is not None else {}, "flags": [],
    }  # fmt: skip
    return {**made, **changes}


def lines(grades: Iterable[dict[str, Any]]) -> list[Line]:
    """As lines; flags that are texts are the staff's."""
    made = []
    for item in grades:
        audience = "student" if item["score"] is None else "staff"
        flags = [
            {"kind": "several-files", "text": flag, "audience": audience}
            if isinstance(flag, str)
            else msgspec.to_builtins(flag)
            for flag in item["flags"]
        ]
        made.append(from_json({**item, "flags": flags}))
    return made


def summarise(grades: Iterable[dict[str, Any]]) -> list[UnitSummary]:
    return summary.summarise(lines(grades))


def pages(folder: Path, *grades: dict[str, Any]) -> str:
    return write_report(folder, lines(grades)).read_text()


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
    assert unit.misconceptions == [
        Recognised("moco.enqueue", "pointer-not-advanced", "Where next?", ["bob", "cleo"])
    ]
    assert (exercise.checks[0].item.passed, exercise.checks[0].item.tried) == (1, 3)


def test_who_needs_a_person() -> None:
    (unit,) = summarise([grade("ada", 0.0, "timeout"), grade("bob", flags=["2 files"]), grade("cleo")])
    assert list(unit.attention) == [STOPPED, FLAGS]
    assert [[who for who, _ in groups] for groups in unit.attention.values()] == [[("ada",)], [("bob",)]]


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


def test_a_unit_never_leads_out_of_the_folder(tmp_path: Path) -> None:
    text = pages(tmp_path / "out", grade("ada", unit="../../../evil"))
    (folder,) = (tmp_path / "out/feedback").iterdir()
    assert folder.name == file_name("../../../evil")
    assert list(tmp_path.iterdir()) == [tmp_path / "out"]
    assert f"feedback/{folder.name}/ada.html" in text


def test_feedback_has_no_flag_that_only_a_newer_version_knows(tmp_path: Path) -> None:
    flag = Flag(kind="copied", text="as bob has it", audience="student")
    report = pages(tmp_path, grade("ada", flags=[flag]))
    assert flag.text in report
    assert flag.text not in (tmp_path / "feedback/moco/ada.html").read_text()


def test_no_two_students_share_a_page(tmp_path: Path) -> None:
    pages(tmp_path, grade("a/b"), grade("a_b"), grade("a:b"), grade("a_b."))
    assert len(list((tmp_path / "feedback" / "moco").iterdir())) == 4
    assert file_name("a_b") == "a_b"
    # Somebody who takes the name of another's page for their own.
    assert file_name(file_name("O'Brien")) != file_name("O'Brien")


def test_results_under_other_checks_in_the_same_journal(tmp_path: Path) -> None:
    old = grade("ada")
    old["exercises"]["moco.enqueue"]["checks"] = []
    (unit,) = summarise([old, grade("bob"), grade("cleo", 0.0, "wrong")])
    (check,) = unit.exercises[0].checks
    assert (check.id, check.item.passed, check.item.tried) == ("a", 1, 2)


def test_a_unit_whose_exercises_are_all_disabled(tmp_path: Path) -> None:
    assert "1 of 1" in pages(tmp_path, grade("ada", 0.0, max_score=0.0, exercises={}))


def test_feedback_has_verdict_reason_and_hint(tmp_path: Path) -> None:
    pages(tmp_path, grade("bob", 0.0, "wrong"))
    page = (tmp_path / "feedback/moco/bob.html").read_text()
    for text in ("✗ failed", "result is too large", "Pointer not advanced", "Where next?", "0 of 4"):
        assert text in page


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.0123, "under 1 s"), (0.987, "under 1 s"), (1.99, "1 s"), (12.7, "12 s")],
)
def test_students_are_told_whole_seconds(tmp_path: Path, seconds: float, told: str) -> None:
    """How long a call takes may depend on what is hidden from the student."""
    timed = {**exercise(4.0, "correct"), "seconds": seconds}
    made = grade("bob", 4.0, seconds=seconds, exercises={"moco.enqueue": timed})
    report = pages(tmp_path, made)
    page = (tmp_path / "feedback/moco/bob.html").read_text()
    assert f"Time used: {told}<" in page
    assert f"<b>{told}</b>" in page
    assert not re.search(r"\d\.\d+ s\b", page)
    assert f"{seconds:.2g} s" in report or seconds > 10, "the staff is told more"
    line = lines([made])[0].exercises["moco.enqueue"]
    assert f"Time used: {told}<" in verdict_html("moco.enqueue", line, 4.0)


def test_feedback_keeps_what_hidden_checks_ask_and_says_which_checks_wait(tmp_path: Path) -> None:
    made = grade("bob", 0.0, "wrong")
    (check,) = made["exercises"]["moco.enqueue"]["checks"]
    hidden = {**check, "id": "b", "title": "A secret question.", "visible": False}
    side = {**check, "id": "c", "title": "Inputs stay.", "message": WITHHELD, "waits": True}
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
    assert unit.attention == {FLAGS: [(("ada",), ["a", "b"]), (("ada", "bob"), ["c"])]}


def test_no_results(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="has no results"):
        write_report(tmp_path, [])


def test_no_page_loads_anything_from_the_network(tmp_path: Path) -> None:
    pages(tmp_path, grade("ada"))
    for page in tmp_path.rglob("*.html"):
        text = page.read_text()
        assert "default-src 'none'" in text
        assert "//" not in re.sub(r"(?s)<script>.*?</script>|base64,[^\"]*", "", text)


# --- what is new in the journal -------------------------------------------------------------------------------------


def test_feedback_tells_the_student_how_the_file_was_read_and_the_staff_the_rest(tmp_path: Path) -> None:
    text = "to be looked at: moco.enqueue uses os"
    # Whatever the words are: the audience decides.
    own = Flag(kind="renamed-file", text=f"{text} and more", audience="student")
    suspicion = Flag(kind="suspicious", text=text, audience="staff")
    report = unescape(pages(tmp_path, grade("ada", flags=[own, suspicion, UNKNOWN_TIME, MARKED_LATE])))
    page = unescape((tmp_path / "feedback/moco/ada.html").read_text())
    assert f"<li>{own.text}</li>" in page
    for flag in (suspicion, UNKNOWN_TIME, MARKED_LATE):
        assert f"<li>{flag.text}</li>" not in page
        assert flag.text in report


def test_feedback_has_time_fact_and_what_tells_mistakes_apart(tmp_path: Path) -> None:
    made = grade("bob", 0.0)
    made["exercises"]["moco.enqueue"] = wrong(
        diagnosis=diagnosis(
            "keys-detached", "no-grad", alternatives=True, separated_by="gradient with respect to keys", fact="right values, but wrong gradients"
        ), seconds=0.0234,
    )  # fmt: skip
    pages(tmp_path, made)
    page = (tmp_path / "feedback/moco/bob.html").read_text()
    assert "keys detached, or no grad. What tells them apart: gradient with respect to keys." in page
    assert "right values, but wrong gradients" in page
    assert "under 1 s" in page
    assert "0.023" not in page


def one_number(message: str) -> dict[str, Any]:
    window = {
        "quantity": "result",
        "called": "pointer 3",
        "rows": [0],
        "columns": [0],
        "of": [1, 1],
        "got": [[6]],
        "expected": [[1]],
        "wrong": [[True]],
    }
    return {"id": "a", "visible": True, "message": message, "shown": window}


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (
            "In the notebook's own case: result is 5 too large",
            "In the notebook’s own case (pointer 3): result is 5 too large: 6, expected 1.",
        ),
        (
            "result is wrong; in the notebook's own case: result is 5 too large",
            "result is wrong In the notebook’s own case (pointer 3): result is 5 too large: 6, expected 1.",
        ),
        ("result is wrong", "result is wrong The notebook’s own case (pointer 3): result is 6, expected 1."),
    ],
)
def test_message_and_numbers_of_the_own_case_are_one_sentence(
    tmp_path: Path, message: str, said: str
) -> None:
    result = wrong(one_number(message))
    write_report(tmp_path, lines([grade("ada", exercises={"moco.enqueue": result})]))
    page = (tmp_path / "feedback" / "moco" / "ada.html").read_text(encoding="utf-8")
    verdict = verdict_html("moco.enqueue", msgspec.convert(result, ExerciseLine), 5)
    for html in (page, verdict):
        words = (
            " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split()).replace(" ,", ",").replace(" .", ".")
        )
        assert said in words
        assert words.lower().count("own case") == 1


def test_of_a_hidden_check_no_numbers_are_shown_even_if_the_journal_had_some(tmp_path: Path) -> None:
    shown = {"quantity": "result", "called": "", "part": "", "rows": [0], "columns": [0], "of": [1, 1], "got": [[123.5]], "expected": [[321.5]], "wrong": [[True]]}  # fmt: skip
    made = grade("bob", 0.0)
    made["exercises"]["moco.enqueue"] = wrong({"visible": False, "shown": shown})
    pages(tmp_path, made)
    assert "321.5" not in (tmp_path / "feedback/moco/bob.html").read_text()
    made["exercises"]["moco.enqueue"] = wrong({"visible": True, "shown": shown})
    pages(tmp_path, made)
    assert (
        "result is <b>123.5</b>, expected <b>321.5</b>" in (tmp_path / "feedback/moco/bob.html").read_text()
    )


PASSED = {"passed": True, "message": ""}


@pytest.mark.parametrize(
    ("result", "near"),
    [
        (wrong({}, PASSED, PASSED), "all right but for one check (It works.)"),
        (wrong({}, {}, PASSED), ""),
        (wrong({}, {"message": WITHHELD}, {"message": WITHHELD}), ""),
        (wrong({"side": True}, {"side": True}, PASSED), "fails in side checks only (It works.; It works.)"),
        (wrong({"off_by": 0.003}, {"off_by": 1e-5}, PASSED), "its values are off by no more than 0.3 % of the largest"),
        (wrong({"off_by": 0.003}, {}, PASSED), ""),
        (wrong({}, {}, diagnosis=diagnosis("a", "b", alternatives=True)), "one of several known mistakes: a, b"),
        (wrong({}, PASSED, diagnosis=diagnosis("a")), ""),
        (wrong({}, PASSED, diagnosis=diagnosis("a", "b")), ""),
        (wrong({}, PASSED, status="error"), ""),
        (exercise(4.0, "correct"), ""),
    ],
)  # fmt: skip
def test_near_misses(result: dict[str, Any], near: str) -> None:
    assert near_miss(msgspec.convert(result, ExerciseLine)) == near


def test_difficulty_and_discrimination() -> None:
    # Passing goes with the rest, up to one who passes with little and one who fails with much.
    answers = [(True, 9.0)] * 5 + [(True, 1.0)] + [(False, 1.0)] * 5 + [(False, 9.0)]
    item = item_of(answers)
    assert (item.passed, item.tried, item.share) == (6, 12, 0.5)
    assert item.discrimination == pytest.approx(2 / 3)
    assert not item.is_strange
    assert item_of([(not right, rest) for right, rest in answers]).is_strange


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ([], "fewer than 10 tried"),
        ([(True, 1.0), (False, 0.0)] * 4, "fewer than 10 tried"),
        ([(True, float(n)) for n in range(12)], "all passed"),
        ([(False, float(n)) for n in range(12)], "nobody passed"),
        ([(n > 5, 3.0) for n in range(12)], "all have the same on the rest"),
    ],
)
def test_where_discrimination_says_nothing_it_says_why(
    answers: list[tuple[bool, float]], reason: str
) -> None:
    item = item_of(answers)
    assert (item.discrimination, item.reason) == (None, reason)


def test_the_rest_is_without_the_question_and_without_what_lateness_costs() -> None:
    grades = []
    for number in range(12):
        made = grade(f"s{number}", 0.0, "correct" if number % 2 else "wrong", late_penalty=3.0)
        made["exercises"]["moco.enqueue"]["score"] = 4.0 * (number % 2)
        made["exercises"]["moco.moco_logits"] = wrong(score=2.0)
        grades.append(made)
    (unit,) = summarise(grades)
    assert unit.exercises[0].item.reason == "all have the same on the rest"


def test_hints_time_and_late_ones_of_a_class() -> None:
    ada, bob, cleo = grade("ada", late_days=2), grade("bob", 0.0, "wrong", seconds=3.0), grade("cleo")
    ada["exercises"]["moco.enqueue"] |= {"help": {"asked": 3, "level": 2}, "seconds": 0.5}
    bob["exercises"]["moco.enqueue"] |= {"help": {"asked": 1, "level": 2}, "seconds": 0.75}
    cleo["exercises"]["moco.enqueue"] |= {"help": None, "seconds": 0.1}
    (unit,) = summarise([ada, bob, cleo])
    assert unit.exercises[0].hints == Hints(["ada", "bob"], 4, {2: 2})
    assert unit.exercises[0].seconds == Spread(0.5, 0.75, "bob")
    assert unit.seconds == Spread(0.1, 3.0, "bob")
    assert unit.late == [(2, ["ada"])]


def test_wrong_answers_that_nothing_explains_are_counted_apart(tmp_path: Path) -> None:
    made = grade("bob", 0.0)
    made["exercises"]["moco.enqueue"] = wrong()
    (unit,) = summarise([made, grade("ada", 0.0, "wrong")])
    assert unit.unexplained == [Recognised("moco.enqueue", "", "", ["bob"])]
    assert [found.students for found in unit.misconceptions] == [["ada"]]


def test_names_and_addresses_of_units_in_one_report(tmp_path: Path) -> None:
    text = pages(tmp_path, grade("ada"), grade("ada", unit="video"))
    assert text.index('id="moco"') < text.index('id="video"')


def test_mistakes_that_look_alike_are_counted_as_one() -> None:
    made = grade("bob", 0.0)
    made["exercises"]["moco.enqueue"] = wrong(diagnosis=diagnosis("one", "other", alternatives=True))
    (unit,) = summarise([made])
    assert not unit.unexplained
    assert unit.misconceptions == [Recognised("moco.enqueue", "one, or other", "", ["bob"])]


def test_two_mistakes_at_once_count_for_both() -> None:
    both = grade("ada", 0.0, "wrong")
    exercise = both["exercises"]["moco.enqueue"]
    exercise["diagnosis"] = diagnosis("one", "other")
    (unit,) = summarise([both, grade("bob", 0.0, "wrong")])
    assert [(item.id, list(item.students)) for item in unit.misconceptions] == [
        ("one", ["ada"]), ("other", ["ada"]), ("pointer-not-advanced", ["bob"]),
    ]  # fmt: skip

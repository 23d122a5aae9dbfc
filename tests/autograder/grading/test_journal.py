from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any, get_args

import pytest
from msgspec.structs import replace

from autograder.errors import UserError
from autograder.grading.journal import NAME, Contents, Journal, read_journal, says_the_same
from autograder.results import (
    CheckLine,
    ExerciseLine,
    ExerciseStatus,
    Flag,
    Line,
    Person,
    Window,
    Written,
    for_student,
    from_format_1,
    texts,
    to_json,
)
from course_utils.checks import judge
from course_utils.checks.diagnose import Diagnosis, Idea
from course_utils.slices import slicing
from course_utils.slices.help import Help
from tests.support import ROOT


def line(student: str, score: float, **more: Any) -> Line:
    person = Person(key=student, name=student)
    made = Line(person=person, student=student, unit="moco", status="graded", score=score, max_score=5.0)
    return replace(made, **more)


def test_last_line_wins(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        journal.write(line("ada", 1))
        journal.write(line("bob", 2))
        journal.write(line("ada", 3))
    assert {key[0]: value.score for key, value in read_journal(tmp_path).lines.items()} == {
        "ada": 3,
        "bob": 2,
    }


def test_readable_after_a_cut_at_any_byte(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        journal.write(line("ada", 1))
        journal.write(line("zoë", 2))
    whole = (tmp_path / NAME).read_bytes()
    first = whole.index(b"\n") + 1
    for cut in range(len(whole)):
        (tmp_path / NAME).write_bytes(whole[:cut])
        with Journal(tmp_path) as journal:
            journal.write(line("eve", 5))
        found = read_journal(tmp_path).lines
        assert ("eve", "moco") in found
        assert (("ada", "moco") in found) == (cut >= first - 1)


def test_each_line_is_on_the_disk_at_once(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        journal.write(line("ada", 1))
        assert len(read_journal(tmp_path).lines) == 1


def test_zeros_where_a_power_cut_lost_a_line(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        journal.write(line("ada", 1))
    with (tmp_path / NAME).open("ab") as file:
        file.write(b"\0" * 100)
    with Journal(tmp_path) as journal:
        journal.write(line("bob", 2))
    assert {student for student, _ in read_journal(tmp_path).lines} == {"ada", "bob"}


def test_lines_that_are_no_results_are_passed_over(tmp_path: Path) -> None:
    strange = b'[1]\n"x"\n{"student": "ada"}\n{"student": [], "unit": "moco"}\n\n'
    with Journal(tmp_path) as journal:
        journal.write(line("bob", 1))
    (tmp_path / NAME).write_bytes(strange + (tmp_path / NAME).read_bytes())
    found = read_journal(tmp_path)
    assert list(found.lines) == [("bob", "moco")]
    assert list(found.damaged) == [1, 2, 3, 4]


def test_what_says_the_same() -> None:
    one = line("ada", 1.0, seconds=0.1)
    flag = Flag(kind="several-files", text="two", audience="staff")
    assert says_the_same(one, replace(one, seconds=0.2))
    assert not says_the_same(one, replace(one, score=2.0))
    assert not says_the_same(one, replace(one, flags=(flag,)))
    assert not says_the_same(replace(one, flags=(flag,)), one)
    assert not says_the_same(one, None)

    def of(score: float, seconds: float) -> Line:
        entry = ExerciseLine(score=score, max_score=2.0, status="wrong", seconds=seconds)
        return replace(one, exercises={"a.b": entry})

    assert says_the_same(of(1.0, 0.1), of(1.0, 0.2))
    assert not says_the_same(of(1.0, 0.1), of(2.0, 0.1))


def test_a_line_is_read_as_it_was_written(tmp_path: Path) -> None:
    window = Window(
        quantity="result", rows=(0,), columns=(0, 1), of=(1, 2), got=(("nan", 7),), expected=((0.5, 7),), wrong=((True, False),)
    )  # fmt: skip
    check = CheckLine(id="a", passed=False, points=0.0, message="is wrong", off_by=0.001, shown=window)
    known = Diagnosis((Idea("one", "One?", ("a",)),), "right, except for a batch of one")
    entry = ExerciseLine(
        score=0.0, max_score=2.0, status="wrong", diagnosis=known, checks=(check,), help=Help(2, 3)
    )
    written = {"moco-q1": Written(score=1.5, max_score=2.0, comment="See me.")}
    whole = line(
        "ada",
        1.0,
        exercises={"a.b": entry},
        written=written,
        versions={"torch": "2"},
        due="2026-01-01T00:00:00Z",
    )
    with Journal(tmp_path) as journal:
        assert journal.write(whole) == whole
    assert list(read_journal(tmp_path).lines.values()) == [whole]


def test_keys_of_a_newer_version_are_passed_over(tmp_path: Path) -> None:
    made = to_json(line("ada", 1.0)) | {
        "mood": "good",
        "flags": [{"kind": "x", "text": "y", "audience": "staff", "z": 1}],
    }
    (tmp_path / NAME).write_text(json.dumps(made))
    (found,) = read_journal(tmp_path).lines.values()
    assert found.flags == (Flag(kind="x", text="y", audience="staff"),)


def test_the_last_line_of_a_key_wins_whatever_the_name(tmp_path: Path) -> None:
    named = line("Ada", 2, person=Person(key="1003", name="Ada"))
    with Journal(tmp_path) as journal:
        journal.write(line("ada", 1, person=Person(key="1003", name="ada")))
        journal.write(line("Ada", 1))
        journal.write(named)
    assert {key: found.score for key, found in read_journal(tmp_path).lines.items()} == {
        ("1003", "moco"): 2,
        ("Ada", "moco"): 1,
    }


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": 3}, "line 2: is of format 3, and this autograder knows 1 and 2"),
        ({"format": 3, "person": "ada"}, "line 2: is of format 3"),
        ({"format": "2"}, "line 2: is of format '2', and this autograder knows 1 and 2"),
        ({"format": True}, "line 2: is of format True, and"),
        ({"format": None}, "line 2: is of format None, and"),
        ({"status": "splendid"}, "line 2: is no result .*splendid.*: was it edited"),
        (
            {"exercises": {"moco.enqueue": {"score": 0, "max_score": 1, "status": "so-so"}}},
            "line 2: .*so-so.*edited",
        ),
        ({"flags": [{"kind": "x", "text": "y", "audience": "everyone"}]}, "line 2: .*everyone"),
        ({"score": "1"}, "line 2: is no result .*score.*: was it edited"),
        ({"flags": ["two"]}, "line 2: is no result"),
    ],
)
def test_what_this_version_does_not_know_is_refused(
    tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    made = [to_json(line("ada", 1.0)), to_json(line("bob", 1.0)) | change]
    (tmp_path / NAME).write_text("\n".join(map(json.dumps, made)))
    with pytest.raises(UserError, match=said):
        read_journal(tmp_path)


# --- damaged lines --------------------------------------------------------------------------------------------------


def read_bytes(folder: Path, *lines: bytes) -> Contents:
    (folder / NAME).write_bytes(b"".join(lines))
    return read_journal(folder)


def as_bytes(student: str, **change: Any) -> bytes:
    return json.dumps(to_json(line(student, 1.0)) | change).encode() + b"\n"


@pytest.mark.parametrize(
    "damaged", [b'{"format": 2, "person": {"ke', b"\xff\xfe", b"[1,2]", b"null", b"\0" * 9, b"{}"]
)
def test_a_damaged_line_is_passed_over_and_told(tmp_path: Path, damaged: bytes) -> None:
    found = read_bytes(tmp_path, as_bytes("ada"), damaged + b"\n", as_bytes("bob"))
    assert [student for student, _ in found.lines] == ["ada", "bob"]
    assert (dict(found.damaged), found.cut_off) == ({2: ""}, None)
    (said,) = found.notices()
    assert said.startswith(f"1 damaged line passed over (first: {tmp_path / NAME}, line 2). ")


def test_several_damaged_lines_are_counted_and_the_first_is_named(tmp_path: Path) -> None:
    found = read_bytes(tmp_path, as_bytes("ada"), b"\n", b"[1]\n", as_bytes("bob"), b"null\n")
    (said,) = found.notices()
    assert said.startswith(f"2 damaged lines passed over (first: {tmp_path / NAME}, line 3). ")


def test_the_last_line_of_an_interrupted_run_is_cut_off_and_not_damaged(tmp_path: Path) -> None:
    found = read_bytes(tmp_path, as_bytes("ada"), as_bytes("bob")[:50])
    assert (list(found.lines), dict(found.damaged), found.cut_off) == ([("ada", "moco")], {}, 2)
    (said,) = found.notices()
    assert said.startswith(f"{tmp_path / NAME}, line 2: is cut off, as an interrupted run leaves it; ")
    # One that lacks nothing but its end says all.
    assert read_bytes(tmp_path, as_bytes("ada"), as_bytes("bob")[:-1]).notices() == []


@pytest.mark.parametrize("unit", ["../../../evil", "..", "/etc", "a/b", "a\\b", "", "a\0b", "moco\n"])
def test_a_unit_that_is_no_name_is_damage(tmp_path: Path, unit: str) -> None:
    found = read_bytes(tmp_path, as_bytes("ada", unit=unit))
    assert (found.lines, found.damaged) == ({}, {1: f"{unit!r} is no name of a unit"})
    assert f"line 1: {unit!r} is no name of a unit" in found.notices()[0]


@pytest.mark.parametrize("name", ["submitted_at", "due", "extension"])
@pytest.mark.parametrize("text", ["yesterday", "", "2026-13-01T00:00:00+00:00", "2026-01-01T00:00:00"])
def test_a_moment_that_is_none_is_damage(tmp_path: Path, name: str, text: str) -> None:
    found = read_bytes(
        tmp_path, as_bytes("ada", **{name: text}), as_bytes("bob", **{name: "2026-01-01T00:00:00Z"})
    )
    assert [student for student, _ in found.lines] == ["bob"]
    assert found.damaged == {1: f"{name} is {text!r}, which is no moment in ISO 8601 with a time zone"}


def test_every_status_that_a_verdict_can_have_is_one_of_a_line() -> None:
    statuses = {
        value
        for name, value in vars(judge).items()
        if name.isupper() and name != "WITHHELD" and isinstance(value, str)
    }
    assert statuses == set(get_args(ExerciseStatus))


def test_students_are_told_no_flag_of_a_kind_that_is_not_known() -> None:
    known, unknown = (Flag(kind=kind, text="x", audience="student") for kind in ("renamed-file", "copied"))
    slices = [
        Flag(kind=value, text="x", audience="student")
        for name, value in vars(slicing).items()
        if name
        in (
            "SEVERAL_CELLS",
            "FOUND_BY_NAME",
            "SEVERAL_DEFINITIONS",
            "WRAPPED",
            "WRAPPED_TOO_LATE",
            "IMPORTS_LENT",
        )
    ]
    assert len(slices) == 6
    assert for_student([known, unknown, *slices]) == [known, *slices]


# --- format 1, as an earlier version wrote it -----------------------------------------------------------------------


@pytest.fixture
def old(tmp_path: Path) -> dict[str, Line]:
    (tmp_path / NAME).write_bytes((ROOT / "tests/corpora/journals/format-1.jsonl").read_bytes())
    return {found.student: found for found in read_journal(tmp_path).lines.values()}


def test_of_an_old_journal_the_staff_alone_reads_the_flags(old: dict[str, Line]) -> None:
    assert list(old) == ["ada", "cleo", "dora", "junk"]
    flags = [flag for found in old.values() for flag in found.flags]
    assert len(flags) == 6
    assert {(flag.kind, flag.audience) for flag in flags} == {("old", "staff")}
    assert "to be looked at: tiny.scale uses ctypes" in texts(old["ada"].flags)


def test_an_old_journal_says_what_it_said(old: dict[str, Line]) -> None:
    ada, cleo, dora, junk = old.values()
    assert (ada.format, ada.person.key, ada.score, ada.max_score) == (1, "ada", 2.0, 5.0)
    scale = ada.exercises["tiny.scale"]
    assert scale.diagnosis.misconception == "divided"
    assert scale.diagnosis.ideas[0].hint == "What does a factor of two do to the values?"
    assert [check.passed for check in scale.checks] == [False, False, False]
    assert scale.checks[0].shown is not None and scale.checks[0].shown.wrong[0][0]
    assert cleo.exercises["tiny.scale"].status == "error"
    assert (dora.late_days, dora.score, dora.late_penalty) == (2, 2.8, 0.7)
    assert dora.exercises["tiny.scale"].diagnosis.fact == "right values, but wrong gradients"
    assert (junk.status, junk.score) == ("unreadable", None)


def test_an_old_line_may_say_that_it_is_one(tmp_path: Path, old: dict[str, Line]) -> None:
    whole = (ROOT / "tests/corpora/journals/format-1.jsonl").read_text(encoding="utf-8").splitlines()
    (tmp_path / NAME).write_text("\n".join(json.dumps({"format": 1} | json.loads(text)) for text in whole))
    assert {found.student: found for found in read_journal(tmp_path).lines.values()} == old


def test_mistakes_of_an_old_journal() -> None:
    entry = {"score": 0.0, "max_score": 1.0, "status": "wrong", "diagnosis": None, "checks": []}
    ideas = [{"misconception": name, "hint": f"{name}?"} for name in ("one", "other")]
    several = {
        "a.b": entry | {"alike": ["one", "other"], "separated_by": "z"},
        "a.c": entry | {"together": ideas},
    }
    found = from_format_1(
        {
            "student": "ada",
            "unit": "a",
            "status": "graded",
            "score": 0.0,
            "max_score": 2.0,
            "exercises": several,
        }
    ).exercises
    assert [idea.name for idea in found["a.b"].diagnosis.alike] == ["one", "other"]
    assert found["a.b"].diagnosis.separated_by == "z"
    assert [idea.hint for idea in found["a.c"].diagnosis.together] == ["one?", "other?"]


def test_nothing_there(tmp_path: Path) -> None:
    found = read_journal(tmp_path)
    assert (found.lines, found.damaged, found.cut_off, found.notices()) == ({}, {}, None, [])


def test_full_disk_and_places_that_cannot_be_written(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    (tmp_path / NAME).symlink_to("/dev/full")
    with Journal(tmp_path) as journal, pytest.raises(OSError, match="No space left"):
        journal.write(line("ada", 1))
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be written"), Journal(tmp_path / "file" / "out"):
        pass


def test_a_line_that_could_not_be_finished_spoils_no_other(tmp_path: Path) -> None:
    class Full(io.BytesIO):
        def write(self, data: Any) -> int:
            return super().write(data[:10])

    with Journal(tmp_path) as journal:
        whole, journal._file = journal._file, Full()
        with pytest.raises(OSError, match="No space left"):
            journal.write(line("ada", 1))
        journal._file = whole
        journal.write(line("bob", 2))
    assert (tmp_path / NAME).read_bytes().startswith(b"\n{")


def test_a_name_that_is_no_text(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        journal.write(line("J\udcfcrg", 1))
    assert len(read_journal(tmp_path).lines) == 1


def test_lines_are_inert_on_a_terminal_and_names_stay_as_they_are(tmp_path: Path) -> None:
    name = "zoë\x1b[2J\x9b31m\u202eada\u2066\u2028\U000e0041"
    with Journal(tmp_path) as journal:
        journal.write(line(name, 1))
    text = (tmp_path / NAME).read_text(encoding="utf-8")
    assert "zoë" in text
    assert not set(name) - set("zoë[2J31mada") & set(text)
    assert list(read_journal(tmp_path).lines) == [(name, "moco")]


def test_what_many_results_say_alike_is_one_object_and_what_they_do_not_is_not(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        for student, passed in (("ada", True), ("bob", True), ("eve", False)):
            check = CheckLine(id="a", passed=passed, points=0.0)
            entry = ExerciseLine(score=0.0, max_score=1.0, status="wrong", checks=(check,))
            journal.write(line(student, 1, exercises={"moco.enqueue": entry}))
    checks = [found.exercises["moco.enqueue"].checks[0] for found in read_journal(tmp_path).lines.values()]
    assert checks[0] is checks[1]
    assert [check.passed for check in checks] == [True, True, False]

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from autograder.course.config import PUBLIC_DEMO_SECRET, Course, Late, begun_days, load_course, secret
from autograder.errors import UserError
from tests.support.tiny import make_course

REQUIRED = 'title = "T"\nrelease_url = "U"\n'


def course_of(tmp_path: Path, text: str) -> Course:
    make_course(tmp_path)
    (tmp_path / "course.toml").write_text(text)
    return load_course(tmp_path)


def test_the_shipped_course_loads_and_each_line_has_a_comment(root: Path) -> None:
    load_course(root)
    lines = (root / "course.toml").read_text().splitlines()
    for number, line in enumerate(lines):
        key = line.split("=")[0].strip()
        if "=" in line and not line.startswith("#"):
            above = lines[max(0, number - 3) : number]
            assert any(text.startswith("#") for text in above), f"{key} has no comment"


def test_every_field_is_in_the_shipped_file(root: Path) -> None:
    text = (root / "course.toml").read_text()
    for field in Course.__struct_fields__:
        assert f"\n{field} =" in text or f"\n[{field}]" in text, field


def test_values_are_read(tmp_path: Path) -> None:
    course = course_of(
        tmp_path,
        REQUIRED + 'disabled = ["tiny.clear"]\nattempts = "best"\n[points]\n"tiny.scale" = 8\n'
        "[limits]\nseconds = 3\n[late]\ndays_allowed = 2\n[due]\ntiny = 2026-11-30T23:59:00+01:00\n",
    )
    assert course.points == {"tiny.scale": 8.0}
    assert course.disabled == ("tiny.clear",)
    assert course.attempts == "best"
    assert (course.limits.seconds, course.limits.memory_mb) == (3.0, 2048)
    assert course.due["tiny"] == datetime(2026, 11, 30, 22, 59, tzinfo=UTC)
    assert course.late_days("tiny", course.due["tiny"]) == 0
    assert course.late_days("tiny", course.due["tiny"] + timedelta(seconds=1)) == 1
    assert course.late_days("tiny", course.due["tiny"] + timedelta(days=2, hours=1)) == 3
    assert course.late_days("other", course.due["tiny"] + timedelta(days=9)) == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('titel = "T"\nrelease_url = "U"\n', ["line 1", "'titel'", "did you mean 'title'"]),
        (REQUIRED + "[limits]\nsecond = 3\n", ["line 4", "'limits.second'", "did you mean 'seconds'"]),
        (REQUIRED + "[limits]\nseconds = -3\n", ["line 4", "'limits.seconds'", "> 0"]),
        (REQUIRED + "[late]\npenalty_per_day = 10\n", ["line 4", "'late.penalty_per_day'", "<= 1"]),
        (REQUIRED + 'sandbox = "ful"\n', ["line 3", "'sandbox'", "restricted, full"]),
        (REQUIRED + "[due]\ntinny = 2026-11-30T23:59:00Z\n", ["line 4", "'tinny'", "did you mean 'tiny'"]),
        (REQUIRED + "[due]\ntiny = 2026-11-30\n", ["line 3", "'due'", "datetime"]),
        (REQUIRED + "[due]\ntiny = 2026-11-30T23:59:00\n", ["'due'", "timezone"]),
        (REQUIRED + '[points]\n"tyni.scale" = 3\n', ["line 4", "'tyni'", "did you mean 'tiny'"]),
        (REQUIRED + 'disabled = ["quux.like"]\n', ["'quux'", "known are tiny"]),
        ('title = "T"\n', ["'release_url' is missing"]),
        ('title = "T', ["is not TOML"]),
    ],
)
def test_a_mistake_is_named_with_its_place_and_the_way_out(
    tmp_path: Path, text: str, said: list[str]
) -> None:
    with pytest.raises(UserError) as error:
        course_of(tmp_path, text)
    for part in ["course.toml", *said]:
        assert part in str(error.value)


def test_no_course_and_no_text(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"course\.toml cannot be read"):
        load_course(tmp_path)
    (tmp_path / "course.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(UserError, match="not UTF-8"):
        load_course(tmp_path)


def test_secret(tmp_path: Path) -> None:
    course = course_of(tmp_path, REQUIRED)
    assert secret(tmp_path, course) == (PUBLIC_DEMO_SECRET, True)
    (tmp_path / "course.secret").write_text("0123456789abcdef\n")
    assert secret(tmp_path, course) == (b"0123456789abcdef", False)
    assert secret(tmp_path, course, demo=True) == (PUBLIC_DEMO_SECRET, True)
    (tmp_path / "course.secret").write_text("short")
    with pytest.raises(UserError, match="5 bytes"):
        secret(tmp_path, course)


def test_lateness() -> None:
    late = Late(days_allowed=2, penalty_per_day=0.25)
    assert [late.kept(days) for days in range(5)] == [1.0, 0.75, 0.5, 0.0, 0.0]
    assert Late(days_allowed=30, penalty_per_day=0.1).kept(20) == 0.0
    assert [begun_days(seconds) for seconds in (-5.0, 0.0, 1.0, 86400.0, 86401.0)] == [0, 0, 1, 1, 2]


def test_a_course_cannot_be_changed_after_it_was_read(tmp_path: Path) -> None:
    course = course_of(tmp_path, REQUIRED)
    with pytest.raises(AttributeError):
        course.title = "other"  # type: ignore[misc]
    assert msgspec.structs.replace(course, title="other").title == "other"

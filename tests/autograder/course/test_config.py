from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest

from autograder.course.config import PUBLIC_DEMO_SECRET, Course, Late, begun_days, load_course, secret
from autograder.course.moments import DueOffset, of_nobody
from autograder.errors import UserError
from autograder.grading.policy import late_days
from tests.support.tiny import make_course

REQUIRED = 'title = "T"\nrelease_url = "U"\n'
DUE = REQUIRED + "[due]\ntiny = 2026-11-30T23:59:00+01:00\n"


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
    due = course.due_of("tiny", "ada")
    assert due == course.due["tiny"]
    assert late_days(due, due) == 0
    assert late_days(due + timedelta(seconds=1), due) == 1
    assert late_days(due + timedelta(days=2, hours=1), due) == 3
    assert late_days(due + timedelta(days=9), course.due_of("other", "ada")) == 0


def test_extensions_are_of_single_persons(tmp_path: Path) -> None:
    extensions = (
        "[extensions.tiny]\n"
        '"ada" = 2026-12-03T23:59:00+01:00\n1003 = 2026-12-01T08:00:00Z\n"canvas:1004" = 2026-12-02T08:00:00Z\n'
        '"Jose\u0301" = 2026-12-02T08:00:00Z\n'
    )
    course = course_of(tmp_path, DUE + extensions)
    due, zone = course.due["tiny"], timezone(timedelta(hours=1))
    assert course.due_of("tiny", "ada") == datetime(2026, 12, 3, 23, 59, tzinfo=zone)
    assert course.extension_of("tiny", "bob") is None
    assert course.due_of("tiny", "bob") == due
    # The mark of a learning system may be left out, but not be another one.
    assert course.extension_of("tiny", "1003")
    assert course.extension_of("tiny", "canvas:1003") == course.extension_of("tiny", "1003")
    assert course.extension_of("tiny", "canvas:1004")
    assert not course.extension_of("tiny", "moodle:1004")
    assert not course.extension_of("tiny", "1004")
    # A section is part of the key.
    assert not course.extension_of("tiny", "monday/ada")
    # macOS writes the accent as a letter of its own.
    assert course.extension_of("tiny", "Jos\u00e9")
    assert course.due_of("other", "ada") is None


def test_an_extension_of_nobody_is_found() -> None:
    names = ["ada", "1003", "canvas:1004", "Jose\u0301", "bod"]
    assert of_nobody(names, ["ada", "canvas:1003", "canvas:1004", "Jos\u00e9", "bob"]) == ["bod"]
    assert of_nobody(names[:3], []) == names[:3]


def test_the_courses_own_zone(tmp_path: Path) -> None:
    assert course_of(tmp_path, REQUIRED).zone("tiny") is None
    course = course_of(tmp_path, DUE)
    zone = course.zone("tiny")
    assert isinstance(zone, DueOffset)
    assert zone.moment == course.due["tiny"]
    assert datetime(2026, 7, 1, tzinfo=zone).utcoffset() == timedelta(hours=1)
    assert course.zone("other") is None
    text = 'time_zone = "Europe/Berlin"\n' + DUE
    assert course_of(tmp_path, text).zone("tiny") == ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('titel = "T"\nrelease_url = "U"\n', ["line 1", "'titel'", "did you mean 'title'"]),
        (REQUIRED + "[limits]\nsecond = 3\n", ["line 4", "'limits.second'", "did you mean 'seconds'"]),
        (REQUIRED + "[limits]\nseconds = -3\n", ["line 4", "'limits.seconds'", "> 0"]),
        (REQUIRED + 'id = "a/b"\n', ["line 3", "'id'", "ssl-2026"]),
        (REQUIRED + "[late]\npenalty_per_day = 10\n", ["line 4", "'late.penalty_per_day'", "<= 1"]),
        (REQUIRED + 'sandbox = "ful"\n', ["line 3", "'sandbox'", "restricted, full"]),
        (REQUIRED + "[due]\ntinny = 2026-11-30T23:59:00Z\n", ["line 4", "'tinny'", "did you mean 'tiny'"]),
        (REQUIRED + "[due]\ntiny = 2026-11-30\n", ["line 3", "'due'", "datetime"]),
        (REQUIRED + "[due]\ntiny = 2026-11-30T23:59:00\n", ["'due'", "timezone"]),
        (REQUIRED + '[points]\n"tyni.scale" = 3\n', ["line 4", "'tyni'", "did you mean 'tiny'"]),
        (REQUIRED + 'disabled = ["quux.like"]\n', ["'quux'", "known are tiny"]),
        (
            DUE + "[extensions.tinny]\nada = 2026-12-03T23:59:00+01:00\n",
            ["line 5", "extensions", "'tinny'", "did you mean 'tiny'"],
        ),
        (
            DUE + "[extensions.tiny]\nada = 2026-12-03\n",
            ["line 6", "'extensions'", "datetime", "2026-11-30T23"],
        ),
        (
            DUE + '[extensions.tiny]\ncleo = 2026-12-03T23:59:00Z\n"ada" = 2026-12-03T23:59:00\n',
            ["line 7", "'extensions'", "timezone", "2026-11-30T23:59:00+01:00"],
        ),
        (DUE + "[extensions]\ntiny = 2026-12-03T23:59:00Z\n", ["line 5", "'extensions'", "object"]),
        (
            DUE + '[extensions.tiny]\n"canvas:1003" = 2026-11-30T23:59:00+01:00\n',
            ["line 6", "'canvas:1003'", "2026-11-30T23:59:00+01:00", "later than"],
        ),
        (
            REQUIRED + "[points]\n[extensions.tiny]\nada = 2026-12-03T23:59:00+01:00\n",
            ["line 4", "tiny has no due date", "[due]"],
        ),
        (
            'time_zone = "Europe/Belrin"\n' + REQUIRED,
            ["line 1", "'time_zone'", "did you mean 'Europe/Berlin'"],
        ),
        ('time_zone = "../../etc"\n' + REQUIRED, ["line 1", "'time_zone'", "Europe/Berlin"]),
        (f'time_zone = "{"x" * 5000}"\n' + REQUIRED, ["line 1", "'time_zone'", "Europe/Berlin"]),
        (REQUIRED + "[rounding]\nsteps = 0.5\n", ["line 4", "'rounding.steps'", "did you mean 'step'"]),
        (REQUIRED + "[rounding]\nstep = -1\n", ["line 4", "'rounding.step'", ">= 0"]),
        (REQUIRED + "[rounding]\nstep = nan\n", ["line 4", "'rounding.step'", ">= 0"]),
        (REQUIRED + "[rounding]\nstep = inf\n", ["line 4", "'rounding.step'", "<= 100"]),
        (
            REQUIRED + "[rounding]\nmode = 'half'\n",
            ["line 4", "'rounding.mode'", "half-up, half-even, up, down"],
        ),
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

"""How late a hand-in is: due dates, extensions of single persons, and what an LMS marked as late."""

from __future__ import annotations

import datetime as dt
import pickle
from pathlib import Path

import pytest

from autograder.cli.each import Earlier, grade_each
from autograder.course.config import Late, load_course
from autograder.course.units import Unit, load_unit
from autograder.grading.grader import UNKNOWN_TIME, Grader, Limits
from autograder.grading.policy import Policy
from autograder.intake.collect import collect
from autograder.intake.submission import MARKED_LATE, Submission, Unreadable
from autograder.results import Flag, FlagKind, Line
from tests.support.notebooks import sources, write

DUE = dt.datetime(2026, 11, 30, 23, 59, tzinfo=dt.timezone(dt.timedelta(hours=1)))
LATER = DUE + dt.timedelta(days=3)
DAY = dt.timedelta(days=1)


def handed_in(student: str = "ada", at: dt.datetime | None = None, *flags: Flag) -> Submission:
    return Submission(
        student=student, unit="moco", path="a.ipynb", sha256="", cells=(), submitted_at=at, flags=flags
    )


def days(policy: Policy, *submissions: Submission) -> list[int]:
    return [policy.lateness(item).days for item in submissions]


def test_an_extension_is_of_one_person() -> None:
    policy = Policy(due=DUE, extensions={"ada": LATER})
    ada, bob = policy.lateness(handed_in("ada", LATER)), policy.lateness(handed_in("bob", LATER))
    assert (ada.due, ada.extension, ada.days) == (DUE, LATER, 0)
    assert (bob.due, bob.extension, bob.days) == (DUE, None, 3)
    assert days(policy, handed_in("ada", LATER + DAY), handed_in("ada", DUE + DAY), handed_in("ada")) == [
        1,
        0,
        0,
    ]
    assert (
        policy.lateness(
            Unreadable(student="ada", unit="moco", path="a.ipynb", reason="empty", submitted_at=LATER)
        ).extension
        == LATER
    )


def test_an_extension_that_gives_no_time_is_none() -> None:
    earlier = Policy(due=DUE, extensions={"ada": DUE - DAY, "bob": DUE})
    assert days(earlier, handed_in("ada", DUE), handed_in("bob", DUE)) == [0, 0]
    assert earlier.lateness(handed_in("ada")).extension is None
    assert Policy(extensions={"ada": LATER}).lateness(handed_in("ada", LATER + DAY)).days == 0


@pytest.mark.parametrize("due", [None, DUE])
def test_what_is_marked_late_counts_for_as_many_days_as_was_said(due: dt.datetime | None) -> None:
    marked = handed_in("ada", None, MARKED_LATE)
    without = Policy(due=due).lateness(marked)
    assert (without.days, without.mark, without.unknown) == (0, MARKED_LATE, due is not None)
    for number, words in (
        (0, "counted as 0 days"),
        (1, "counted as 1 day late"),
        (2, "counted as 2 days late"),
    ):
        lateness = Policy(due=due, days_of_marked=number).lateness(marked)
        assert (lateness.days, lateness.unknown) == (number, False)
        assert lateness.mark
        assert words in lateness.mark.text
        assert (lateness.mark.kind, lateness.mark.audience) == (FlagKind.MARKED_LATE, "staff")


def test_a_time_or_an_extension_weighs_more_than_a_mark() -> None:
    policy = Policy(due=DUE, extensions={"bob": LATER}, days_of_marked=2)
    assert days(
        policy, handed_in("ada", DUE + DAY, MARKED_LATE), handed_in("ada"), handed_in("ada", DUE)
    ) == [1, 0, 0]
    bob = policy.lateness(handed_in("bob", None, MARKED_LATE))
    assert bob.days == 0
    assert bob.mark
    assert "not counted: there is an extension until 2026-12-03 23:59+01:00" in bob.mark.text


def test_a_policy_reaches_the_workers_of_a_cluster() -> None:
    policy = Policy(due=DUE, extensions={"ada": LATER}, days_of_marked=2)
    assert pickle.loads(pickle.dumps(policy)) == policy


# --- in the journal -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def moco(root: Path) -> Unit:
    return load_unit(root, "moco")


def test_what_the_line_says(moco: Unit) -> None:
    policy = Policy(due=DUE, extensions={"ada": LATER}, late=Late(penalty_per_day=0.1), days_of_marked=2)
    with Grader(moco, b"secret", Limits(), policy=policy) as grader:
        lines = [
            grader.grade(handed_in("ada", LATER + DAY)),
            grader.grade(handed_in("bob", LATER)),
            grader.grade(handed_in("cleo", None, MARKED_LATE)),
            grader.grade(handed_in("dan")),
        ]
    assert [(line.extension, line.late_days) for line in lines] == [
        ("2026-12-03T23:59:00+01:00", 1), (None, 3), (None, 2), (None, 0),
    ]  # fmt: skip
    assert {line.due for line in lines} == {"2026-11-30T23:59:00+01:00"}
    assert [flag.kind for flag in lines[2].flags] == [FlagKind.MARKED_LATE]
    assert "counted as 2 days late" in lines[2].flags[0].text
    assert lines[3].flags == (UNKNOWN_TIME,)


def test_a_changed_extension_concerns_one_person(tmp_path: Path, moco: Unit) -> None:
    for student in ("ada", "bob"):
        write(tmp_path / student / "moco/moco.ipynb", sources(moco))
        (tmp_path / student / "moco/timestamp.txt").write_text("2026-12-01 12:00:00 UTC")
    write(tmp_path / "cleo_LATE_12_34_moco.ipynb", sources(moco))
    found, course = collect([tmp_path], "moco"), load_course(moco.root)

    def run(earlier: dict[str, Line], **changes: object) -> dict[str, Line]:
        """The lines that are new."""
        policy = Policy(due=DUE, late=Late(), **changes)  # type: ignore[arg-type]
        with Grader(moco, b"secret", Limits(), policy=policy) as grader:
            by_key = {line.person.key: line for line in earlier.values()}
            old = Earlier(by_key, course, grader.tier, grader.device, "")
            results = {item.student: line for item, line in grade_each(grader, found, "latest", old)}
        assert not any(isinstance(line, Exception) for line in results.values())
        return {student: line for student, line in results.items() if isinstance(line, Line)}

    lines = run({})
    assert {student: line.late_days for student, line in lines.items()} == {"ada": 1, "bob": 1, "cleo": 0}
    assert not run(lines)
    new = run(lines, extensions={"ada": LATER})
    assert {student: (line.late_days, line.score) for student, line in new.items()} == {
        "ada": (0, lines["ada"].max_score)
    }
    assert not run(lines | new, extensions={"ada": LATER})
    # Longer, but late under neither; and taken back.
    assert run(lines | new, extensions={"ada": LATER + DAY}).keys() == {"ada"}
    assert run(lines | new).keys() == {"ada"}
    for number in (0, 2):
        marked = run(lines, days_of_marked=number)
        assert {student: line.late_days for student, line in marked.items()} == {"cleo": number}
        assert not run(lines | marked, days_of_marked=number)
        assert run(lines | marked).keys() == {"cleo"}

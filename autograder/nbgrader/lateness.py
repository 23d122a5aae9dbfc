"""When a submission was handed in, and how late that is, for nbgrader as for `autograder grade`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from nbgrader.api import SubmittedAssignment
from nbgrader.coursedir import CourseDirectory

from autograder.course.config import Course, load_course
from autograder.intake.times import parse_timestamp
from course_utils.slices.plain import clip

_TIMESTAMP = "timestamp.txt"
_LONGEST = 200


def as_gradebook_time(moment: datetime) -> datetime:
    """As the gradebook keeps times: in UTC, without a zone."""
    return moment.astimezone(UTC).replace(tzinfo=None)


def seconds_late(course: Course, submission: SubmittedAssignment) -> float:
    """Seconds after it was due for this student; 0 if it was in time, or a time is not known.

    An extension may stand in the gradebook (nbgrader's `grant_extension`) or in `course.toml`; the later one counts.

    Args:
        course: the course.
        submission: in an open gradebook.
    """
    # With an extension and no due date nbgrader's own `duedate` fails.
    due = submission.duedate if submission.assignment.duedate else None
    if extension := course.extension_of(submission.assignment.name, submission.student_id):
        ours = as_gradebook_time(extension)
        due = max(due, ours) if due else ours
    if due is None or submission.timestamp is None:
        return 0.0
    return max(0.0, (submission.timestamp - due).total_seconds())


def install_lateness(root: Path) -> None:
    """Have nbgrader count who is late by the extensions of a course's `course.toml` as well, in this process.

    nbgrader's log would call late who is in time by them.
    """

    def total_seconds_late(self: SubmittedAssignment) -> float:
        return seconds_late(load_course(root), self)

    SubmittedAssignment.total_seconds_late = property(total_seconds_late)


def install_times() -> None:
    """Have nbgrader read a `timestamp.txt` as `autograder grade` does, in this process.

    nbgrader itself takes a zone that it does not know (EDT) for UTC and 03.07.2026 for the 7th of March, and fails at
    what it cannot read; it has no setting for that.
    """
    CourseDirectory.get_existing_timestamp = _existing_timestamp


def _existing_timestamp(self: CourseDirectory, dest_path: str) -> datetime | None:
    """The time in the `timestamp.txt` of a submission's folder, in UTC; None if there is none, or it cannot be read."""
    file = Path(dest_path) / _TIMESTAMP
    if not file.is_file():
        return None
    with file.open("rb") as opened:
        text = opened.read(_LONGEST).decode("utf-8-sig", "replace").strip()
    try:
        moment = parse_timestamp(text, load_course(Path(self.root)).zone(Path(dest_path).name))
    except ValueError as error:
        self.log.warning(
            "%s says %r, which is no time (%s): left out", file, clip(text, 60), clip(str(error))
        )
        return None
    return as_gradebook_time(moment)

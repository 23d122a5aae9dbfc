"""What a course says about scores, and how late a hand-in is by that."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from autograder.course.config import Late, begun_days
from autograder.course.moments import extended_due
from autograder.course.rounding import Rounding
from autograder.intake.submission import Submission, Unreadable
from autograder.results import Flag, FlagKind


@dataclass(frozen=True, kw_only=True)
class Lateness:
    """How late a hand-in is.

    Attributes:
        due: when the unit is due for all.
        extension: when it is due for this person, if later.
        days: begun since then; 0 if nobody knows.
        unknown: whether a time would matter, and there is none.
        mark: what is to be told of an LMS's mark that it is late; None if there is no mark.
    """

    due: dt.datetime | None
    extension: dt.datetime | None
    days: int
    unknown: bool = False
    mark: Flag | None = None


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What a course says about scores; see `course.toml`.

    Attributes:
        points: exercise id -> points, where they differ from the sum of its checks.
        disabled: ids of exercises that are not graded.
        due: when the unit is due, with its time zone.
        extensions: key of a person -> when the unit is due for that person.
        late: what lateness costs; nothing if None.
        rounding: of scores.
        days_of_marked: for how many days late a hand-in counts that an LMS marked as late without telling its time;
            it is not counted if None.
    """

    points: Mapping[str, float] = field(default_factory=dict)
    disabled: tuple[str, ...] = ()
    due: dt.datetime | None = None
    extensions: Mapping[str, dt.datetime] = field(default_factory=dict)
    late: Late | None = None
    rounding: Rounding = field(default_factory=Rounding)
    days_of_marked: int | None = None

    def lateness(self, submission: Submission | Unreadable) -> Lateness:
        """How late it is; nobody is late by a guess."""
        submitted = submission.submitted_at
        extension = extended_due(self.due, self.extensions, _key(submission))
        days = late_days(submitted, extension or self.due)
        flags = submission.flags if isinstance(submission, Submission) else ()
        mark = next((flag for flag in flags if flag.kind == FlagKind.MARKED_LATE), None)
        if mark and submitted is None and self.days_of_marked is not None:
            # What marked it may know nothing of the extension.
            days = 0 if extension else self.days_of_marked
            mark = _counted(days, extension)
            return Lateness(due=self.due, extension=extension, days=days, mark=mark)
        unknown = self.due is not None and submitted is None
        return Lateness(due=self.due, extension=extension, days=days, unknown=unknown, mark=mark)


def late_days(submitted: dt.datetime | None, due: dt.datetime | None) -> int:
    """Days begun since it was due; nobody is late by a guess."""
    if submitted is None or due is None:
        return 0
    return begun_days((submitted - due).total_seconds())


def _counted(days: int, extension: dt.datetime | None) -> Flag:
    counted = f"counted as {days} day{'s' * (days != 1)} late, as --late-days says"
    if extension:
        counted = f"not counted: there is an extension until {extension.isoformat(' ', 'minutes')}"
    text = f"marked LATE by the LMS, which tells no time; {counted}"
    return Flag(kind=FlagKind.MARKED_LATE, text=text, audience="staff")


def _key(submission: Submission | Unreadable) -> str:
    """What identifies the person."""
    return submission.person.key

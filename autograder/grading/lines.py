"""A verdict as what the journal says of an exercise, and a submission with its exercises as a line."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version

import torch

from autograder.course.config import Late, begun_days
from autograder.grading.figures import off_by
from autograder.intake.candidate import TIMESTAMP
from autograder.intake.submission import Submission, Unreadable
from autograder.results import (
    GRADED,
    UNREADABLE,
    CheckLine,
    ExerciseLine,
    Flag,
    FlagKind,
    Line,
    Person,
    Window,
)
from course_utils.checks.judge import CheckVerdict, Verdict
from course_utils.slices.help import Help

# The flag of a result that lateness would matter to; the way out is nbgrader's own file.
UNKNOWN_TIME = Flag(
    kind=FlagKind.UNKNOWN_TIME,
    text=f"time of hand-in unknown: not counted as late; a {TIMESTAMP} beside the notebook, in a folder of the "
    "student's own, would say it as nbgrader does: 2026-11-30 22:15:00.000000 UTC",
    audience="staff",
)


def of_exercise(
    verdict: Verdict,
    max_score: float,
    *,
    checks_sha256: str,
    seconds: float,
    help_: Help | None,
    shown: Mapping[str, Window],
    device: str,
) -> ExerciseLine:
    """What the journal says of an exercise.

    Args:
        verdict: its points are those of the checks.
        max_score: in the course's points.
        checks_sha256: hash of its checks.
        seconds: what was spent on them.
        help_: the hints that the student says to have asked for.
        shown: check id -> window of a public case, for failed visible checks.
        device: where the function ran.
    """
    factor = max_score / verdict.max_score if verdict.max_score else 0.0
    return ExerciseLine(
        score=rounded(verdict.score / verdict.max_score * max_score if verdict.max_score else 0.0),
        max_score=max_score,
        status=verdict.status,
        checks_sha256=checks_sha256,
        diagnosis=verdict.diagnosis,
        checks=tuple(_check(item, factor, shown.get(item.check.id), device) for item in verdict.checks),
        seconds=round(seconds, 4),
        help=help_,
    )


def _check(item: CheckVerdict, factor: float, shown: Window | None, device: str) -> CheckLine:
    return CheckLine(
        id=item.check.id,
        passed=item.passed,
        points=rounded(item.points * factor),
        message=item.message,
        waits=item.waits,
        title=item.check.title,
        visible=item.check.visible,
        side=item.check.side,
        max_points=rounded(item.check.points * factor),
        off_by=off_by(item, device),
        shown=shown,
    )


@dataclass(frozen=True, kw_only=True)
class Circumstances:
    """Under which a submission was graded.

    Attributes:
        max_score: points of the unit.
        checks_sha256: hash of all checks.
        due: when it was due.
        late: what lateness costs; nothing if None.
        sandbox: the tier of isolation.
        device: where the functions ran.
        seconds: spent in the sandbox.
    """

    max_score: float
    checks_sha256: str
    due: dt.datetime | None
    late: Late | None
    sandbox: str
    device: str
    seconds: float


def line_of(
    submission: Submission | Unreadable,
    exercises: Mapping[str, ExerciseLine],
    flags: tuple[Flag, ...],
    under: Circumstances,
) -> Line:
    """The line of a submission.

    Args:
        submission: what was handed in.
        exercises: exercise id -> what became of it.
        flags: all that a person should know.
        under: how it was graded.
    """
    readable = isinstance(submission, Submission)
    submitted = submission.submitted_at
    days = late_days(submitted, under.due)
    raw = sum(entry.score for entry in exercises.values())
    penalty = rounded(raw * (1 - under.late.kept(days))) if under.late else 0.0
    return Line(
        # The source of the hand-ins tells no more than the name yet.
        person=Person(key=submission.student, name=submission.student),
        student=submission.student,
        unit=submission.unit,
        attempt=submission.attempt if isinstance(submission, Submission) else 1,
        submitted_at=submitted.isoformat() if submitted else None,
        due=under.due.isoformat() if under.due else None,
        late_days=days,
        late_penalty=penalty,
        file=submission.path,
        submission_sha256=submission.sha256,
        checks_sha256=under.checks_sha256,
        versions={"autograder": _version(), "torch": str(torch.__version__)},
        status=GRADED if readable else UNREADABLE,
        score=rounded(raw - penalty) if readable else None,
        max_score=under.max_score,
        sandbox=under.sandbox,
        device=under.device,
        seconds=round(under.seconds, 4),
        exercises=dict(exercises),
        flags=flags,
    )


def late_days(submitted: dt.datetime | None, due: dt.datetime | None) -> int:
    """Days begun since it was due; nobody is late by a guess."""
    if submitted is None or due is None:
        return 0
    return begun_days((submitted - due).total_seconds())


def rounded(points: float) -> float:
    """Scores are sums of halves and quarters; ten digits remove what binary fractions add."""
    return round(points, 10)


@cache
def _version() -> str:
    return version("ssl-problem-sets")

"""A verdict as what the journal says of an exercise, and a submission with its exercises as a line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version

import torch

from autograder.course.config import Late
from autograder.course.moments import extended_due
from autograder.course.rounding import Rounding
from autograder.grading.figures import off_by
from autograder.grading.policy import Lateness, Policy
from autograder.intake.candidate import TIMESTAMP
from autograder.intake.submission import Submission, Unreadable
from autograder.results import (
    GRADED,
    MISSING,
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
    rounding: Rounding,
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
        rounding: of the score.
    """
    factor = max_score / verdict.max_score if verdict.max_score else 0.0
    return ExerciseLine(
        score=rounding.of(verdict.score * factor, max_score),
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
        lateness: how late it is.
        late: what lateness costs; nothing if None.
        rounding: of what lateness leaves.
        sandbox: the tier of isolation.
        device: where the functions ran.
        seconds: spent in the sandbox.
    """

    max_score: float
    checks_sha256: str
    lateness: Lateness
    late: Late | None
    rounding: Rounding
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
    due, extension, days = under.lateness.due, under.lateness.extension, under.lateness.days
    raw = sum(entry.score for entry in exercises.values())
    kept = under.late.kept(days) if under.late else 1.0
    score = left_of(raw, kept, under.rounding)
    return Line(
        person=submission.person,
        student=submission.student,
        group=submission.group,
        unit=submission.unit,
        attempt=submission.attempt,
        submitted_at=submitted.isoformat() if submitted else None,
        due=due.isoformat() if due else None,
        extension=extension.isoformat() if extension else None,
        late_days=days,
        late_penalty=rounded(raw - score),
        file=submission.path,
        submission_sha256=submission.sha256,
        checks_sha256=under.checks_sha256,
        versions={"autograder": _version(), "torch": str(torch.__version__)},
        status=GRADED if readable else UNREADABLE,
        score=score if readable else None,
        max_score=under.max_score,
        sandbox=under.sandbox,
        device=under.device,
        seconds=round(under.seconds, 4),
        exercises=dict(exercises),
        flags=flags,
    )


def missing_line(person: Person, student: str, unit: str, max_score: float, policy: Policy) -> Line:
    """The line of somebody of whom nothing was handed in.

    Args:
        person: who it is.
        student: how tables and pages call the person.
        unit: id of the unit.
        max_score: its points.
        policy: what the course says; when it was due for this person.
    """
    extension = extended_due(policy.due, policy.extensions, person.key)
    return Line(
        person=person,
        student=student,
        unit=unit,
        due=policy.due.isoformat() if policy.due else None,
        extension=extension.isoformat() if extension else None,
        versions={"autograder": _version(), "torch": str(torch.__version__)},
        status=MISSING,
        score=None,
        max_score=max_score,
    )


def left_of(score: float, kept: float, rounding: Rounding) -> float:
    """What lateness leaves of a score of which it keeps a share, rounded; who is in time loses and gains nothing."""
    return rounded(score) if kept == 1 else rounding.of(score * kept, score)


def rounded(points: float) -> float:
    """Scores are sums of halves and quarters; ten digits remove what binary fractions add."""
    return round(points, 10)


@cache
def _version() -> str:
    return version("ssl-problem-sets")

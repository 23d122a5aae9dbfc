"""One run of `autograder grade`: find submissions, grade them with progress, write journal, table and report."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from autograder import journal
from autograder.candidate import TIMESTAMP
from autograder.collect import collect
from autograder.config import Course, check_exercises, load_course, secret
from autograder.errors import UserError
from autograder.grading import Grader, Policy
from autograder.report.pages import write as write_report
from autograder.sandbox.client import Limits, Sandbox
from autograder.submission import MARKED_LATE, Submission, Unreadable
from autograder.units import find_root, load_unit

TIERS = ("none", "restricted", "full")


@dataclass(frozen=True)
class Failures:
    """How many submissions of a run have no score, and whose fault it is.

    Attributes:
        unreadable: what was handed in cannot be read.
        ours: the grader, the disk or the sandbox failed; the submission has no result.
    """

    unreadable: int = 0
    ours: int = 0

    def __bool__(self) -> bool:
        return bool(self.unreadable or self.ours)


def grade(
    paths: list[Path],
    assignment: str,
    out: Path,
    *,
    jobs: int,
    device: str,
    resume: bool,
    demo_secret: bool,
    console: Console,
    messages: Console,
) -> Failures:
    """Grade a class and say what came of it.

    Returns:
        How many submissions could not be graded, and why; false if there are none.

    Raises:
        UserError: a path, the unit or the course's settings are wrong.
    """
    root = find_root()
    course = load_course(root)
    unit = load_unit(root, assignment)
    check_exercises(root, course, assignment, unit.exercises)
    if out.resolve() in [path.resolve() for path in paths]:
        raise UserError(f"--out {out} is the folder of the submissions: name one of its own for the results")
    found = collect(paths, assignment, out)
    device = choose_device(device, messages)
    key, public = secret(root, course, demo=demo_secret)
    _announce(course, public=public, demo=demo_secret, messages=messages)
    earlier = journal.read(out) if resume else {}
    unreadable: list[tuple[str, str]] = []
    ours: list[tuple[str, str]] = []
    grader = Grader(
        unit,
        key,
        Limits(course.limits.seconds, course.limits.memory_mb),
        policy=Policy(
            course.points, course.disabled, course.due.get(assignment), course.late.kept, course.attempts
        ),
        device=device,
        jobs=min(jobs, len(found)),
    )

    settings = _settings_sha256(course, assignment, key)

    def graded(submission: Submission | Unreadable) -> bool:
        result = earlier.get((submission.student, assignment), {})
        submitted = submission.submitted_at
        now = {
            "status": "graded",
            "submission_sha256": submission.sha256,
            "checks_sha256": unit.checks_sha256,
            "settings_sha256": settings,
            "device": device,
            "submitted_at": submitted.isoformat() if submitted else None,
            "late_days": course.late_days(assignment, submitted),
        }
        return all(result.get(name) == value for name, value in now.items())

    kept = 0
    with _interruptible(out, messages), journal.Journal(out) as log, _progress(messages) as progress, grader:
        task = progress.add_task(f"grading {assignment}", total=len(found))
        for item, result in grader.grade_all(found, graded):
            progress.advance(task)
            if isinstance(result, Exception):
                ours.append((item.student, f"a fault of the grader, not of the student: {result}"))
            elif result is None:
                kept += 1
            else:
                try:
                    log.write(result.to_json() | {"settings_sha256": settings})
                except OSError as error:
                    ours.append((item.student, f"{log.path} could not be written: {error.strerror}"))
                    continue
                if result.score is None:
                    reason = "; ".join(result.flags)
                    unreadable.append((f"{item.student} ({result.submission.path})", reason))
    results = [
        grade_ for (student, unit_), grade_ in sorted(journal.read(out).items())
        if unit_ == assignment and student in {item.student for item in found}
    ]  # fmt: skip
    if results:
        console.print(_table(assignment, results))
    if kept:
        messages.print(
            f"{kept} result{'s were' if kept > 1 else ' was'} kept from an earlier run: file, checks and settings have "
            "not changed.",
            highlight=False,
            soft_wrap=True,
        )
    if course.due.get(assignment):
        _tell_unknown_times(assignment, course.due[assignment], results, messages)
    for student, reason in unreadable + ours:
        messages.print(
            f"[bold]not graded:[/bold] {escape(student)}: {escape(reason)}", highlight=False, soft_wrap=True
        )
    if results:
        try:
            said = f"Results: {journal.NAME} in {out}. Report: {write_report(out)}"
        except OSError as error:
            ours.append(("report", str(error)))
            said = f"Results: {journal.NAME} in {out}. The report could not be written: {error.strerror}"
        console.print(escape(said), highlight=False, soft_wrap=True)
    return Failures(len(unreadable), len(ours))


def _settings_sha256(course: Course, unit: str, key: bytes) -> str:
    """Fingerprint of what decides a score besides file and checks: a change of it makes `--resume` grade again."""
    kept = (
        course.points,
        course.disabled,
        course.due.get(unit),
        course.late,
        course.attempts,
        course.limits,
        _code(),
    )
    return hmac.digest(key, msgspec.json.encode(kept), "sha256").hex()


def _code() -> tuple[str, ...]:
    """Versions and sources that a verdict depends on besides the checks: slicing, sandbox, models, torch."""
    digest = hashlib.sha256()
    here = Path(__file__).parent
    for path in (*sorted(here.rglob("*.py")), here.parent / "course_utils" / "models.py"):
        digest.update(path.read_bytes())
    return version("torch"), digest.hexdigest()


@contextlib.contextmanager
def _interruptible(out: Path, messages: Console) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        messages.print(
            f"Stopped. What was graded is in {escape(str(out / journal.NAME))}: the same command goes on from there.",
            highlight=False,
            soft_wrap=True,
        )
        raise


def _tell_unknown_times(
    assignment: str, due: datetime, results: list[dict[str, Any]], messages: Console
) -> None:
    """One line for the class, because it usually concerns all of it: each result carries a flag of its own."""
    graded = [result for result in results if result["status"] == "graded"]
    unknown = [result for result in graded if result["submitted_at"] is None]
    if not unknown:
        return
    marked = sum(MARKED_LATE in result["flags"] for result in unknown)
    lms = f" ({marked} of them marked LATE by the LMS)" if marked else ""
    messages.print(
        f"Time of hand-in unknown: {len(unknown)} of {len(graded)}{lms}. They are not counted as late; {assignment} "
        f"was due {due:%d %B %Y, %H:%M %Z}. Only a {TIMESTAMP} beside the notebook says when it was handed in: the "
        "time of a file changes when it is copied.",
        highlight=False,
        soft_wrap=True,
    )


def choose_device(device: str, messages: Console) -> str:
    """`auto`, `cpu` or `cuda` as what there is; asking for CUDA where there is none falls back with a message."""
    import torch

    if device == "cpu" or (device == "auto" and not torch.cuda.is_available()):
        return "cpu"
    if not torch.cuda.is_available():
        messages.print("No CUDA device was found: grading on the CPU.")
        return "cpu"
    return "cuda"


def _announce(course: Course, *, public: bool, demo: bool, messages: Console) -> None:
    if not demo and TIERS.index(Sandbox.tier) < TIERS.index(course.sandbox):
        raise UserError(
            f"course.toml asks for sandbox tier {course.sandbox!r}, this version has {Sandbox.tier!r}: "
            'set sandbox = "none" to grade without isolation by the operating system'
        )
    messages.print(
        f"Sandbox: {Sandbox.tier}. Student code runs in a process of its own, "
        "without isolation by the operating system.",
        highlight=False,
        soft_wrap=True,
    )
    if public:
        messages.print(
            f"Hidden cases come from the public demo secret: to grade for marks, put a secret into {course.secret}.",
            highlight=False,
            soft_wrap=True,
        )


def _progress(messages: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=messages,
    )


def _table(assignment: str, results: list[dict[str, Any]]) -> Table:
    names = list(dict.fromkeys(name for result in results for name in result["exercises"]))
    counts = Counter(result["status"] for result in results)
    title = f"{assignment}: " + ", ".join(f"{count} {status}" for status, count in counts.items())
    table = Table(title=title, title_justify="left")
    table.add_column("student", overflow="fold")
    for name in names:
        # Broken where the words are, so that the columns fit into 80 characters.
        table.add_column(name.split(".", 1)[1].replace("_", "_\n"), overflow="fold")
    table.add_column("score", justify="right", no_wrap=True)
    late = any(result["late_days"] for result in results)
    if late:
        table.add_column("late", justify="right", no_wrap=True)
    for result in results:
        cells = [_cell(result["exercises"].get(name)) for name in names]
        score = "unreadable" if result["score"] is None else f"{result['score']:g} of {result['max_score']:g}"
        table.add_row(
            escape(result["student"]), *cells, score, *([_days(result["late_days"])] if late else [])
        )
    return table


def _days(late: int) -> str:
    return f"{late} day{'s' if late > 1 else ''}" if late else ""


def _cell(exercise: dict[str, Any] | None) -> str:
    if exercise is None:
        return ""
    if exercise["status"] == "correct":
        return f"{exercise['score']:g} correct"
    # With spaces for hyphens a long name breaks between words in a narrow column.
    reason = (
        exercise["diagnosis"]["misconception"].replace("-", " ")
        if exercise["diagnosis"]
        else exercise["status"]
    )
    return f"{exercise['score']:g} {escape(reason)}"

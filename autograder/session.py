"""One run of `autograder grade`: find submissions, grade them with progress, write journal, table and report."""

from __future__ import annotations

import contextlib
import hmac
from collections import Counter
from collections.abc import Iterator
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
from autograder.config import FILE as COURSE_FILE
from autograder.config import Course, load_course, secret
from autograder.errors import UserError
from autograder.grading import Grader, Policy
from autograder.report.pages import write as write_report
from autograder.sandbox.client import Limits, Sandbox
from autograder.submission import Submission, Unreadable, collect
from autograder.units import Unit, find_root, load_unit

TIERS = ("none", "restricted", "full")


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
) -> int:
    """Grade a class and say what came of it.

    Returns:
        How many submissions could not be graded.

    Raises:
        UserError: a path, the unit or the course's settings are wrong.
    """
    root = find_root()
    course = load_course(root)
    unit = load_unit(root, assignment)
    _check_names(course, unit)
    found = collect(paths, assignment)
    device = choose_device(device, messages)
    key, public = secret(root, course, demo=demo_secret)
    _announce(course, public=public, demo=demo_secret, messages=messages)
    earlier = journal.read(out) if resume else {}
    failed: list[tuple[str, str]] = []
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
            "late_days": course.late_days(assignment, submitted) if submitted else 0,
        }
        return all(result.get(name) == value for name, value in now.items())

    kept = 0
    with _interruptible(out, messages), journal.Journal(out) as log, _progress(messages) as progress, grader:
        task = progress.add_task(f"grading {assignment}", total=len(found))
        for item, result in grader.grade_all(found, graded):
            progress.advance(task)
            if isinstance(result, Exception):
                failed.append((item.student, f"a fault of the grader, not of the student: {result}"))
            elif result is None:
                kept += 1
            else:
                try:
                    log.write(result.to_json() | {"settings_sha256": settings})
                except OSError as error:
                    failed.append((item.student, f"{log.path} could not be written: {error.strerror}"))
                    continue
                if result.score is None:
                    failed.append((f"{item.student} ({result.submission.path})", "; ".join(result.flags)))
    results = [
        grade_ for (student, unit_), grade_ in sorted(journal.read(out).items())
        if unit_ == assignment and student in {item.student for item in found}
    ]  # fmt: skip
    if results:
        console.print(_table(assignment, results))
    if kept:
        messages.print(
            f"{kept} results were kept from an earlier run: file, checks and settings have not changed."
        )
    for student, reason in failed:
        messages.print(
            f"[bold]not graded:[/bold] {escape(student)}: {escape(reason)}", highlight=False, soft_wrap=True
        )
    if results:
        try:
            said = f"Results: {journal.NAME} in {out}. Report: {write_report(out)}"
        except OSError as error:
            failed.append(("report", str(error)))
            said = f"Results: {journal.NAME} in {out}. The report could not be written: {error.strerror}"
        console.print(escape(said), highlight=False, soft_wrap=True)
    return len(failed)


def _settings_sha256(course: Course, unit: str, key: bytes) -> str:
    """Fingerprint of what decides a score besides file and checks: a change of it makes `--resume` grade again."""
    kept = (course.points, course.disabled, course.due.get(unit), course.late, course.attempts, course.limits)
    return hmac.digest(key, msgspec.json.encode(kept), "sha256").hex()


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


def _check_names(course: Course, unit: Unit) -> None:
    for name in (*course.points, *course.disabled):
        if name.split(".")[0] == unit.id and name not in unit.exercises:
            known = ", ".join(unit.exercises)
            raise UserError(f"{unit.root / COURSE_FILE}: there is no exercise {name!r}; known are {known}")


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
    )
    if public:
        messages.print(
            f"Hidden cases come from the public demo secret: to grade for marks, put a secret into {course.secret}.",
            highlight=False,
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
        table.add_column(name.split(".", 1)[1], overflow="fold")
    table.add_column("score", justify="right")
    late = any(result["late_days"] for result in results)
    if late:
        table.add_column("days late", justify="right")
    for result in results:
        cells = [_cell(result["exercises"].get(name)) for name in names]
        score = "unreadable" if result["score"] is None else f"{result['score']:g} of {result['max_score']:g}"
        table.add_row(
            escape(result["student"]), *cells, score, *([f"{result['late_days'] or ''}"] if late else [])
        )
    return table


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

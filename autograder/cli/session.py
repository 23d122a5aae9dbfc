"""One run of `autograder grade`: find submissions, grade them with progress, write journal and report."""

from __future__ import annotations

import contextlib
import hmac
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
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

from autograder.course.config import Course, check_exercises, find_root, load_course, secret
from autograder.course.units import load_unit
from autograder.errors import UserError
from autograder.grading import journal
from autograder.grading.cluster import ClusterGrader
from autograder.grading.fingerprint import of_files, python_files
from autograder.grading.grader import Grader, Policy
from autograder.grading.lock import only_one
from autograder.intake.candidate import TIMESTAMP
from autograder.intake.collect import Found, collect
from autograder.intake.submission import MARKED_LATE, Submission
from autograder.report.pages import write as write_report
from autograder.report.table import table
from autograder.sandbox.client import Limits
from autograder.sandbox.starter import ForkServer
from autograder.sandbox.tiers import MEANING, TIERS, choose
from course_utils.slices.plain import LONGEST_NAME, clip, clip_path, plain, several

# A CUDA context takes some 500 MiB before the first tensor, and exercises' tensors are small. A guess, not measured.
_CUDA_BYTES_A_JOB = 3 * 2**29


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
    wait: bool = True,
    tier: str | None = None,
    unsafe: bool = False,
    scheduler: str | None = None,
    server: ForkServer | None = None,
) -> Failures:
    """Grade a class and say what came of it.

    Args:
        paths: where to find the submissions.
        assignment: id of the unit.
        out: folder of the results.
        jobs: submissions graded at the same time; on a cluster its workers decide that.
        device: `auto`, `cpu` or `cuda`.
        resume: keep results that nothing has changed for.
        demo_secret: draw the hidden cases from the public secret.
        console: where the table goes.
        messages: where all else goes.
        wait: wait for another grader that is at work in `out`.
        tier: the sandbox tier to use; the best that this machine has if left out.
        unsafe: allow a weaker tier than the course asks for, even `none`.
        scheduler: address of a Dask scheduler, to grade on its workers instead of here.
        server: a fork server that is started already, in the tier to use.

    Returns:
        How many submissions could not be graded, and why; false if there are none.

    Raises:
        UserError: a path, the unit or the course's settings are wrong; or another grader is at work in `out`, and
            `wait` is false; or the scheduler cannot be reached, or none of its workers can grade.
    """
    root = find_root()
    course = load_course(root)
    unit = load_unit(root, assignment)
    check_exercises(root, course, assignment, unit.exercises)
    if os.path.realpath(out) in map(os.path.realpath, paths):
        raise UserError(f"--out {out} is the folder of the submissions: name one of its own for the results")
    found = collect(paths, assignment, out)
    if scheduler is None:
        device = choose_device(device, messages)
    if device == "cuda":
        jobs = cuda_jobs(jobs, messages)
    elif device == "auto":
        device = "cpu"
    key, public = secret(root, course, demo=demo_secret)
    unsafe = unsafe or demo_secret
    limits = Limits(course.limits.seconds, course.limits.memory_mb)
    policy = Policy(
        course.points, course.disabled, course.due.get(assignment), course.late.kept, course.attempts
    )
    grader: Grader
    if scheduler is None:
        tier = server.tier if server else choose(tier, course.sandbox, unsafe=unsafe)
        _announce_tier(tier, messages)
        jobs = min(jobs, len(found))
        grader = Grader(unit, key, limits, policy=policy, device=device, jobs=jobs, tier=tier, server=server)
    else:
        grader = ClusterGrader(
            unit,
            key,
            limits,
            scheduler=scheduler,
            lowest=course.sandbox,
            tier=tier,
            unsafe=unsafe,
            policy=policy,
            device=device,
            tell=partial(_tell, messages),
        )
        # What this machine offers has no part in it; workers say what theirs do.
        tier = grader.tier
    if public:
        _announce_public(course, messages)
    with _interruptible(out, messages), only_one(out, wait=wait, tell=partial(_tell, messages)):
        # Read under the lock: another grader may just have finished.
        earlier = _Earlier(
            journal.read(out) if resume else {},
            course,
            assignment,
            tier,
            device,
            _settings_sha256(course, assignment, key),
        )
        kept, unreadable, ours = _grade_all(grader, found, earlier, out, messages)
        results = _results(out, assignment, found)
        if results:
            console.print(table(assignment, results, console.width))
        if kept:
            were = "s were" if kept > 1 else " was"
            _tell(
                messages,
                f"{kept} result{were} kept from an earlier run: file, checks and settings have not changed.",
            )
        if course.due.get(assignment):
            _tell_unknown_times(assignment, course.due[assignment], results, messages)
        # What ails the whole class is said once.
        by_reason: dict[str, list[str]] = {}
        for student, reason in unreadable + ours:
            by_reason.setdefault(reason, []).append(student)
        for reason, students in by_reason.items():
            named = plain(students[0]) if len(students) == 1 else several(students)
            messages.print(
                f"[bold]not graded:[/bold] {escape(named)}: {escape(clip(reason))}",
                highlight=False,
                soft_wrap=True,
            )
        if results:
            try:
                said = f"Results: {journal.NAME} in {out}. Report: {write_report(out)}"
            except OSError as error:
                ours.append(("report", str(error)))
                said = f"Results: {journal.NAME} in {out}. The report could not be written: {error.strerror}"
            console.print(escape(said), highlight=False, soft_wrap=True)
    return Failures(len(unreadable), len(ours))


@dataclass(frozen=True)
class _Earlier:
    """The results of earlier runs, and what must not have changed since for them to hold."""

    results: Mapping[tuple[str, str], dict[str, Any]]
    course: Course
    unit: str
    tier: str
    device: str
    settings_sha256: str

    def __call__(self, submission: Submission) -> dict[str, Any] | None:
        """The result of this very submission under these settings; whether its checks are the same is not asked."""
        submitted = submission.submitted_at
        now = {
            "status": "graded",
            "submission_sha256": submission.sha256,
            "settings_sha256": self.settings_sha256,
            "device": self.device,
            "submitted_at": submitted.isoformat() if submitted else None,
            "late_days": self.course.late_days(self.unit, submitted),
        }
        result = self.of(submission.student)
        if any(result.get(name) != value for name, value in now.items()):
            return None
        # What was found out under weaker isolation than there is now could have been forged.
        sandbox = result.get("sandbox")
        return result if sandbox in TIERS and TIERS.index(sandbox) >= TIERS.index(self.tier) else None

    def of(self, student: str) -> dict[str, Any]:
        """The last result of a student, whatever it is worth now; empty if there is none."""
        return self.results.get((student, self.unit), {})


def _grade_all(
    grader: Grader, found: list[Found], earlier: _Earlier, out: Path, messages: Console
) -> tuple[int, list[tuple[str, str]], list[tuple[str, str]]]:
    """Grade, and write each result into the journal unless it says there already.

    Returns:
        How many results were kept; (student, reason) for each that is unreadable, and for each fault of ours.
    """
    kept = 0
    unreadable: list[tuple[str, str]] = []
    ours: list[tuple[str, str]] = []
    with journal.Journal(out) as log, _progress(messages) as progress, grader:
        task = progress.add_task(f"grading {earlier.unit}", total=len(found))
        for item, result in grader.grade_all(found, earlier):
            progress.advance(task)
            if isinstance(result, Exception):
                ours.append((item.student, f"a fault of the grader, not of the student: {result}"))
                continue
            if result is None:
                kept += 1
                continue
            made = result.to_json() | {"settings_sha256": earlier.settings_sha256}
            is_new = not journal.says_the_same(made, earlier.of(item.student))
            if is_new:
                try:
                    log.write(made)
                except OSError as error:
                    ours.append((item.student, f"{log.path} could not be written: {error.strerror}"))
                    continue
            if result.score is None:
                reason = "; ".join(result.flags)
                unreadable.append(
                    (f"{clip(item.student, LONGEST_NAME)} ({clip_path(result.submission.path)})", reason)
                )
            elif not is_new:
                kept += 1
    return kept, unreadable, ours


def _results(out: Path, unit: str, found: list[Found]) -> list[dict[str, Any]]:
    """What the journal now says of these students, in the order of their names."""
    students = {item.student for item in found}
    known = journal.read(out)
    return [known[key] for key in sorted(known) if key[1] == unit and key[0] in students]


def _tell(messages: Console, text: str) -> None:
    messages.print(escape(plain(text)), highlight=False, soft_wrap=True)


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
    here = Path(__file__).parents[1]
    shown = ("cli/", "publish/", "quality/", "report/", "export/")
    ours = {name: path for name, path in python_files(here).items() if not name.startswith(shown)}
    return version("torch"), of_files(ours), of_files(python_files(here.parent / "course_utils"))


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


def cuda_jobs(jobs: int, messages: Console) -> int:
    """How many submissions the GPU's free memory has room for, at most `jobs`: each has a context of its own."""
    import torch

    free, _ = torch.cuda.mem_get_info()
    room = max(1, free // _CUDA_BYTES_A_JOB)
    if room < jobs:
        _tell(messages, f"The GPU has {free / 2**30:.1f} GiB free: {room} at a time instead of {jobs}.")
    return min(jobs, room)


def _announce_tier(tier: str, messages: Console) -> None:
    """Say how student code is kept apart."""
    messages.print(f"Sandbox: {tier}. {MEANING[tier]}", highlight=False, soft_wrap=True)


def _announce_public(course: Course, messages: Console) -> None:
    """Say from which secret hidden cases come."""
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

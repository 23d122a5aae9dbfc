"""One run of `autograder grade`: find submissions, grade them with progress, write journal and report."""

from __future__ import annotations

import contextlib
import hmac
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

import msgspec
from msgspec.structs import replace
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

from autograder.cli.each import Earlier, grade_each, labels_beside
from autograder.cli.terminal import notices, tell
from autograder.course.config import Course, check_exercises, find_root, load_course, secret
from autograder.course.fingerprint import judging_code
from autograder.course.moments import of_nobody
from autograder.course.units import Unit, load_unit
from autograder.errors import UserError, WriteError
from autograder.grading import journal
from autograder.grading.cluster import ClusterGrader
from autograder.grading.grader import Grader
from autograder.grading.lines import missing_line
from autograder.grading.lock import only_one
from autograder.grading.older import older_among
from autograder.grading.policy import Policy
from autograder.grading.worker import Cluster
from autograder.intake.belonging import known_exercises
from autograder.intake.candidate import TIMESTAMP
from autograder.intake.collect import Found, Intake, collect
from autograder.intake.enrolment import enrolled, timed
from autograder.intake.tables import read_roster, read_times
from autograder.publish.made_from import changed_since_build, touches_checks
from autograder.report.pages import write_report
from autograder.report.table import class_table
from autograder.results import FORMAT, GRADED, MISSING, UNREADABLE, FlagKind, Line, texts
from autograder.sandbox.starter import ForkServer
from autograder.sandbox.tiers import MEANING, choose
from autograder.shown import one_line
from course_utils.slices.plain import LONGEST_NAME, clip, clip_path, several

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


@dataclass(frozen=True, kw_only=True)
class Options:
    """How a class is graded; the options of the command.

    Attributes:
        jobs: submissions graded at the same time; on a cluster its workers decide that.
        device: `auto`, `cpu` or `cuda`.
        resume: keep results that nothing has changed for.
        demo_secret: draw the hidden cases from the public secret.
        wait: wait for another grader that is at work in the folder of the results.
        tier: the sandbox tier to use; the best that this machine has if left out.
        unsafe: allow a weaker tier than the course asks for, even `none`.
        scheduler: address of a Dask scheduler, to grade on its workers instead of here.
        layout: name of the layout of the hand-ins; recognised if left out.
        roster: table of all who are in the course.
        times: table of the times of hand-in, which win over what was found.
        late_days: how many days late counts what is marked LATE without a time.
    """

    jobs: int = 1
    device: str = "auto"
    resume: bool = True
    demo_secret: bool = False
    wait: bool = True
    tier: str | None = None
    unsafe: bool = False
    scheduler: str | None = None
    layout: str | None = None
    roster: Path | None = None
    times: Path | None = None
    late_days: int | None = None


def grade_class(
    paths: list[Path],
    assignment: str,
    out: Path,
    options: Options,
    *,
    console: Console,
    messages: Console,
    server: ForkServer | None = None,
    course: Course | None = None,
) -> Failures:
    """Grade a class and say what came of it.

    Args:
        paths: where to find the submissions.
        assignment: id of the unit.
        out: folder of the results.
        options: how.
        console: where the table goes.
        messages: where all else goes.
        server: a fork server that is started already, in the tier to use.
        course: the course, if it is read already.

    Returns:
        How many submissions could not be graded, and why; false if there are none.

    Raises:
        UserError: a path, the unit or the course's settings are wrong; or another grader is at work in `out`, and
            `wait` is false; or the scheduler cannot be reached, or none of its workers can grade.
    """
    root = find_root()
    course = course or load_course(root)
    unit = load_unit(root, assignment)
    check_exercises(root, course, assignment, unit.exercises)
    _accept_checks(unit, course, messages)
    if os.path.realpath(out) in map(os.path.realpath, paths):
        raise UserError(f"--out {out} is the folder of the submissions: name one of its own for the results")
    intake = _intake(paths, unit, course, out, options)
    tell(messages, *intake.places)
    _tell_extensions_of_nobody(course, assignment, [item.person.key for item in intake], messages)
    key, public = secret(root, course, demo=options.demo_secret)
    grader = _grader(unit, course, key, options, len(intake), messages, server)
    if public:
        _announce_public(course, messages)
    with (
        _interruptible(out, messages),
        notices(messages),
        only_one(out, wait=options.wait),
    ):
        # Read under the lock: another grader may just have finished.
        contents = journal.read_journal(out)
        tell(messages, *contents.notices())
        lines = dict(contents.lines)
        of_unit = {line.person.key: line for line in lines.values() if line.unit == assignment}
        keys = {item.person.key for item in intake} | {item.key for item in intake.missing}
        called = labels_beside(intake, lines, course.attempts)
        found = [item.called(called[item.person.key]) for item in intake]
        earlier = Earlier(
            of_unit if options.resume else {},
            course,
            grader.tier,
            grader.device,
            _settings_sha256(course, assignment, key),
        )
        if options.resume:
            _tell_old(found, of_unit, messages)
        kept, unreadable, ours = _grade_all(grader, found, earlier, lines, out, messages)
        absent = [
            missing_line(item, called[item.key], assignment, grader.max_score, grader.policy)
            for item in intake.missing
            if item.key not in of_unit or of_unit[item.key].status == MISSING
        ]
        ours += _write_missing(absent, lines, out)
        older = older_among(lines)
        lines = older.rest_of(lines)
        if older.doubtful != contents.older.doubtful:
            tell(messages, *older.notices())
        results = sorted(
            (line for line in lines.values() if line.unit == assignment and line.person.key in keys),
            key=lambda line: line.student,
        )
        if results:
            console.print(class_table(assignment, results, console.width))
        if kept:
            were = "s were" if kept > 1 else " was"
            tell(
                messages,
                f"{kept} result{were} kept from an earlier run: file, checks and settings have not changed.",
            )
        if course.due.get(assignment):
            _tell_unknown_times(assignment, course.due[assignment], results, messages)
        damaged = {line.person.key for line in results if line.status == UNREADABLE}
        # Of several attempts some may be damaged, and a fault of ours says nothing of a file.
        counted = "read" if ours or course.attempts == "best" else "graded"
        tell(messages, intake.counts(course.attempts, damaged).in_words(counted))
        _tell_not_graded(unreadable + ours, messages)
        if results:
            try:
                said = f"Results: {journal.NAME} in {out}. Report: {write_report(out, list(lines.values()))}"
            except WriteError as error:
                ours.append(("report", str(error)))
                said = f"Results: {journal.NAME} in {out}. The report could not be written: {error.reason}"
            console.print(escape(said), highlight=False, soft_wrap=True)
    return Failures(len(unreadable), len(ours))


def _accept_checks(unit: Unit, course: Course, messages: Console) -> None:
    """Refuse checks that the build would refuse, and say what was not built since it changed.

    What the build has made something of it has accepted, so that only what has changed since is looked at.
    """
    changed = changed_since_build(unit, course)
    if changed == []:
        return
    if changed is None or touches_checks(changed):
        # Reads the notebook and tries answers, which takes seconds.
        from autograder.publish.verify import verify_checks

        verify_checks(unit, course)
    what = (
        f"{several(changed)} {'has' if len(changed) == 1 else 'have'} changed since `autograder build`"
        if changed
        else f"there is no record of a build of {unit.id}"
    )
    tell(
        messages,
        f"{what}: notebook and visible checks, as students have them, may be others than what is graded here. "
        f"`autograder build {unit.id}` makes them anew.",
    )


def _intake(paths: list[Path], unit: Unit, course: Course, out: Path, options: Options) -> Intake:
    """Who handed in what, and who nothing."""
    zone = course.zone(unit.id)
    # Tables first: a slip in one should not cost the time of a large class.
    roster = read_roster(options.roster) if options.roster else None
    times = read_times(options.times, zone) if options.times else None
    intake = collect(paths, unit.id, out, layout=options.layout, known=known_exercises(unit), zone=zone)
    if roster:
        intake = enrolled(intake, roster)
    return timed(intake, times, course.attempts) if times else intake


def _grader(
    unit: Unit,
    course: Course,
    key: bytes,
    options: Options,
    submissions: int,
    messages: Console,
    server: ForkServer | None,
) -> Grader | ClusterGrader:
    """The grader for a run, not entered yet; says how student code is kept apart."""
    device, jobs, tier = options.device, options.jobs, options.tier
    unsafe = options.unsafe or options.demo_secret
    limits = course.limits
    policy = Policy(
        points=course.points,
        disabled=course.disabled,
        due=course.due.get(unit.id),
        extensions=course.extensions.get(unit.id, {}),
        late=course.late,
        rounding=course.rounding,
        days_of_marked=options.late_days,
    )
    if options.scheduler is None:
        device = choose_device(device, messages)
    if device == "cuda":
        jobs = cuda_jobs(jobs, messages)
    elif device == "auto":
        device = "cpu"
    if options.scheduler is None:
        tier = server.tier if server else choose(tier, course.sandbox, unsafe=unsafe)
        _announce_tier(tier, messages)
        jobs = min(jobs, submissions)
        return Grader(unit, key, limits, policy=policy, device=device, jobs=jobs, tier=tier, server=server)
    # What this machine offers has no part in it; workers say what theirs do.
    cluster = Cluster(scheduler=options.scheduler, lowest=course.sandbox, tier=tier, unsafe=unsafe)
    return ClusterGrader(unit, key, limits, cluster=cluster, policy=policy, device=device)


def _tell_old(found: list[Found], lines: Mapping[str, Line], messages: Console) -> None:
    old = [item for item in found if item.person.key in lines and lines[item.person.key].format != FORMAT]
    if old:
        results = "result is" if len(old) == 1 else "results are"
        tell(
            messages,
            f"{len(old)} {results} of an older {journal.NAME}, which did not say who may read its flags: graded again.",
        )


def _tell_not_graded(failed: list[tuple[str, str]], messages: Console) -> None:
    # What ails the whole class is said once.
    by_reason: dict[str, list[str]] = {}
    for student, reason in failed:
        by_reason.setdefault(reason, []).append(student)
    for reason, students in by_reason.items():
        named = one_line(students[0] if len(students) == 1 else several(students))
        messages.print(
            f"[bold]not graded:[/bold] {escape(named)}: {escape(one_line(clip(reason)))}",
            highlight=False,
            soft_wrap=True,
        )


def _grade_all(
    grader: Grader | ClusterGrader,
    found: list[Found],
    earlier: Earlier,
    lines: dict[tuple[str, str], Line],
    out: Path,
    messages: Console,
) -> tuple[int, list[tuple[str, str]], list[tuple[str, str]]]:
    """Grade, and write each result into the journal unless it says there already.

    Args:
        grader: not entered yet.
        found: the class.
        earlier: what may be kept.
        lines: what the journal says; kept as it will be.
        out: where the journal lies.
        messages: where progress is shown.

    Returns:
        How many results were kept; (student, reason) for each that is unreadable, and for each fault of ours.
    """
    kept = 0
    unreadable: list[tuple[str, str]] = []
    ours: list[tuple[str, str]] = []
    with journal.Journal(out) as log, _progress(messages) as progress, grader:
        task = progress.add_task(f"grading {grader.unit.id}", total=len(found))
        for item, result in grade_each(grader, found, earlier.course.attempts, earlier):
            progress.advance(task)
            if isinstance(result, Exception):
                ours.append((item.student, f"a fault of the grader, not of the student: {result}"))
                continue
            if result is None:
                # The person may be called otherwise than before.
                line = lines[item.person.key, grader.unit.id]
                result = replace(line, person=item.person, student=item.student, group=item.group)
            made = replace(result, settings_sha256=earlier.settings_sha256)
            before = lines.get(made.key) if earlier.lines else None
            is_new = not journal.says_the_same(made, before)
            if is_new:
                try:
                    lines[made.key] = log.write(made)
                except OSError as error:
                    ours.append((item.student, f"{log.path} could not be written: {error.strerror}"))
                    continue
            if made.score is None:
                reason = texts(made.flags)
                unreadable.append((f"{clip(item.student, LONGEST_NAME)} ({clip_path(made.file)})", reason))
            elif not is_new:
                kept += 1
    return kept, unreadable, ours


def _write_missing(
    absent: list[Line], lines: dict[tuple[str, str], Line], out: Path
) -> list[tuple[str, str]]:
    """Write a line for each who handed in nothing, unless it says there already; what could not be written."""
    with journal.Journal(out) as log:
        for made in absent:
            if journal.says_the_same(made, lines.get(made.key)):
                continue
            try:
                lines[made.key] = log.write(made)
            except OSError as error:
                return [(made.student, f"{log.path} could not be written: {error.strerror}")]
    return []


def _settings_sha256(course: Course, unit: str, key: bytes) -> str:
    """Fingerprint of what decides a score besides file and checks: a change of it makes `--resume` grade again.

    What concerns single persons (extensions, marks of lateness) is compared line by line: see `Earlier`.
    """
    kept = (
        course.points,
        course.disabled,
        course.due.get(unit),
        course.late,
        course.attempts,
        course.limits,
        course.rounding,
        version("torch"),
        judging_code(),
    )
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


def _tell_extensions_of_nobody(course: Course, unit: str, keys: list[str], messages: Console) -> None:
    """A slip in a key would make somebody late."""
    if names := of_nobody(course.extensions.get(unit, {}), keys):
        tell(
            messages,
            f"course.toml extends {unit} for {several(names)}, of whom nothing was handed in here: are the keys those "
            f"of {journal.NAME}?",
        )


def _tell_unknown_times(assignment: str, due: datetime, results: list[Line], messages: Console) -> None:
    """One line for the class, because it usually concerns all of it: each result carries a flag of its own."""
    graded = [line for line in results if line.status == GRADED]
    unknown = [line for line in graded if line.submitted_at is None and not line.late_days]
    if not unknown:
        return
    marked = sum(any(flag.kind == FlagKind.MARKED_LATE for flag in line.flags) for line in unknown)
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
        tell(messages, f"The GPU has {free / 2**30:.1f} GiB free: {room} at a time instead of {jobs}.")
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

"""Grade each of a class: read what was handed in, keep what holds of earlier lines, grade the rest, many at a time."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from autograder.course.config import Course
from autograder.errors import UserError
from autograder.grading.cluster import ClusterGrader
from autograder.grading.grader import Grader, Work
from autograder.grading.older import Claim, has_label_only, older_among
from autograder.grading.policy import Policy
from autograder.intake.collect import Found, Intake
from autograder.intake.persons import labels
from autograder.intake.submission import Submission
from autograder.results import FORMAT, GRADED, FlagKind, Line
from autograder.sandbox.tiers import TIERS


@dataclass(frozen=True)
class Earlier:
    """The lines of earlier runs, and what must not have changed since for them to hold.

    Attributes:
        lines: key of a person -> the last line of the unit.
        course: the course.
        tier, device: where grading takes place now.
        settings_sha256: fingerprint of what decides a score besides file, checks and what is known of the person.
    """

    lines: Mapping[str, Line]
    course: Course
    tier: str
    device: str
    settings_sha256: str

    def of(self, submission: Submission, policy: Policy) -> Line | None:
        """The line of this very submission under these settings; whether its checks are the same is not asked."""
        line = self.lines.get(submission.person.key)
        if line is None:
            return None
        submitted, lateness = submission.submitted_at, policy.lateness(submission)
        now = (
            FORMAT,
            GRADED,
            submission.sha256,
            self.settings_sha256,
            self.device,
            submitted.isoformat() if submitted else None,
            lateness.extension.isoformat() if lateness.extension else None,
            lateness.days,
            lateness.mark,
        )
        then = (
            line.format,
            line.status,
            line.submission_sha256,
            line.settings_sha256,
            line.device,
            line.submitted_at,
            line.extension,
            line.late_days,
            next((flag for flag in line.flags if flag.kind == FlagKind.MARKED_LATE), None),
        )
        # What was found out under weaker isolation than there is now could have been forged.
        held = line.sandbox in TIERS and TIERS.index(line.sandbox) >= TIERS.index(self.tier)
        return line if now == then and held else None


def labels_beside(
    intake: Intake, lines: Mapping[tuple[str, str], Line], attempts: str = "latest"
) -> Mapping[str, str]:
    """How the people of a class are called, unlike all others in the journal: key -> label.

    Who had nothing but a label in an older version, and has a key now, is still called so.

    Args:
        intake: the class.
        lines: (key, unit) -> what the journal says.
        attempts: which of several attempts counts.
    """
    people = [*(item.person for item in intake), *intake.missing]
    keys = {person.key for person in people}
    others = older_among(lines, _claims(intake, lines, attempts)).rest_of(lines).values()
    return labels(people, {line.student for line in others if line.person.key not in keys})


def _claims(found: Iterable[Found], lines: Mapping[tuple[str, str], Line], attempts: str) -> list[Claim]:
    """What is known of people whose names or files older lines have. Only their hand-ins are read."""
    older = [line for line in lines.values() if has_label_only(line)]
    names = {(line.person.key, line.unit) for line in older}
    files = {(line.file, line.unit) for line in older}
    made = []
    for item in found:
        paths = {(candidate.path, item.unit) for hand_in in item.hand_ins for candidate in hand_in.candidates}
        if (item.person.key, item.unit) in names or (
            (item.person.name, item.unit) not in names and files.isdisjoint(paths)
        ):
            continue
        # Whatever is wrong with a file is told when it is graded.
        with contextlib.suppress(Exception):
            made += [
                Claim(item.person.key, item.person.name, item.unit, read.path, read.sha256)
                for read in item.read(attempts)
            ]
    return made


def grade_each(
    grader: Grader | ClusterGrader,
    found: Iterable[Found],
    attempts: str = "latest",
    earlier: Earlier | None = None,
) -> Iterator[tuple[Found, Line | Exception | None]]:
    """Grade many, as many at a time as the grader can, in the order in which they are done.

    Args:
        grader: entered.
        found: what `autograder.intake.collect.collect` found.
        attempts: which of several attempts counts: `latest`, `first` or `best`.
        earlier: what the checks have not changed for is kept.

    Yields:
        Each student with the result; None if there is one already; an exception if the fault is ours: there is no
        result then, and never a zero.

    Raises:
        UserError: nothing more can be graded, and somebody can mend that.
    """
    if isinstance(grader, ClusterGrader):
        return grader.grade_all(_works(grader, found, attempts, earlier))
    return _in_threads(grader, found, attempts, earlier)


def _work(grader: Grader | ClusterGrader, item: Found, attempts: str, earlier: Earlier | None) -> Work | None:
    """What is left to do for a student; None if nothing is."""
    submissions = item.read(attempts)
    # The result in the journal is that of one attempt; with several to choose from all are graded again.
    if earlier and len(submissions) == 1 and isinstance(submissions[0], Submission):
        line = earlier.of(submissions[0], grader.policy)
        if line is not None:
            if grader.is_up_to_date(line):
                return None
            return Work(tuple(submissions), grader.to_keep(line))
    return Work(tuple(submissions))


def _works(
    grader: ClusterGrader, found: Iterable[Found], attempts: str, earlier: Earlier | None
) -> Iterator[tuple[Found, Work | Exception | None]]:
    for item in found:
        work: Work | Exception | None
        try:
            work = _work(grader, item, attempts, earlier)
        except UserError:
            raise
        except Exception as error:
            work = error
        yield item, work


def _in_threads(
    grader: Grader, found: Iterable[Found], attempts: str, earlier: Earlier | None
) -> Iterator[tuple[Found, Line | Exception | None]]:
    def line_of(item: Found) -> Line | None:
        work = _work(grader, item, attempts, earlier)
        return None if work is None else grader.grade_best(work)

    # No more threads than sandboxes: reading a hostile file can keep the interpreter for seconds, and who reads one
    # must wait for its own submission before reading on, or those in a sandbox would not be heard in time.
    pool = ThreadPoolExecutor(grader.jobs)
    try:
        running: dict[Future[Line | None], Found] = {}
        waiting = iter(found)
        while True:
            # No more than two a worker are in work, so memory does not grow with the class.
            while len(running) < 2 * grader.jobs and (item := next(waiting, None)) is not None:
                running[pool.submit(line_of, item)] = item
            if not running:
                return
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                item = running.pop(future)
                error = future.exception()
                if isinstance(error, UserError):
                    raise error
                yield item, future.result() if error is None else _ours(error)
    finally:
        pool.shutdown(cancel_futures=True)


def _ours(error: BaseException) -> Exception:
    if isinstance(error, Exception):
        return error
    raise error

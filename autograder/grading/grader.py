"""Grade a notebook: case -> observation -> verdict -> score.

The trusted half of the grader. It holds references, hidden cases and scores, and never executes student code: that
happens in `autograder.sandbox`, which is sent arguments and sends back observations.
"""

from __future__ import annotations

import datetime as dt
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from importlib.metadata import version
from types import TracebackType
from typing import Any

import torch

from autograder.course.config import begun_days
from autograder.course.units import Unit, combined_sha256
from autograder.grading.figures import off_by, window
from autograder.grading.slicing import NoSlice, Program, Slice
from autograder.intake.candidate import TIMESTAMP
from autograder.intake.collect import Found
from autograder.intake.submission import Submission, Unreadable
from autograder.sandbox.client import ForkServer, Limits, Sandbox, SandboxError
from autograder.sandbox.tiers import probe
from course_utils.checks.definition import PUBLIC_SECRET
from course_utils.checks.judge import (
    CRASHED,
    ERROR,
    MEMORY,
    TIMEOUT,
    WRONG,
    CheckVerdict,
    Verdict,
    judge,
)
from course_utils.checks.observation import Failure, Observation
from course_utils.checks.prepared import Fault, PreparedExercise
from course_utils.checks.wire import CaseData, pack_case
from course_utils.running.runner import SUBMISSION_CALLS, Runner, Seen, verdict_on

# Bytes of the observations whose verdicts are remembered: a class has fewer kinds of answers than students.
_REMEMBERED = 64 * 2**20
_LARGE = 2 * 2**20

# The run of public cases may take as long as so many calls that each use up their time.
_PUBLIC_CALLS = 2

# The flag of a result that lateness would matter to; the way out is nbgrader's own file.
UNKNOWN_TIME = (
    f"time of hand-in unknown: not counted as late; a {TIMESTAMP} beside the notebook, in a folder of the student's "
    "own, would say it as nbgrader does: 2026-11-30 22:15:00.000000 UTC"
)


@dataclass(frozen=True)
class Policy:
    """What a course says about scores; see `course.toml`.

    Attributes:
        points: exercise id -> points, where they differ from the sum of its checks.
        disabled: ids of exercises that are not graded.
        due: when the unit is due, with its time zone.
        kept: days late -> share of the score that is kept.
        attempts: which of several attempts counts: `latest`, `first` or `best`.
    """

    points: Mapping[str, float] = field(default_factory=dict)
    disabled: tuple[str, ...] = ()
    due: dt.datetime | None = None
    kept: Callable[[int], float] = lambda late_days: 1.0
    attempts: str = "latest"


@dataclass(frozen=True)
class Result:
    """One line of `grades.jsonl`.

    Attributes:
        status: `graded` or `unreadable`.
        score: after what lateness costs; None if unreadable.
        late_penalty: points lost by lateness.
        verdicts: exercise id -> verdict; a verdict's points are those of the checks.
        points: exercise id -> (score, max_score) in the course's points.
        exercises_sha256: exercise id -> hash of its checks.
        kept: exercise id -> what an earlier result says of it, in place of a verdict.
        seconds: wall-clock time in the sandbox.
        spent: exercise id -> what of it was spent on its checks.
        shown: exercise id -> check id -> `figures.window` of a public case, for failed visible checks.
    """

    submission: Submission | Unreadable
    status: str
    score: float | None
    max_score: float
    verdicts: Mapping[str, Verdict]
    points: Mapping[str, tuple[float, float]]
    exercises_sha256: Mapping[str, str]
    kept: Mapping[str, Mapping[str, Any]]
    sandbox: str
    device: str
    late_days: int
    late_penalty: float
    seconds: float
    flags: tuple[str, ...]
    spent: Mapping[str, float] = field(default_factory=dict)
    shown: Mapping[str, Mapping[str, Mapping[str, Any]]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The result as a line of `grades.jsonl`."""
        submission = self.submission
        submitted = submission.submitted_at
        return {
            "student": submission.student,
            "unit": submission.unit,
            "attempt": getattr(submission, "attempt", 1),
            "submitted_at": submitted.isoformat() if submitted else None,
            "late_days": self.late_days,
            "late_penalty": self.late_penalty,
            "file": submission.path,
            "submission_sha256": submission.sha256,
            "checks_sha256": combined_sha256(self.exercises_sha256),
            "release": _version(),
            "versions": {"autograder": _version(), "torch": torch.__version__},
            "status": self.status,
            "score": self.score,
            "max_score": self.max_score,
            "sandbox": self.sandbox,
            "device": self.device,
            "seconds": round(self.seconds, 4),
            "exercises": {name: self.kept.get(name) or self._exercise(name) for name in self.points},
            "flags": list(self.flags),
        }

    def _exercise(self, name: str) -> dict[str, Any]:
        verdict = self.verdicts[name]
        score, max_score = self.points[name]
        factor = max_score / verdict.max_score if verdict.max_score else 0.0
        diagnosis = (
            {"misconception": verdict.misconception, "hint": verdict.hint} if verdict.misconception else None
        )
        return {
            "score": score,
            "max_score": max_score,
            "status": verdict.status,
            "diagnosis": diagnosis,
            "alike": list(verdict.alike),
            "separated_by": verdict.separated_by,
            "together": [{"misconception": name, "hint": hint} for name, hint in verdict.together.items()],
            "fact": verdict.fact,
            "seconds": round(self.spent.get(name, 0.0), 4),
            "help": self._help(name),
            "checks_sha256": self.exercises_sha256[name],
            "checks": [self._check(name, item, factor) for item in verdict.checks],
        }

    def _check(self, exercise: str, item: CheckVerdict, factor: float) -> dict[str, Any]:
        made = {
            "id": item.check.id,
            "title": item.check.title,
            "visible": item.check.visible,
            "side": item.check.side,
            "passed": item.passed,
            "points": _round(item.points * factor),
            "max_points": _round(item.check.points * factor),
            "message": item.message,
        }
        if near := off_by(item, self.device):
            made["off_by"] = near
        if shown := self.shown.get(exercise, {}).get(item.check.id):
            made["shown"] = shown
        return made

    def _help(self, exercise: str) -> dict[str, int] | None:
        """The hints that the student says to have asked for."""
        help_ = getattr(self.submission, "help", {}).get(exercise)
        return {"asked": help_.asked, "level": help_.level} if help_ else None


@dataclass(frozen=True)
class _Ran:
    """What was seen of each exercise that has something to run, how long each took, and all together."""

    seen: Mapping[str, Seen | Failure | Fault]
    spent: Mapping[str, float]
    seconds: float


class Grader:
    """Grades submissions of one unit. Use as a context manager."""

    def __init__(
        self,
        unit: Unit,
        secret: bytes,
        limits: Limits | None = None,
        *,
        policy: Policy | None = None,
        device: str = "cpu",
        jobs: int = 1,
        tier: str | None = None,
        server: ForkServer | None = None,
    ) -> None:
        """Prepare to grade.

        Args:
            unit: the unit.
            secret: key of the hidden seeds.
            limits: what one submission may use.
            policy: what the course says about scores.
            device: `"cpu"` or `"cuda"`.
            jobs: submissions graded at the same time.
            tier: how student code is kept apart, one of `autograder.sandbox.tiers.TIERS`; the best of this machine if
                left out.
            server: a fork server that is started already, with these limits and this tier; closed by who started it.
        """
        self.unit = unit
        self.tier = server.tier if server else tier or probe().best
        self._server = server
        self.device = device
        self.policy = policy or Policy()
        self._secret = secret
        self._limits = limits or Limits()
        self._jobs = max(1, jobs)
        self._stack = ExitStack()
        self._idle: queue.LifoQueue[Sandbox] = queue.LifoQueue()
        self._lock = threading.Lock()
        self._remembered = 0
        self._verdicts: dict[
            tuple[str, tuple[int, ...]], tuple[Verdict, tuple[Observation | Fault, ...]]
        ] = {}

    def __enter__(self) -> Grader:
        # Comparing small tensors is faster on one thread, and the cores belong to the sandboxes.
        torch.set_num_threads(1)
        with ExitStack() as stack:
            server = self._server or stack.enter_context(
                ForkServer(self._limits, self.tier, workers=self._jobs, cuda=self.device == "cuda")
            )
            for _ in range(self._jobs):
                self._idle.put(stack.enter_context(Sandbox(self._limits, server=server)))
            self.checks_sha256  # noqa: B018 - prepared once, before the clock of the first submission runs
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._idle = queue.LifoQueue()
        self._stack.close()

    @cached_property
    def _prepared(self) -> dict[str, tuple[PreparedExercise, dict[str, tuple[CaseData, ...]]]]:
        """Expected observations and packed cases, computed once for the whole class."""
        prepared = {}
        for id_, exercise in self.unit.exercises.items():
            if id_ not in self.policy.disabled:
                item = exercise.prepare(self._secret)
                prepared[id_] = (item, _pack(item))
        return prepared

    @cached_property
    def _public(self) -> dict[str, PreparedExercise]:
        """The visible checks with the cases that ship; without the bank, which is compared with graded cases alone."""
        return {
            id_: replace(self.unit.exercises[id_], misconceptions=()).prepare(
                PUBLIC_SECRET, visible_only=True
            )
            for id_ in self._prepared
        }

    @cached_property
    def checks_sha256(self) -> dict[str, str]:
        """Exercise id -> hash of what decides its verdict; made once for the whole class."""
        return {
            id_: self.unit.checks_sha256(item, self._secret, self._prelude)
            for id_, (item, _) in self._prepared.items()
        }

    @cached_property
    def _prelude(self) -> dict[str, str]:
        return self.unit.prelude

    @property
    def max_score(self) -> float:
        """Points of the unit under the course's policy."""
        return sum(self._points(item) for item, _ in self._prepared.values())

    def grade_all(
        self,
        found: Iterable[Found],
        earlier: Callable[[Submission], Mapping[str, Any] | None] = lambda submission: None,
    ) -> Iterator[tuple[Found, Result | Exception | None]]:
        """Grade many, `jobs` at a time, in the order in which they are done.

        Args:
            found: what `autograder.intake.collect.collect` found.
            earlier: the result that the journal has of this very submission, under the same settings; None if it has
                none. What the checks have not changed for is kept.

        Yields:
            Each student with the result; None if there is one already; an exception if the fault is ours: there is
            no result then, and never a zero.
        """

        checks_sha256 = combined_sha256(self.checks_sha256)

        def work(item: Found) -> Result | None:
            submissions = item.read(self.policy.attempts)
            # The result in the journal is that of one attempt; with several to choose from all are graded again.
            if len(submissions) == 1 and isinstance(submissions[0], Submission):
                result = earlier(submissions[0]) or {}
                keep = self._keep(result)
                if len(keep) == len(self.checks_sha256) and result.get("checks_sha256") == checks_sha256:
                    return None
                return self.grade(submissions[0], keep)
            return max(
                map(self.grade, submissions),
                key=lambda result: -1.0 if result.score is None else result.score,
            )

        # No more threads than sandboxes: reading a hostile file can keep the interpreter for seconds, and who reads one
        # must wait for its own submission before reading on, or those in a sandbox would not be heard in time.
        pool = ThreadPoolExecutor(self._jobs)
        try:
            running: dict[Future[Result | None], Found] = {}
            waiting = iter(found)
            while True:
                # No more than two a worker are in work, so memory does not grow with the class.
                while len(running) < 2 * self._jobs and (item := next(waiting, None)) is not None:
                    running[pool.submit(work, item)] = item
                if not running:
                    return
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    item = running.pop(future)
                    error = future.exception()
                    yield item, future.result() if error is None else _ours(error)
        finally:
            pool.shutdown(cancel_futures=True)

    def grade(
        self, submission: Submission | Unreadable, keep: Mapping[str, Mapping[str, Any]] | None = None
    ) -> Result:
        """Grade one submission.

        Args:
            submission: what was handed in.
            keep: exercise id -> what an earlier result says of it; these exercises are not run again.

        Raises:
            SandboxError: the sandbox failed; the submission has no result then, never a zero.
        """
        if isinstance(submission, Unreadable):
            return self._result(submission, {}, {}, (submission.reason,), 0.0)
        program = Program(submission, self._prelude)
        slices = {id_: program.slice(id_) for id_ in self._prepared}
        flags = [*submission.flags, *(flag for slice_ in slices.values() for flag in slice_.flags)]
        wanted = {id_: slice_ for id_, slice_ in slices.items() if id_ not in (keep or {})}
        hidden = {id_: packed for id_, (_, packed) in self._prepared.items()}
        ran = self._run(wanted, hidden, SUBMISSION_CALLS)
        verdicts = {
            id_: verdict_on(self._prepared[id_][0], slice_, ran.seen.get(id_), self._judge)
            for id_, slice_ in wanted.items()
        }
        shown, texts, more = self._show(wanted, verdicts)
        verdicts = {id_: _with_texts(verdict, texts.get(id_, {})) for id_, verdict in verdicts.items()}
        result = self._result(
            submission, verdicts, keep or {}, tuple(dict.fromkeys(flags)), ran.seconds + more
        )
        return replace(result, spent=ran.spent, shown=shown)

    def _show(
        self, slices: Mapping[str, Slice | NoSlice], verdicts: Mapping[str, Verdict]
    ) -> tuple[dict[str, dict[str, Any]], dict[str, dict[str, str]], float]:
        """What the pages show of visible checks that failed, what they raised, and how long it took to find out.

        In a process of its own: one that has seen a hidden case could hand its values out in the place of a result.
        """
        checks = {
            id_: {item.check.id for item in verdict.checks if item.check.visible and not item.passed}
            for id_, verdict in verdicts.items()
            if verdict.status in (WRONG, ERROR)
        }
        # What could not be executed has nothing to show.
        checks = {id_: failed for id_, failed in checks.items() if any(map(_has_run, verdicts[id_].checks))}
        public = {
            id_: replace(exercise, checks=tuple(item for item in exercise.checks if item.id in checks[id_]))
            for id_, exercise in self._public.items()
            if checks.get(id_)
        }
        if not public:
            return {}, {}, 0.0
        cases = {id_: _pack(exercise) for id_, exercise in public.items()}
        ran = self._run({id_: slices[id_] for id_ in public}, cases, _PUBLIC_CALLS)
        shown: dict[str, dict[str, Any]] = {}
        texts: dict[str, dict[str, str]] = {}
        for id_, seen in ran.seen.items():
            if not isinstance(seen, Failure | Fault):
                for item in judge(public[id_], seen, self.device).checks:
                    if made := window(item, self.device):
                        shown.setdefault(id_, {})[item.check.id] = made
                    if _raised(item):
                        texts.setdefault(id_, {})[item.check.id] = item.message
        return shown, texts, ran.seconds

    def _run(
        self,
        slices: Mapping[str, Slice | NoSlice],
        cases: Mapping[str, Mapping[str, Sequence[CaseData]]],
        calls: int,
    ) -> _Ran:
        """Run each slice with the cases of its exercise, for as long as so many calls may take."""
        try:
            return self._run_once(slices, cases, calls)
        except SandboxError:
            # A server or a worker may have been killed from outside: there is another one now.
            return self._run_once(slices, cases, calls)

    def _run_once(
        self,
        slices: Mapping[str, Slice | NoSlice],
        cases: Mapping[str, Mapping[str, Sequence[CaseData]]],
        calls: int,
    ) -> _Ran:
        try:
            sandbox = self._idle.get_nowait()
        except queue.Empty:
            raise SandboxError(
                "there is no sandbox: use the grader in a with statement, and by no more threads than its jobs"
            ) from None
        try:
            seen: dict[str, Seen | Failure | Fault] = {}
            spent = {}
            runnable = {id_: item for id_, item in slices.items() if isinstance(item, Slice)}
            if runnable:
                # Nobody's time: the first submission would be told that it took seconds.
                sandbox.start()
            started = time.monotonic()
            with Runner(sandbox, self.device, self._limits.seconds * calls) as runner:
                for id_, slice_ in runnable.items():
                    begun = time.monotonic()
                    seen[id_] = runner.run(self.unit.exercises[id_].name, slice_.cells, cases[id_])
                    spent[id_] = time.monotonic() - begun
            return _Ran(seen, spent, time.monotonic() - started)
        finally:
            self._idle.put(sandbox)

    def _keep(self, result: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
        """The exercises of an earlier result whose checks have not changed."""
        # Time, memory and a process that died are the machine's as much as the student's: it may have been busy.
        return {
            id_: entry
            for id_, entry in result.get("exercises", {}).items()
            if entry.get("checks_sha256") == self.checks_sha256.get(id_, "")
            and entry["status"] not in (CRASHED, TIMEOUT, MEMORY)
        }

    def _result(
        self,
        submission: Submission | Unreadable,
        verdicts: Mapping[str, Verdict],
        kept: Mapping[str, Mapping[str, Any]],
        flags: tuple[str, ...],
        seconds: float,
    ) -> Result:
        points = {}
        for id_, (exercise, _) in self._prepared.items():
            if id_ in kept:
                points[id_] = (kept[id_]["score"], kept[id_]["max_score"])
            if id_ not in verdicts:
                continue
            verdict, limit = verdicts[id_], self._points(exercise)
            points[id_] = (
                _round(verdict.score / verdict.max_score * limit if verdict.max_score else 0.0),
                limit,
            )
        readable = isinstance(submission, Submission)
        if readable and self.policy.due and submission.submitted_at is None:
            flags = (*flags, UNKNOWN_TIME)
        late_days = _late_days(submission.submitted_at, self.policy.due)
        raw = sum(score for score, _ in points.values())
        penalty = _round(raw * (1 - self.policy.kept(late_days)))
        return Result(
            submission,
            "graded" if readable else "unreadable",
            _round(raw - penalty) if readable else None,
            self.max_score,
            verdicts,
            points,
            self.checks_sha256,
            kept,
            self.tier,
            self.device,
            late_days,
            penalty,
            seconds,
            flags,
        )

    def _judge(
        self, exercise: PreparedExercise, seen: Mapping[str, Sequence[Observation | Fault]]
    ) -> Verdict:
        """The verdict on what was seen; that of an earlier submission, if the very same was seen there."""
        items = tuple(item for check in exercise.checks for item in seen.get(check.id, ()))
        key = (exercise.id, tuple(map(id, items)))
        known = self._verdicts.get(key)
        if known is None:
            verdict = judge(exercise, seen, self.device, texts=False)
            size = sum(map(_bytes, items))
            # A fault is a new object each time: it would never be met again.
            if size > _LARGE or any(isinstance(item, Fault) for item in items):
                return verdict
            # The observations are kept with it, so that no other object takes over the identity of one.
            known = (verdict, items)
            with self._lock:
                if self._remembered + size > _REMEMBERED:
                    self._verdicts.clear()
                    self._remembered = 0
                self._verdicts[key] = known
                self._remembered += size
        return known[0]

    def _points(self, exercise: PreparedExercise) -> float:
        return float(self.policy.points.get(exercise.id, exercise.max_score))


def _pack(exercise: PreparedExercise) -> dict[str, tuple[CaseData, ...]]:
    return {check.id: tuple(map(pack_case, check.cases)) for check in exercise.checks}


def _bytes(item: Observation | Fault) -> int:
    if isinstance(item, Fault):
        return 0
    values = item.quantities.values()
    names = sum(map(len, item.quantities))
    return (
        1000
        + names
        + sum(
            value.nbytes
            if isinstance(value, torch.Tensor)
            else 100 + (len(value) if isinstance(value, str) else 0)
            for value in values
        )
    )


@cache
def _version() -> str:
    return version("ssl-problem-sets")


def _has_run(item: CheckVerdict) -> bool:
    return item.observation is not None


def _raised(item: CheckVerdict) -> bool:
    return item.difference is not None and item.difference.quantity == "exception"


def _with_texts(verdict: Verdict, texts: Mapping[str, str]) -> Verdict:
    """The verdict with the texts of exceptions as the public cases raised them: no hidden case can speak in those."""
    checks = tuple(
        replace(item, message=texts[item.check.id]) if item.check.id in texts and _raised(item) else item
        for item in verdict.checks
    )
    return replace(verdict, checks=checks)


def _ours(error: BaseException) -> Exception:
    if isinstance(error, Exception):
        return error
    raise error


def _late_days(submitted: dt.datetime | None, due: dt.datetime | None) -> int:
    if submitted is None or due is None:
        return 0
    return begun_days((submitted - due).total_seconds())


def _round(points: float) -> float:
    # Scores are sums of halves and quarters; ten digits remove what binary fractions add.
    return round(points, 10)

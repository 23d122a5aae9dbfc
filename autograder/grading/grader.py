"""Grade a notebook: case -> observation -> verdict -> line of the journal.

The trusted half of the grader. It holds references, hidden cases and scores, and never executes student code: that
happens in `autograder.sandbox`, which is sent arguments and sends back observations. It opens no file of a student's
and asks nobody anything: what was handed in, and what an earlier line says of it, come as values.
"""

from __future__ import annotations

import queue
import time
from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import TracebackType

import torch
from msgspec.structs import replace as replace_line

from autograder.course.units import Unit, combined_sha256
from autograder.errors import SandboxError
from autograder.grading.ahead import Ahead
from autograder.grading.lines import UNKNOWN_TIME, Circumstances, line_of, of_exercise
from autograder.grading.policy import Policy
from autograder.grading.public_cases import Fingerprints, fingerprint, windows, with_public_messages
from autograder.grading.slicing import flag_of, flags_of
from autograder.intake.belonging import KnownExercises, known_exercises, of_this_unit
from autograder.intake.submission import Submission, Unreadable
from autograder.results import ExerciseLine, Flag, FlagKind, Line
from autograder.sandbox.client import ForkServer, Limits, Sandbox
from autograder.sandbox.tiers import probe
from course_utils.checks.definition import PUBLIC_SECRET
from course_utils.checks.judge import CORRECT, CRASHED, ERROR, MEMORY, TIMEOUT, WRONG, Verdict, judge
from course_utils.checks.observation import Failure, Observation
from course_utils.checks.prepared import Fault, PreparedExercise
from course_utils.checks.wire import CaseData, pack_case
from course_utils.running.lacking import Lack, lack_in, with_lack
from course_utils.running.runner import SUBMISSION_CALLS, Runner, Seen, verdict_on
from course_utils.slices.bounded import Bounded
from course_utils.slices.plain import several
from course_utils.slices.slicing import NoSlice, Program, Slice

# Bytes of the observations whose verdicts are remembered: a class has fewer kinds of answers than students.
_REMEMBERED = 64 * 2**20
_LARGE = 2 * 2**20

# The run of public cases may take as long as so many calls that each use up their time, and all attempts of a person as
# long as so many besides those of the graded cases: the latest may hang in both runs, and an earlier one still be run.
# Exercises have equal shares of the run of public cases, so that one that hangs there does not spoil what is told of
# the others.
_PUBLIC_CALLS = 1
_SPARE_CALLS = 2


@dataclass(frozen=True)
class Work:
    """What is to be graded of one student.

    Attributes:
        attempts: one hand-in or more; the best counts.
        keep: exercise id -> what an earlier line says of it; only for a single attempt.
    """

    attempts: tuple[Submission | Unreadable, ...]
    keep: Mapping[str, ExerciseLine] = field(default_factory=dict)


@dataclass
class _Clock:
    """What is left of the time that a person's attempts have together, in seconds."""

    left: float

    def take(self, most: float) -> float:
        """How long a run may take that may take so long at most."""
        return min(most, max(0.0, self.left))


@dataclass(frozen=True)
class _Ran:
    """What was seen of each exercise that has something to run, how long each took, and all together."""

    seen: Mapping[str, Seen | Failure | Fault]
    spent: Mapping[str, float]
    seconds: float


class _Question(Hashable):
    """What was seen of an exercise, to be judged: the same question only if it is of the very same objects.

    It holds them, so that no other object takes over the identity of one.
    """

    def __init__(self, exercise: PreparedExercise, seen: Seen, *, hidden: bool) -> None:
        self.exercise, self.seen, self.hidden = exercise, seen, hidden
        self.items = tuple(item for check in exercise.checks for item in seen.get(check.id, ()))
        self._key = (exercise.id, hidden, tuple(map(id, self.items)))

    def __hash__(self) -> int:
        return hash(self._key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Question) and self._key == other._key


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
        # That of an earlier submission, if the very same was seen there.
        self._verdicts = Bounded(self._verdict, _weight, _REMEMBERED, _LARGE)
        # Answers that are known to be right have nothing to show.
        self._right: dict[str, Fingerprints] = defaultdict(Fingerprints)
        self._ahead: Ahead | None = None

    def __enter__(self) -> Grader:
        # Comparing small tensors is faster on one thread, and the cores belong to the sandboxes.
        torch.set_num_threads(1)
        with ExitStack() as stack:
            server = self._server or stack.enter_context(
                ForkServer(self._limits, self.tier, workers=self._jobs, cuda=self.device == "cuda")
            )
            for _ in range(self._jobs):
                self._idle.put(stack.enter_context(Sandbox(self._limits, server=server)))
            # Prepared once, before the clock of the first submission runs.
            self.checks_sha256  # noqa: B018
            self._public  # noqa: B018
            if self._server is None:
                self._ahead = Ahead(item for item, _ in self._prepared.values())
                stack.callback(self._ahead.stop)
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
    def _public(self) -> dict[str, tuple[PreparedExercise, dict[str, tuple[CaseData, ...]]]]:
        """The visible checks with the cases that ship; without the bank, which is compared with graded cases alone."""
        found = {}
        for id_ in self._prepared:
            without_bank = replace(self.unit.exercises[id_], misconceptions=())
            item = without_bank.prepare(PUBLIC_SECRET, visible_only=True)
            found[id_] = (item, _pack(item))
        return found

    @cached_property
    def checks_sha256(self) -> dict[str, str]:
        """Exercise id -> hash of what decides its verdict; made once for the whole class."""
        return {
            id_: self.unit.checks_sha256(item, self._secret, self.unit.prelude)
            for id_, (item, _) in self._prepared.items()
        }

    @cached_property
    def _known(self) -> KnownExercises:
        return known_exercises(self.unit)

    @property
    def max_score(self) -> float:
        """Points of the unit under the course's policy."""
        return sum(self._points(item) for item, _ in self._prepared.values())

    @property
    def jobs(self) -> int:
        """How many threads may grade at the same time."""
        return self._jobs

    def is_up_to_date(self, line: Line) -> bool:
        """Whether a line of this very submission, under the same settings, says all that grading it again would say."""
        return len(self.to_keep(line)) == len(self.checks_sha256) and line.checks_sha256 == combined_sha256(
            self.checks_sha256
        )

    def to_keep(self, line: Line) -> dict[str, ExerciseLine]:
        """What an earlier line says of the exercises whose checks have not changed."""
        # Time, memory and a process that died are the machine's as much as the student's: it may have been busy. What
        # it lacked it may have by now.
        lacked = any(flag.kind == FlagKind.GRADER_LACKS for flag in line.flags)
        return {
            id_: entry
            for id_, entry in line.exercises.items()
            if entry.checks_sha256 == self.checks_sha256.get(id_, "")
            and entry.checks_sha256
            and entry.status not in (CRASHED, TIMEOUT, MEMORY)
            and not (lacked and entry.status in (ERROR, WRONG))
        }

    def grade(
        self, submission: Submission | Unreadable, keep: Mapping[str, ExerciseLine] | None = None
    ) -> Line:
        """Grade one submission.

        Args:
            submission: what was handed in.
            keep: exercise id -> what an earlier line says of it; these exercises are not run again.

        Raises:
            SandboxError: the sandbox failed; the submission has no result then, never a zero.
        """
        return self._grade(submission, keep, self._clock())

    def _clock(self) -> _Clock:
        """As long as one hand-in may take, whoever made however many: its graded cases and the public ones."""
        return _Clock(self._limits.seconds * (SUBMISSION_CALLS + _SPARE_CALLS))

    def _grade(
        self, submission: Submission | Unreadable, keep: Mapping[str, ExerciseLine] | None, clock: _Clock
    ) -> Line:
        submission = of_this_unit(submission, self._known)
        if isinstance(submission, Unreadable):
            flag = Flag(kind=FlagKind.UNREADABLE, text=submission.reason, audience="student")
            return self._line(submission, {}, (flag,), 0.0)
        keep = keep or {}
        program = Program(submission.cells, self.unit.prelude, submission.files)
        slices = {id_: program.slice(id_) for id_ in self._prepared}
        flags = [*submission.flags, *(flag for id_, item in slices.items() for flag in flags_of(id_, item))]
        wanted = {id_: slice_ for id_, slice_ in slices.items() if id_ not in keep}
        hidden = {id_: packed for id_, (_, packed) in self._prepared.items()}
        programs = {id_: fingerprint(item) for id_, item in wanted.items()}
        new = {id_: item for id_, item in wanted.items() if programs[id_] not in self._right[id_]}
        public, lacks, seconds = self._of_public_cases(new, clock)
        ran = self._run(wanted, hidden, SUBMISSION_CALLS, clock)
        verdicts = {
            id_: verdict_on(self._prepared[id_][0], slice_, ran.seen.get(id_), self._judge)
            for id_, slice_ in wanted.items()
        }
        for id_, verdict in verdicts.items():
            if verdict.status == CORRECT:
                self._right[id_].add(programs[id_])
        lacks |= {
            id_: lack
            for id_, seen in ran.seen.items()
            if isinstance(seen, Failure) and (lack := lack_in(self._prepared[id_][0], seen))
        }
        flags += [flag_of(id_, lack) for id_, lack in lacks.items()]
        exercises = {
            id_: keep.get(id_)
            or of_exercise(
                with_lack(with_public_messages(verdicts[id_], public.get(id_)), lacks.get(id_)),
                self._points(exercise),
                checks_sha256=self.checks_sha256[id_],
                seconds=ran.spent.get(id_, 0.0),
                help_=submission.help.get(id_),
                shown=windows(verdicts[id_], public.get(id_), self.device),
                device=self.device,
                rounding=self.policy.rounding,
            )
            for id_, (exercise, _) in self._prepared.items()
        }
        lateness = self.policy.lateness(submission)
        if mark := lateness.mark:
            flags = [mark if flag.kind == FlagKind.MARKED_LATE else flag for flag in flags]
        if lateness.unknown:
            flags.append(UNKNOWN_TIME)
        return self._line(submission, exercises, tuple(dict.fromkeys(flags)), seconds + ran.seconds)

    def grade_best(self, work: Work) -> Line:
        """The line of the best attempt, the first of equals; see `grade`.

        All attempts together may take as long as one alone. The latest is run first, since it would count where one
        does; what is left when the time is used up is not run, and a flag says so.
        """
        clock = self._clock()
        lines: dict[int, Line] = {}
        late: list[int] = []
        for number, item in reversed(list(enumerate(work.attempts))):
            if clock.left <= 0:
                late.append(number)
                continue
            lines[number] = self._grade(item, work.keep, clock)
            if clock.left <= 0 and len(lines) > 1:
                # It may have been right, had it had the time.
                late.append(number)
        best = max(
            (lines[number] for number in sorted(lines)),
            key=lambda line: -1.0 if line.score is None else line.score,
        )
        return replace_line(best, flags=(*best.flags, self._not_run(work, late))) if late else best

    def _not_run(self, work: Work, late: Sequence[int]) -> Flag:
        numbers = several([getattr(work.attempts[number], "attempt", number + 1) for number in sorted(late)])
        which = f"attempts {numbers} were" if len(late) > 1 else f"attempt {numbers} was"
        seconds = self._limits.seconds * (SUBMISSION_CALLS + _SPARE_CALLS)
        text = (
            f"{which} not run to the end: all attempts of a person together have the {seconds:g} s of one hand-in, and "
            "later attempts used them up; the best of what was run counts"
        )
        return Flag(kind=FlagKind.ATTEMPTS_NOT_RUN, text=text, audience="student")

    def _line(
        self,
        submission: Submission | Unreadable,
        exercises: Mapping[str, ExerciseLine],
        flags: tuple[Flag, ...],
        seconds: float,
    ) -> Line:
        under = Circumstances(
            max_score=self.max_score,
            checks_sha256=combined_sha256(self.checks_sha256),
            lateness=self.policy.lateness(submission),
            late=self.policy.late,
            rounding=self.policy.rounding,
            sandbox=self.tier,
            device=self.device,
            seconds=seconds,
        )
        return line_of(submission, exercises, flags, under)

    def _of_public_cases(
        self, slices: Mapping[str, Slice | NoSlice], clock: _Clock
    ) -> tuple[dict[str, Verdict], dict[str, Lack], float]:
        """Exercise -> the verdict on its public cases; what they lacked here; and the seconds that they took.

        They are run in a process of their own and before the hidden ones: nothing of a hidden case, left anywhere, can
        come back in what pages show of these.
        """
        wanted = {id_: item for id_, item in slices.items() if self._public[id_][0].checks}
        cases = {id_: self._public[id_][1] for id_ in wanted}
        ran = self._run(wanted, cases, _PUBLIC_CALLS, clock, shared=True)
        verdicts = {
            id_: self._verdicts(_Question(self._public[id_][0], seen, hidden=False))
            for id_, seen in ran.seen.items()
            if not isinstance(seen, Failure | Fault)
        }
        lacks = {id_: lack for id_, seen in ran.seen.items() if (lack := lack_in(self._public[id_][0], seen))}
        return verdicts, lacks, ran.seconds

    def _run(
        self,
        slices: Mapping[str, Slice | NoSlice],
        cases: Mapping[str, Mapping[str, Sequence[CaseData]]],
        calls: int,
        clock: _Clock,
        *,
        shared: bool = False,
    ) -> _Ran:
        """Run each slice with the cases of its exercise, for as long as so many calls may take and the clock allows.

        If that is `shared`, no exercise takes more than its part of the time.
        """
        most = clock.take(self._limits.seconds * calls)
        try:
            ran = self._run_once(slices, cases, most, shared=shared)
        except SandboxError:
            # A server or a worker may have been killed from outside: there is another one now.
            ran = self._run_once(slices, cases, most, shared=shared)
        clock.left -= ran.seconds
        return ran

    def _run_once(
        self,
        slices: Mapping[str, Slice | NoSlice],
        cases: Mapping[str, Mapping[str, Sequence[CaseData]]],
        seconds: float,
        *,
        shared: bool,
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
                if self._ahead:
                    self._ahead.stop()
            started = time.monotonic()
            share = seconds / max(1, len(runnable)) if shared else None
            with Runner(sandbox, self.device, seconds, share=share) as runner:
                for id_, slice_ in runnable.items():
                    begun = time.monotonic()
                    seen[id_] = runner.run(self.unit.exercises[id_].name, slice_.cells, cases[id_])
                    spent[id_] = time.monotonic() - begun
            return _Ran(seen, spent, time.monotonic() - started)
        finally:
            self._idle.put(sandbox)

    def _judge(self, exercise: PreparedExercise, seen: Seen) -> Verdict:
        return self._verdicts(_Question(exercise, seen, hidden=True))

    def _verdict(self, question: _Question) -> Verdict:
        return judge(question.exercise, question.seen, self.device, hidden=question.hidden)

    def _points(self, exercise: PreparedExercise) -> float:
        return float(self.policy.points.get(exercise.id, exercise.max_score))


def _pack(exercise: PreparedExercise) -> dict[str, tuple[CaseData, ...]]:
    return {check.id: tuple(map(pack_case, check.cases)) for check in exercise.checks}


def _weight(verdict: Verdict, question: _Question) -> int:
    # A fault is a new object each time: it would never be met again.
    if any(isinstance(item, Fault) for item in question.items):
        return _LARGE + 1
    return sum(_bytes(item) for item in question.items if isinstance(item, Observation))


def _bytes(item: Observation) -> int:
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

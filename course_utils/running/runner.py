"""Run the exercises of one notebook in processes of their own: slices in, observations out; and judge slices."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from types import TracebackType
from typing import Protocol

from course_utils.checks.judge import ERROR, MEMORY, NOT_ATTEMPTED, TIMEOUT, Verdict, judge, not_run
from course_utils.checks.observation import Failure, Observation
from course_utils.checks.prepared import ExerciseStatus, Fault, PreparedExercise, Seen
from course_utils.checks.wire import CaseData
from course_utils.running.lacking import lack_in
from course_utils.slices.slicing import NoSlice, Slice
from course_utils.slices.statements import CellCode

# A submission may take as long as so many calls that each use up their time.
SUBMISSION_CALLS = 6

# A SIGKILL that was not ours is the kernel's when the machine is short of memory, or the process's own.
_KILLED_TWICE = (
    "the process was ended by SIGKILL, and once more when it was run again: perhaps it needs too much memory"
)

_MEMORY = ("can't allocate memory", "Cannot allocate memory")


class ExerciseJob(Protocol):
    """A process that executes slices and calls the function in them.

    Attributes:
        alive: whether it can be asked more.
        killed: whether it was ended by a SIGKILL that was not ours.
    """

    alive: bool
    killed: bool

    def load(self, function: str, cells: Sequence[CellCode]) -> Failure | Fault | None:
        """Execute a slice. Returns None if the function is there, else what went wrong."""

    def run(self, cases: Sequence[CaseData], device: str) -> list[Observation | Fault]:
        """Carry out cases. After a fault the process is gone, and the list ends with the fault."""

    def close(self) -> object:
        """End the process."""


class Processes(Protocol):
    """Where jobs come from: the grader's sandbox, or the processes of `alone`."""

    def job(self, until: float) -> AbstractContextManager[ExerciseJob]:
        """A fresh process, ended with the block, or when its time is over by `time.monotonic`."""


class Runner:
    """One notebook. Use as a context manager: its processes end with it."""

    def __init__(
        self, sandbox: Processes, device: str, seconds: float, *, share: float | None = None
    ) -> None:
        """Nothing is started yet.

        Args:
            sandbox: where its processes come from.
            device: `"cpu"` or `"cuda"`.
            seconds: for all exercises together, by the clock.
            share: for one exercise, which has at least half of it; what is left of `seconds`, if left out.
        """
        self._sandbox = sandbox
        self._device = device
        self._until = time.monotonic() + seconds
        self._share = share
        self._share_until = self._job_until = self._until
        self._stack = ExitStack()
        self._job: ExerciseJob | None = None
        self._saw_cases = False

    def __enter__(self) -> Runner:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def run(
        self, function: str, cells: Sequence[CellCode], checks: Mapping[str, Sequence[CaseData]]
    ) -> Seen | Failure | Fault:
        """Execute a slice and carry out the cases of an exercise.

        Args:
            function: the exercise's function.
            cells: the slice.
            checks: check id -> its cases.

        Returns:
            Check id -> what was seen of each case. A fault ends the list of its check; the checks after it are run in a
            new process, unless it was a timeout: what hangs once does so again, and a class must not wait for each.
            A check whose process was killed from outside is run once more before that counts as a fault.
            If the slice cannot be executed at all: why.

        Raises:
            SandboxError: the sandbox failed.
        """
        self._give_its_share()
        seen: dict[str, list[Observation | Fault]] = {}
        failure = self._load(function, cells)
        if failure is not None:
            return failure
        waiting = dict(checks)
        killed: set[str] = set()
        while waiting:
            ended = self._run(waiting, seen)
            if ended is None or ended.status == TIMEOUT:
                break
            last = next(reversed(seen))
            if self._was_killed and last not in killed:
                killed.add(last)
                waiting = {last: checks[last], **waiting}
                del seen[last]
            elif self._was_killed:
                seen[last][-1] = replace(ended, message=_KILLED_TWICE)
            if waiting and (failure := self._load(function, cells)) is not None:
                # The slice was executed before, so this counts as a fault; the checks that are left are not run.
                if last not in seen:
                    seen[last] = [failure if isinstance(failure, Fault) else ended]
                break
        return seen

    def _give_its_share(self) -> None:
        """Let the next exercise have its time, in a new process if earlier ones have used up that of the old one."""
        if self._share is None:
            return
        now = time.monotonic()
        self._share_until = min(self._until, now + self._share)
        if self._job and self._job_until < min(self._until, now + self._share / 2):
            self._job.close()

    def _load(self, function: str, cells: Sequence[CellCode]) -> Failure | Fault | None:
        failure = self._load_once(function, cells)
        if isinstance(failure, Failure) and self._saw_cases and self._job:
            # Its text is shown to the student, and this process has seen the cases of another exercise, which the
            # text could contain. A new process has seen none.
            self._job.close()
            failure = self._load_once(function, cells)
        if not self._was_killed:
            return failure
        failure = self._load_once(function, cells)
        if isinstance(failure, Fault) and self._was_killed:
            return replace(failure, message=_KILLED_TWICE)
        return failure

    def _load_once(self, function: str, cells: Sequence[CellCode]) -> Failure | Fault | None:
        if self._job is None or not self._job.alive:
            self._job_until = self._share_until
            self._job = self._stack.enter_context(self._sandbox.job(self._job_until))
            self._saw_cases = False
        return self._job.load(function, cells)

    @property
    def _was_killed(self) -> bool:
        return self._job is not None and self._job.killed

    def _run(
        self, waiting: dict[str, Sequence[CaseData]], seen: dict[str, list[Observation | Fault]]
    ) -> Fault | None:
        """Run what waits, until a fault; move what was run, the check with the fault too, to `seen`."""
        assert self._job is not None
        cases = [case for several in waiting.values() for case in several]
        self._saw_cases = True
        found = iter(self._job.run(cases, self._device))
        for check in list(waiting):
            seen[check] = []
            for _ in waiting.pop(check):
                item = next(found)
                seen[check].append(_out_of_memory(item))
                if isinstance(item, Fault):
                    return item
        return None


def verdict_on(
    exercise: PreparedExercise,
    slice_: Slice | NoSlice,
    seen: Seen | Failure | Fault | None,
    judged: Callable[[PreparedExercise, Seen], Verdict] = judge,
) -> Verdict:
    """The verdict on an exercise.

    Args:
        exercise: its checks.
        slice_: what was cut out of the notebook.
        seen: what came of running it; None if there was nothing to run.
        judged: judges what was seen.
    """
    if isinstance(slice_, NoSlice) or seen is None:
        status: ExerciseStatus = ERROR if getattr(slice_, "attempted", True) else NOT_ATTEMPTED
        return not_run(exercise, status, getattr(slice_, "reason", "was not run"))
    if isinstance(seen, Failure | Fault):
        return could_not_load(exercise, seen)
    return judged(exercise, seen)


def could_not_load(exercise: PreparedExercise, failure: Failure | Fault) -> Verdict:
    """The verdict on a slice that could not be executed."""
    if isinstance(failure, Fault):
        return not_run(exercise, failure.status, f"while executing the cell: {failure.message}")
    if lack := lack_in(exercise, failure):
        return not_run(exercise, ERROR, lack.told)
    where = f", in line {failure.line} of the cell: {failure.code.strip()}" if failure.code else ""
    status: ExerciseStatus = MEMORY if is_memory(failure) else ERROR
    return not_run(exercise, status, f"the cell does not run: {failure.message}{where}")


def is_memory(failure: Failure) -> bool:
    """Whether an exception says that memory ran out."""
    return failure.kind == "MemoryError" or any(text in failure.message for text in _MEMORY)


def _out_of_memory(item: Observation | Fault) -> Observation | Fault:
    if isinstance(item, Observation) and item.failure and is_memory(item.failure):
        return Fault(MEMORY, "needed too much memory")
    return item

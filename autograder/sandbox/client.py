"""The grader's end of the sandbox: workers and their jobs."""

from __future__ import annotations

import builtins
import contextlib
import math
import signal
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from types import TracebackType

from torch import Tensor

from autograder.sandbox.control import (
    BROKEN,
    MAX_REPLY,
    Closed,
    Start,
    Stop,
    Stopped,
    WireError,
    decode_message,
    receive,
    receive_frame,
    send,
)
from autograder.sandbox.folder import MOST_BYTES, MOST_ENTRIES
from autograder.sandbox.starter import REPLY_SECONDS, ForkServer, Limits, SandboxError, handed_over
from course_utils.checks.judge import CRASHED, TIMEOUT
from course_utils.checks.observation import Failure, Observation
from course_utils.checks.observe import IN_BACKWARD, clean
from course_utils.checks.prepared import Fault
from course_utils.checks.wire import CaseData, ObservationData, unpack_failure, unpack_observation
from course_utils.running.protocol import Load, Loaded, Ready, Run
from course_utils.slices.bounded import Bounded
from course_utils.slices.statements import CellCode

_GONE = "the worker of the fork server is gone"
_FILLED = (
    f"the process was ended: it had written more to its working folder than the {MOST_BYTES // 2**20} MB and "
    f"{MOST_ENTRIES:,} files that it may, or made folders there that cannot be looked through"
)


class Sandbox:
    """A worker of a fork server; another one, if it is lost. Use as a context manager, and by one thread at a time."""

    def __init__(
        self,
        limits: Limits,
        tier: str | None = None,
        *,
        cuda: bool = False,
        server: ForkServer | None = None,
    ) -> None:
        """Choose.

        Args:
            limits: what one submission may use.
            tier: `full`, `restricted` or `none`; the best that this machine has if left out.
            cuda: student code uses a GPU.
            server: where to fork the worker, and what the other arguments are taken from; a server of its own if left
                out.

        Raises:
            ValueError: there is no such tier.
        """
        self.server = server or ForkServer(limits, tier, cuda=cuda)
        self._number = self.server.next_number()
        self.tier = self.server.tier
        self.limits = self.server.limits
        self._owns_server = server is None
        self._control: socket.socket | None = None
        self._entered = False

    def __enter__(self) -> Sandbox:
        if self._owns_server:
            self.server.__enter__()
        self._entered = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._entered = False
        self._let_go()
        if self._owns_server:
            self.server.__exit__(kind, error, trace)

    @property
    def note(self) -> str:
        """What confinement was found possible; known once there was a job."""
        return self.server.note

    def start(self) -> None:
        """Wait until there is a worker, which takes as long as the fork server's imports. Raises `SandboxError`."""
        self._require_control()

    @contextlib.contextmanager
    def job(self, until: float = math.inf) -> Iterator[Job]:
        """A fresh process for student code; it is killed at the end of the block.

        Args:
            until: when its time is over, by `time.monotonic`, whatever one call may take.

        Raises:
            SandboxError: the sandbox failed.
        """
        control = self._require_control()
        try:
            send(control, Start())
            pid, channel = handed_over(control)
        except BROKEN as error:
            self._let_go()
            raise SandboxError(_GONE) from error
        job = Job(self, pid, channel, until)
        try:
            job.wait_until_confined()
            yield job
        finally:
            job.close()

    def stop(self, pid: int, grace: float = 0.0) -> Stopped:
        """Kill a job, after `grace` seconds in which it may end by itself, and say how it had ended."""
        if self._control is None:
            # Another worker knows nothing of this process.
            raise SandboxError(_GONE)
        try:
            send(self._control, Stop(pid, grace))
            return receive(self._control, Stopped, REPLY_SECONDS + grace)
        except BROKEN as error:
            self._let_go()
            raise SandboxError(_GONE) from error

    def _require_control(self) -> socket.socket:
        if not self._entered:
            raise SandboxError("the sandbox was not started: use it in a with statement")
        if self._control is None:
            self._control = self.server.spawn(self._number)
        return self._control

    def _let_go(self) -> None:
        """Read nothing from this worker again; it ends when it sees this, and its job with it."""
        control, self._control = self._control, None
        if control:
            control.close()


class Job:
    """One process with student code in it."""

    def __init__(self, sandbox: Sandbox, pid: int, channel: socket.socket, until: float) -> None:
        self._sandbox = sandbox
        self._pid = pid
        self._channel = channel
        self._seconds = sandbox.limits.seconds
        self._until = until
        self._lines: dict[str, list[str]] = {}
        self.alive = True
        #: Whether it was ended by a SIGKILL that was not ours: its own, or that of a kernel that is short of memory.
        self.killed = False

    def wait_until_confined(self) -> None:
        """Raises `SandboxError` if the process could not give up what its tier promises: it has run nothing then."""
        try:
            receive(self._channel, Ready, REPLY_SECONDS)
        except BROKEN as error:
            self.close()
            raise SandboxError(
                f"the kernel refused the confinement of tier {self._sandbox.tier!r}"
            ) from error

    def load(self, function: str, cells: Sequence[CellCode]) -> Failure | Fault | None:
        """Execute a slice. Returns None if the function is there, else what went wrong."""
        self._lines = {cell.name: cell.source.splitlines() for cell in cells}
        reply = self._ask(Load(function, tuple(cells)))
        if isinstance(reply, Fault):
            return reply
        try:
            failure = decode_message(reply, Loaded).failure
        except WireError as error:
            return self._malformed(error)
        if failure is None:
            return None
        told = unpack_failure(failure)
        return replace(told, code=self._line(told))

    def run(self, cases: Sequence[CaseData], device: str) -> list[Observation | Fault]:
        """Carry out cases. After a fault the process is gone, and the list ends with the fault."""
        seen: list[Observation | Fault] = []
        reply = self._ask(Run(tuple(cases), device)) if cases else None
        while reply is not None:
            if isinstance(reply, bytes):
                try:
                    seen.append(self._observation(reply))
                except (WireError, ValueError) as error:
                    reply = self._malformed(error)
            if isinstance(reply, Fault):
                seen.append(reply)
                break
            reply = self._next() if len(seen) < len(cases) else None
        return seen

    def _observation(self, frame: bytes) -> Observation:
        observation = _known_observation(frame)
        if not observation.failure:
            return observation
        # The text of a line comes from what was handed in: a process can say of itself what it likes.
        code = self._line(observation.failure)
        return _known_observation(frame, code)

    def _line(self, failure: Failure) -> str:
        lines = self._lines.get(failure.cell, [])
        known = failure.line is not None and 0 < failure.line <= len(lines)
        return clean(lines[failure.line - 1]) if known and failure.line else ""

    def close(self, grace: float = 0.0) -> Stopped | None:
        """Kill the process, if that was not done yet."""
        if not self.alive:
            return None
        self.alive = False
        self._channel.close()
        return self._sandbox.stop(self._pid, grace)

    def _ask(self, message: Load | Run) -> bytes | Fault:
        try:
            # A process that was stopped, or is busy in a thread of its own, may never read what it is sent.
            self._channel.settimeout(self._left())
            send(self._channel, message)
        except TimeoutError:
            return self._took_too_long()
        except Closed:
            return self._died()
        return self._next()

    def _next(self) -> bytes | Fault:
        try:
            return receive_frame(self._channel, self._left(), most=MAX_REPLY)
        except TimeoutError:
            return self._took_too_long()
        except Closed:
            return self._died()
        except WireError as error:
            return self._malformed(error)

    def _left(self) -> float:
        # Never zero: as a time-out it would make the channel non-blocking, or mean that there is no limit at all.
        return max(0.01, min(self._seconds, self._until - time.monotonic()))

    def _took_too_long(self) -> Fault:
        self.close()
        if time.monotonic() >= self._until:
            return Fault(TIMEOUT, "the calls of this submission together took too long")
        return Fault(TIMEOUT, f"took longer than {self._seconds:g} seconds")

    def _died(self) -> Fault:
        # The channel closes a moment before the process can be reaped.
        ended = self.close(grace=0.5)
        if ended and ended.filled:
            return Fault(CRASHED, _FILLED)
        if ended is None or ended.signal is None:
            return Fault(CRASHED, "the process closed its channel")
        self.killed = ended.signal == signal.SIGKILL
        if ended.signal:
            known = ended.signal in list(signal.Signals)
            name = signal.Signals(ended.signal).name if known else f"signal {ended.signal}"
            return Fault(CRASHED, f"the process was ended by {name}")
        return Fault(CRASHED, f"the process ended itself with exit code {ended.exit_code}")

    def _malformed(self, error: Exception) -> Fault:
        self.close()
        return Fault(CRASHED, f"the process sent a malformed reply ({error})")


def read_observation(frame: bytes, code: str = "") -> Observation:
    """What a student's process sent of one case.

    Args:
        frame: the message.
        code: the line of what was handed in that an exception came from.

    Raises:
        WireError: it is no observation.
        ValueError: a tensor in it is none, or the exception, or a text is too long. Neither quotes anything of it.
    """
    observation = unpack_observation(decode_message(frame, ObservationData))
    # The one text that is repeated of hidden checks as well must not be the student's own.
    raised = observation.quantities.get("exception")
    if not isinstance(raised, str) or raised.removesuffix(IN_BACKWARD) not in _EXCEPTIONS:
        raise ValueError("there is no exception of that name")
    failure = observation.failure and replace(observation.failure, code=code)
    return replace(observation, failure=failure)


_EXCEPTIONS = frozenset(
    name
    for name, value in vars(builtins).items()
    if isinstance(value, type) and issubclass(value, BaseException)
) | {"none"}


def _bytes(observation: Observation, frame: bytes, code: str = "") -> int:
    """What an observation takes in memory with its frame: an object of a value and its name at most 2 kB."""
    values = observation.quantities.values()
    return len(frame) + sum(2000 + (value.nbytes if isinstance(value, Tensor) else 0) for value in values)


# Most observations of a class are the same bytes as an earlier one: right answers often agree to the last bit, and the
# same mistakes are made by many.
_known_observation = Bounded(read_observation, _bytes, most=64 * 2**20, largest=2**18)


__all__ = ["ForkServer", "Job", "Limits", "Sandbox", "SandboxError", "read_observation"]

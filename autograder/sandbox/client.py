"""The grader's end of the sandbox."""

from __future__ import annotations

import array
import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType

from autograder.sandbox.wire import (
    CaseData,
    CellCode,
    Closed,
    Load,
    Loaded,
    ObservationData,
    Run,
    Start,
    Started,
    Stop,
    Stopped,
    WireError,
    receive,
    send,
)
from course_utils.checks.judge import CRASHED, TIMEOUT, Fault
from course_utils.checks.observation import Failure, Observation
from course_utils.checks.values import unpack_observation

# Importing torch on a cold disk can take long; a server that needs longer is broken.
START_SECONDS = 300.0


@dataclass(frozen=True)
class Limits:
    """What one submission may use.

    Attributes:
        seconds: wall-clock time of one call (and of executing one slice).
        memory_mb: address space on top of what the prepared process has.
    """

    seconds: float = 10.0
    memory_mb: int = 2048


class SandboxError(Exception):
    """The sandbox itself failed: never a student's fault, never a zero."""


class Sandbox:
    """A fork server. Use as a context manager; not to be shared between threads."""

    #: Isolation tier, as results state it.
    tier = "none"

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._ready = False

    def __enter__(self) -> Sandbox:
        ours, theirs = socket.socketpair()
        # PATH lets torch find its libraries' helpers; nothing else of the grader's environment is passed on.
        environment = {
            "PATH": os.defpath,
            "HOME": "/nonexistent",
            "OMP_NUM_THREADS": "1",
            "CUDA_MODULE_LOADING": "LAZY",
        }
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-m", "autograder.sandbox.server", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=environment,
            start_new_session=True,
        )
        theirs.close()
        self._control = ours
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Forgotten at once: a second call must not kill who has got the number since.
        control, self._control = self._control, None
        process, self._process = self._process, None
        if control:
            control.close()
        if process:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            if process.stderr:
                process.stderr.close()

    @contextlib.contextmanager
    def job(self) -> Iterator[Job]:
        """A fresh process for student code; it is killed at the end of the block."""
        control = self._require_control()
        try:
            send(control, Start(self.limits.memory_mb))
            pid = receive(control, Started, START_SECONDS).pid
            _, ancillary, _, _ = control.recvmsg(1, socket.CMSG_SPACE(array.array("i", [0]).itemsize))
        except (Closed, TimeoutError, WireError) as error:
            raise SandboxError("the fork server is gone") from error
        if not ancillary:
            raise SandboxError("the fork server sent no channel")
        descriptors = array.array("i")
        descriptors.frombytes(ancillary[0][2])
        job = Job(self, pid, socket.socket(fileno=descriptors[0]))
        try:
            yield job
        finally:
            job.close()

    def stop(self, pid: int, grace: float = 0.0) -> Stopped:
        """Kill a job, after `grace` seconds in which it may end by itself, and say how it had ended."""
        control = self._require_control()
        try:
            send(control, Stop(pid, grace))
            return receive(control, Stopped, START_SECONDS)
        except (Closed, TimeoutError, WireError) as error:
            raise SandboxError("the fork server is gone") from error

    def _require_control(self) -> socket.socket:
        if self._control is None or self._process is None:
            raise SandboxError("the sandbox was not started: use it in a with statement")
        if not self._ready:
            # The server imports torch while the grader prepares the expected observations; wait for it here only.
            try:
                receive(self._control, Started, START_SECONDS)
            except (Closed, TimeoutError, WireError) as error:
                self._process.kill()
                text = (
                    (self._process.stderr.read() if self._process.stderr else b"")
                    .decode(errors="replace")
                    .split("\n")
                )
                text = [line for line in text if line.strip()]
                raise SandboxError(
                    f"the fork server did not start: {text[-1] if text else error!r}"
                ) from error
            self._ready = True
        return self._control


class Job:
    """One process with student code in it."""

    def __init__(self, sandbox: Sandbox, pid: int, channel: socket.socket) -> None:
        self._sandbox = sandbox
        self._pid = pid
        self._channel = channel
        self._seconds = sandbox.limits.seconds
        self.alive = True

    def load(self, function: str, cells: Sequence[CellCode]) -> Failure | Fault | None:
        """Execute a slice. Returns None if the function is there, else what went wrong."""
        reply = self._ask(Load(function, tuple(cells)), Loaded)
        if isinstance(reply, Fault):
            return reply
        failure = reply.failure
        return Failure(failure.kind, failure.message, failure.line, failure.code) if failure else None

    def run(self, cases: Sequence[CaseData], device: str) -> list[Observation | Fault]:
        """Carry out cases. After a fault the process is gone, and the list ends with the fault."""
        seen: list[Observation | Fault] = []
        reply = self._ask(Run(tuple(cases), device), ObservationData) if cases else None
        while reply is not None:
            if isinstance(reply, ObservationData):
                try:
                    seen.append(unpack_observation(reply))
                except ValueError as error:
                    reply = self._malformed(error)
            if isinstance(reply, Fault):
                seen.append(reply)
                break
            reply = self._next(ObservationData) if len(seen) < len(cases) else None
        return seen

    def close(self, grace: float = 0.0) -> Stopped | None:
        """Kill the process, if that was not done yet."""
        if not self.alive:
            return None
        self.alive = False
        self._channel.close()
        return self._sandbox.stop(self._pid, grace)

    def _ask(self, message: Load | Run, kind: type) -> Loaded | ObservationData | Fault:
        try:
            # A process that was stopped, or is busy in a thread of its own, may never read what it is sent.
            self._channel.settimeout(self._seconds)
            send(self._channel, message)
        except TimeoutError:
            return self._took_too_long()
        except Closed:
            return self._died()
        return self._next(kind)

    def _next(self, kind: type) -> Loaded | ObservationData | Fault:
        try:
            return receive(self._channel, kind, self._seconds)
        except TimeoutError:
            return self._took_too_long()
        except Closed:
            return self._died()
        except WireError as error:
            return self._malformed(error)

    def _took_too_long(self) -> Fault:
        self.close()
        return Fault(TIMEOUT, f"took longer than {self._seconds:g} seconds")

    def _died(self) -> Fault:
        # The channel closes a moment before the process can be reaped.
        ended = self.close(grace=0.5)
        if ended is None or ended.signal is None:
            return Fault(CRASHED, "the process closed its channel")
        if ended.signal:
            name = signal.Signals(ended.signal).name
            return Fault(CRASHED, f"the process was ended by {name}")
        return Fault(CRASHED, f"the process ended itself with exit code {ended.exit_code}")

    def _malformed(self, error: Exception) -> Fault:
        self.close()
        return Fault(CRASHED, f"the process sent a malformed reply ({str(error)[:200]})")

"""Start a fork server: the grader's end of it, without what a grader needs besides.

Imports nothing heavy, so that a server can import torch while the grader does.
"""

from __future__ import annotations

import array
import contextlib
import itertools
import math
import os
import signal
import socket
import subprocess
import tempfile
import threading
from dataclasses import dataclass
from types import TracebackType
from typing import cast

from autograder.sandbox.cgroups import ControlGroup
from autograder.sandbox.control import (
    Closed,
    Setup,
    Spawn,
    Started,
    Tier,
    WireError,
    receive,
    send,
)
from autograder.sandbox.tiers import TIERS, launch, probe

# Importing torch on a cold disk can take long; a server that needs longer is broken.
START_SECONDS = 300.0
# A fork takes milliseconds; a server that needs longer hangs.
REPLY_SECONDS = 30.0

# Processor time of one submission, all threads and exercises together; the clock on the wall ends most things earlier.
_CPU_SECONDS_PER_SECOND = 30
_LEAST_CPU_SECONDS = 60

_numbers = itertools.count()


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


class Server:
    """The process that has everything imported, and from which workers are forked. Use as a context manager."""

    def __init__(
        self, limits: Limits, tier: str | None = None, *, workers: int = 1, cuda: bool = False
    ) -> None:
        """Choose.

        Args:
            limits: what one submission may use.
            tier: `full`, `restricted` or `none`; the best that this machine has if left out.
            workers: how many there will be at the same time.
            cuda: student code uses a GPU.

        Raises:
            ValueError: there is no such tier.
        """
        self.tier = tier or probe().best
        if self.tier not in TIERS:
            raise ValueError(f"no sandbox tier {tier!r}: choose one of {', '.join(TIERS)}")
        self.limits = limits
        #: What confinement was found possible; known once a worker was asked for.
        self.note = ""
        self._cuda = cuda
        self._workers = workers
        self._number = next(_numbers)
        self._numbers = itertools.count()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._scratch: tempfile.TemporaryDirectory[str] | None = None
        self._group: ControlGroup | None = None
        self._ready = False
        self._lock = threading.Lock()

    def __enter__(self) -> Server:
        ours, theirs = socket.socketpair()
        scratch = "/tmp"
        if self.tier != "full":
            # Matplotlib wants to write when it is imported; student code is not let in here.
            self._scratch = tempfile.TemporaryDirectory(prefix="autograder-")
            scratch = self._scratch.name
        # PATH lets torch find its libraries' helpers; nothing else of the grader's environment is passed on.
        environment = {
            "PATH": os.defpath,
            "HOME": scratch,
            "TMPDIR": scratch,
            "MPLCONFIGDIR": scratch,
            "USER": "student",
            "OMP_NUM_THREADS": "1",
            "CUDA_MODULE_LOADING": "LAZY",
        }
        main = f"from autograder.sandbox.server import main; main({theirs.fileno()})"
        how = launch(self.tier, environment, main, self._number, cuda=self._cuda)
        self._process = subprocess.Popen(
            how.command,
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=environment,
            cwd="/",
            start_new_session=True,
        )
        theirs.close()
        self._control = ours
        limits = self.limits
        if self.tier != "none":
            name = f"autograder-{os.getpid()}-{self._number}"
            self._group = ControlGroup(name, limits.memory_mb * self._workers)
        with contextlib.suppress(Closed):  # told when the answer is waited for
            send(
                ours,
                Setup(
                    cast("Tier", self.tier),
                    how.uids,
                    how.readable,
                    limits.memory_mb,
                    max(_LEAST_CPU_SECONDS, math.ceil(limits.seconds * _CPU_SECONDS_PER_SECOND)),
                    self._cuda,
                    how.devices,
                ),
            )
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
        self._ready = False
        group, self._group = self._group, None
        if group:
            group.remove()
        scratch, self._scratch = self._scratch, None
        if scratch:
            scratch.cleanup()

    def spawn(self) -> socket.socket:
        """Fork a worker and return the channel to it.

        Raises:
            SandboxError: the server is gone, or could not be prepared.
        """
        try:
            with self._lock:
                control = self._require_control()
                send(control, Spawn(next(self._numbers) % self._workers))
                _, channel = handed_over(control)
            receive(channel, Started, REPLY_SECONDS)
        except (Closed, TimeoutError, WireError) as error:
            raise SandboxError(
                f"the fork server is gone, or cannot make the namespaces of a worker: {error!r}"
            ) from error
        return channel

    def _require_control(self) -> socket.socket:
        if self._control is None or self._process is None:
            raise SandboxError("the sandbox was not started: use it in a with statement")
        if not self._ready:
            # The server imports torch while the grader prepares the expected observations; wait for it here only.
            try:
                self.note = receive(self._control, Started, START_SECONDS).note
                if self._group and self._group.made:
                    # All there is so far: the server and who launched it. Workers and jobs are born into the group.
                    self._group.add(self._process.pid)
                    self.note += ", a control group"
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


def handed_over(control: socket.socket) -> tuple[int, socket.socket]:
    """A process that was forked, and the channel to it. Raises `Closed`, `TimeoutError`, `WireError`."""
    pid = receive(control, Started, REPLY_SECONDS).pid
    _, ancillary, _, _ = control.recvmsg(1, socket.CMSG_SPACE(array.array("i", [0]).itemsize))
    if not ancillary:
        raise WireError("no channel came with it")
    descriptors = array.array("i")
    descriptors.frombytes(ancillary[0][2])
    return pid, socket.socket(fileno=descriptors[0])

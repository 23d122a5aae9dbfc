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
import time
from pathlib import Path
from types import TracebackType
from typing import cast

from autograder.course.config import Limits
from autograder.errors import SandboxError, UserError
from autograder.sandbox.cgroups import ControlGroup
from autograder.sandbox.control import (
    BROKEN,
    Closed,
    ServerSetup,
    Spawn,
    Started,
    Tier,
    WireError,
    receive,
    send,
)
from autograder.sandbox.namespaces import UIDS
from autograder.sandbox.tiers import TIERS, launch, probe
from course_utils.running.place import empty

# Importing torch on a cold disk can take long; a server that needs longer is broken.
START_SECONDS = 300.0
# A fork takes milliseconds; a server that needs longer hangs.
REPLY_SECONDS = 30.0
# After so many lost servers in one run no other is started: whatever ended them would end the next one, too.
MOST_LOST = 3

# Processor time of one submission, all threads and exercises together; the clock on the wall ends most things earlier.
_CPU_SECONDS_PER_SECOND = 30
_LEAST_CPU_SECONDS = 60

_numbers = itertools.count()


class ForkServer:
    """The process that has everything imported, and from which workers are forked. Use as a context manager.

    If it is lost, whoever asks for a worker next starts another one in its place, for all who share this object.
    """

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
            UserError: there are not as many user ids as workers.
        """
        self.tier = tier or probe().best
        if self.tier not in TIERS:
            raise ValueError(f"no sandbox tier {tier!r}: choose one of {', '.join(TIERS)}")
        if workers > UIDS:
            raise UserError(
                f"{workers} submissions at the same time are too many: each has a user id of its own, and there are "
                f"{UIDS}. Choose --jobs {UIDS} or fewer"
            )
        self.limits = limits
        #: What confinement was found possible; known once a worker was asked for.
        self.note = ""
        self._cuda = cuda
        self._workers = workers
        self._open = False
        self._lost = 0
        self._reason = ""
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._group: ControlGroup | None = None
        self._ready = False
        # All that has to be undone when this server ends, or is lost.
        self._stack = contextlib.ExitStack()
        self._lock = threading.Lock()
        self._numbers = itertools.count()

    def __enter__(self) -> ForkServer:
        self._open = True
        with self._lock:
            try:
                self._start()
            except OSError as error:  # told when a worker is asked for
                self._lose(error)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open = False
        # Another thread may have the lock and wait for an answer; there will be none.
        process = self._process
        if process:
            process.kill()
        with self._lock:
            self._stop()

    def next_number(self) -> int:
        """A worker's number, which is its user's: no two at the same time have the same."""
        return next(self._numbers) % UIDS

    def spawn(self, number: int) -> socket.socket:
        """Fork a worker and return the channel to it.

        Args:
            number: as `next_number` has given it, to each worker and to who takes its place.

        Raises:
            SandboxError: the server was lost too often or could not be started, or a worker not be prepared.
        """
        channel = None
        with self._lock:
            while channel is None:
                channel = self._try_to_fork(number)
        try:
            receive(channel, Started, REPLY_SECONDS)
        except BROKEN as error:
            channel.close()
            raise SandboxError(
                f"the fork server is gone, or cannot make the namespaces of a worker: {error!r}"
            ) from error
        return channel

    def _try_to_fork(self, number: int) -> socket.socket | None:
        """The channel to a worker; None if the server was lost."""
        if not self._open:
            raise SandboxError("the sandbox was not started: use it in a with statement")
        if self._lost >= MOST_LOST:
            raise SandboxError(
                f"the fork server {self._reason}. It is not tried again: if memory or processes have run out, grade "
                "fewer submissions at the same time (--jobs)"
            )
        try:
            if self._control is None or self._process is None:
                control, process = self._start()
            else:
                control, process = self._control, self._process
            if not self._ready:
                self._wait_until_ready(control, process)
            send(control, Spawn(number))
            return handed_over(control)[1]
        except BROKEN as error:
            self._lose(error)
            return None

    def _start(self) -> tuple[socket.socket, subprocess.Popen[bytes]]:
        """Start the process, but do not wait for it. Raises `OSError`."""
        number = next(_numbers)
        limits = self.limits
        with contextlib.ExitStack() as stack:
            control, theirs = socket.socketpair()
            stack.enter_context(control)
            with theirs:
                scratch = "/tmp"
                if self.tier != "full":
                    # Matplotlib wants to write when it is imported; and each worker's jobs work in a folder within.
                    scratch = _new_folder(stack)
                # PATH lets torch find its libraries' helpers; nothing else of the grader's environment is passed on.
                environment = {
                    "PATH": os.defpath,
                    "HOME": scratch,
                    "TMPDIR": scratch,
                    "MPLCONFIGDIR": scratch,
                    "USER": "student",
                    "OMP_NUM_THREADS": "1",
                    # What is allocated comes in huge pages at once, where it can: see `huge_pages`.
                    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
                    "CUDA_MODULE_LOADING": "LAZY",
                }
                run_server = (
                    f"from autograder.sandbox.server import run_server; run_server({theirs.fileno()})"
                )
                how = launch(self.tier, environment, run_server, number, cuda=self._cuda)
                if self.tier != "none":
                    self._group = ControlGroup(number, limits.memory_mb, self._workers)
                    stack.callback(self._group.remove)
                process = subprocess.Popen(
                    how.command,
                    pass_fds=[theirs.fileno()],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.PIPE,
                    env=environment,
                    cwd="/",
                    start_new_session=True,
                )
                stack.callback(_end, process)
            with contextlib.suppress(Closed):  # told when the answer is waited for
                send(
                    control,
                    ServerSetup(
                        tier=cast("Tier", self.tier),
                        uids=how.uids,
                        readable=how.readable,
                        memory_mb=limits.memory_mb,
                        cpu_seconds=max(
                            _LEAST_CPU_SECONDS, math.ceil(limits.seconds * _CPU_SECONDS_PER_SECOND)
                        ),
                        scratch=scratch,
                        cuda=self._cuda,
                        devices=how.devices,
                    ),
                )
            self._control, self._process = control, process
            self._stack = stack.pop_all()
        return control, process

    def _wait_until_ready(self, control: socket.socket, process: subprocess.Popen[bytes]) -> None:
        # The server imports torch while the grader prepares the expected observations; it is waited for here only.
        if not self._open:  # closed by another thread, just before there was a process to kill
            raise Closed
        self.note = receive(control, Started, START_SECONDS).note
        if self._group and self._group.made:
            # All there is so far: the server and who launched it. Workers and jobs are born into the group.
            self._group.add(process.pid)
            self.note += ", a control group"
        self._ready = True

    def _lose(self, error: Exception) -> None:
        """Give this server up: nothing is read from it again."""
        why = str(error)
        if isinstance(error, TimeoutError):
            why = f"it did not answer in {REPLY_SECONDS if self._ready else START_SECONDS:g} seconds"
        elif isinstance(error, Closed):
            why = _last_words(self._process) or "it was ended"
        self._reason = f"was lost: {why}" if self._ready else f"did not start: {why}"
        # A server that did not start in time counts as all the losses that are allowed: there is no second wait.
        self._lost += MOST_LOST if isinstance(error, TimeoutError) and not self._ready else 1
        self._stop()

    def _stop(self) -> None:
        self._process = self._control = self._group = None
        self._ready = False
        self._stack.close()


def _new_folder(stack: contextlib.ExitStack) -> str:
    """A folder that is removed at the end, whatever is in it by then."""
    # Absolute, and without the links that a working folder's name would not have.
    folder = Path(tempfile.mkdtemp(prefix="autograder-")).resolve()

    def remove() -> None:
        with contextlib.suppress(OSError):
            empty(str(folder))
            folder.rmdir()

    stack.callback(remove)
    # Workers' jobs may be other users, who have to get through to their own folder, and to no more than that.
    folder.chmod(0o711)
    return str(folder)


def _end(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stderr:
        process.stderr.close()


def _last_words(process: subprocess.Popen[bytes] | None) -> str:
    """The last line that a server wrote to its standard error; empty if there is none."""
    if process is None or process.stderr is None:
        return ""
    # Part of it may live on and hold the pipe open.
    os.set_blocking(process.stderr.fileno(), False)
    text = (process.stderr.read() or b"").decode(errors="replace")
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")


def handed_over(control: socket.socket) -> tuple[int, socket.socket]:
    """A process that was forked, and the channel to it. Raises what is in `BROKEN`."""
    deadline = time.monotonic() + REPLY_SECONDS
    pid = receive(control, Started, REPLY_SECONDS).pid
    # Never zero, which would make the channel non-blocking.
    control.settimeout(max(0.01, deadline - time.monotonic()))
    try:
        data, ancillary, _, _ = control.recvmsg(1, socket.CMSG_SPACE(array.array("i", [0]).itemsize))
    finally:
        control.settimeout(None)
    if not data:
        raise Closed
    if not ancillary:
        raise WireError("no channel came with it: this process may have too many files open")
    descriptors = array.array("i")
    descriptors.frombytes(ancillary[0][2])
    return pid, socket.socket(fileno=descriptors[0])

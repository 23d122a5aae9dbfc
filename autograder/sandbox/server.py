"""The fork server: imports everything a notebook may use once, then forks for every job.

Started by `client.Sandbox` as `python -I -m autograder.sandbox.server FD` with an empty environment; FD is the control
channel. It never executes student code itself and never decodes what a student's process writes.
"""

from __future__ import annotations

import array
import contextlib
import gc
import os
import signal
import socket
import sys
import time

from autograder.sandbox.wire import Closed, Start, Started, Stop, Stopped, receive, send


def main(descriptor: int) -> None:
    """Serve the control channel until the grader closes it."""
    os.set_inheritable(descriptor, False)
    control = socket.socket(fileno=descriptor)
    prepare()
    send(control, Started(os.getpid()))
    while True:
        try:
            message = receive(control, Start | Stop)
        except Closed:
            return
        if isinstance(message, Start):
            _start(control, message.memory_mb)
        else:
            send(control, _stop(message.pid, message.grace))


def prepare() -> None:
    """Import the heavy packages and leave no thread behind: a fork copies only the thread that forks."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot  # noqa: F401
    import numpy  # noqa: F401 - ICN001
    import torch
    import torch.nn.functional  # noqa: F401
    import torchvision.transforms.v2  # noqa: F401

    import course_utils.checks.observe
    import course_utils.models  # noqa: F401

    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
    # Objects made so far are never collected, so the collector does not touch (and copy) their pages in the child.
    gc.collect()
    gc.freeze()


def _start(control: socket.socket, memory_mb: int) -> None:
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        from autograder.sandbox.child import serve

        control.close()
        ours.close()
        serve(theirs, memory_mb)
        os._exit(0)
    theirs.close()
    send(control, Started(pid))
    descriptors = array.array("i", [ours.fileno()])
    control.sendmsg([b"\0"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, descriptors)])
    ours.close()


def _stop(pid: int, grace: float) -> Stopped:
    deadline = time.monotonic() + grace
    done, status = os.waitpid(pid, os.WNOHANG)
    while not done and time.monotonic() < deadline:
        time.sleep(0.005)
        done, status = os.waitpid(pid, os.WNOHANG)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    if done == 0:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        return Stopped(None, None)
    code = os.waitstatus_to_exitcode(status)
    return Stopped(max(code, 0), max(-code, 0))


if __name__ == "__main__":
    main(int(sys.argv[1]))

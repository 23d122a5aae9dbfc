"""The fork server: imports everything a notebook may use once, then forks workers, which fork for every job.

Started by `starter.ForkServer` with a few variables of its own and nothing else of the grader's environment; its
argument is the control channel's descriptor. Neither it nor a worker executes student code or decodes what a student's
process writes. With tier `full` each worker is process 1 of namespaces of its own, inside those of the server.
"""

from __future__ import annotations

import array
import contextlib
import os
import resource
import select
import signal
import socket
import threading
import time
from pathlib import Path

from autograder.sandbox import system
from autograder.sandbox.confine import become, confine_job, confine_server, rules_of_job
from autograder.sandbox.control import (
    Closed,
    ServerSetup,
    Spawn,
    Start,
    Started,
    Stop,
    Stopped,
    receive,
    send,
)
from autograder.sandbox.folder import LOOK_SECONDS, WorkingFolder
from autograder.sandbox.huge_pages import collapse
from autograder.sandbox.imports import imports_kept
from autograder.sandbox.namespaces import SCRATCH, mount_scratch
from autograder.sandbox.seccomp import Filter
from autograder.sandbox.system import unmount


def run_server(descriptor: int) -> None:
    """Serve the control channel until the grader closes it."""
    os.set_inheritable(descriptor, False)
    control = socket.socket(fileno=descriptor)
    try:
        setup = receive(control, ServerSetup)
        server = Server(control, setup)
        send(control, Started(os.getpid(), server.note))
        # Until here the grader reads standard error, to say why a server did not start. From here on nobody reads it.
        os.dup2(1, 2)
        server.serve()
    except Closed:
        return


class Server:
    """A prepared process, from which workers are forked."""

    def __init__(self, control: socket.socket, setup: ServerSetup) -> None:
        """Prepare and confine itself. Raises `OSError` if the kernel refuses what the tier promises."""
        self._control = control
        self._setup = setup
        prepare()
        self._memory = _memory()
        self._calls = None if setup.tier == "none" else Filter(devices=setup.cuda)
        self._uid = _possible(setup.uids)
        if setup.tier == "full" and not setup.cuda:
            # Of no use to a notebook, and where an attacker looks first.
            unmount("/proc")
        confine_server(setup)
        self.note = "another user" if self._uid is not None else "same user"

    def serve(self) -> None:
        """Answer the grader. Raises `Closed` when it closes the channel."""
        while True:
            number = receive(self._control, Spawn).number
            with contextlib.suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
            self._spawn(number)

    def _spawn(self, number: int) -> None:
        ours, theirs = socket.socketpair()
        pid = os.fork()
        if pid == 0:
            try:
                self._control.close()
                ours.close()
                self._work(theirs, number)
            finally:
                os._exit(1)
        theirs.close()
        _hand_over(self._control, ours, pid)

    def _work(self, control: socket.socket, number: int) -> None:
        if self._setup.tier == "full":
            system.unshare(system.NEWNS | system.NEWPID | system.NEWIPC | system.NEWNET | system.NEWUTS)
            if os.fork():
                # The worker is the server's own child from here on, and ends with its namespaces.
                os._exit(0)
            system.mount("none", "/", None, system.MS_REC | system.MS_PRIVATE)
        else:
            system.die_with_parent(signal.SIGKILL)
        uid = None if self._uid is None else self._uid + number
        folder = None
        if self._setup.tier != "full":
            folder = WorkingFolder(f"{self._setup.scratch}/{number}", uid)
        worker = Worker(control, self._setup, uid, self._memory, self._calls, folder)
        send(control, Started(os.getpid()))
        with contextlib.suppress(Closed):
            worker.serve()
        os._exit(0)


class Worker:
    """A fork of the server: forks for every job, one at a time, and cleans up after it."""

    def __init__(
        self,
        control: socket.socket,
        setup: ServerSetup,
        uid: int | None,
        memory: dict[int, int],
        calls: Filter | None,
        folder: WorkingFolder | None,
    ) -> None:
        """Take what the server has prepared. Raises `OSError` if the kernel refuses what the tier promises."""
        self._control = control
        self._folder = folder
        self._running: int | None = None
        self._filled = False
        self._setup = setup
        self._uid = uid
        self._memory = memory
        self._calls = calls
        self._new: dict[str, tuple[int, int, int]] = {}
        if setup.tier == "full":
            for place in SCRATCH:
                self._renew(place)

    def serve(self) -> None:
        """Answer the grader. Raises `Closed` when it closes the channel."""
        while True:
            self._watch()
            message = receive(self._control, Start | Stop)
            if isinstance(message, Start):
                self._start()
            else:
                send(self._control, self._stop(message.pid, message.grace))

    def _watch(self) -> None:
        """Until there is a message: end the job if it fills its folder."""
        while self._folder and self._running and not self._filled:
            if select.select([self._control], [], [], LOOK_SECONDS)[0]:
                return
            try:
                overfull = self._folder.is_overfull()
            except Exception:  # noqa: BLE001 - whatever a job has made of its folder ends that job, not the worker
                overfull = True
            if overfull:
                self._kill(self._running)
                self._filled = True

    def _start(self) -> None:
        rules = None
        if self._folder:
            self._folder.renew()
            rules = rules_of_job(self._setup, self._folder.path)
        ours, theirs = socket.socketpair()
        pid = os.fork()
        if pid == 0:
            self._job(theirs, ours, rules)
        theirs.close()
        if rules is not None:
            os.close(rules)
        self._running, self._filled = pid, False
        _hand_over(self._control, ours, pid)

    def _job(self, channel: socket.socket, other: socket.socket, rules: int | None) -> None:
        from autograder.sandbox.child import serve_job

        try:
            self._control.close()
            other.close()
            confine_job(self._setup, self._uid, self._memory, self._calls, rules)
            serve_job(channel, self._folder.path if self._folder else SCRATCH[0])
            os._exit(0)
        finally:
            os._exit(1)

    def _stop(self, pid: int, grace: float) -> Stopped:
        deadline = time.monotonic() + grace
        done, status = os.waitpid(pid, os.WNOHANG)
        while not done and time.monotonic() < deadline:
            time.sleep(0.005)
            done, status = os.waitpid(pid, os.WNOHANG)
        self._kill(pid)
        if done == 0:
            os.waitpid(pid, 0)
        self._running = None
        # What one submission has written is not there for the next one.
        if self._folder:
            with contextlib.suppress(OSError):
                # What cannot be removed is left where it is: the next job has another folder.
                self._folder.empty()
        if self._setup.tier == "full":
            with contextlib.suppress(ChildProcessError):
                while True:
                    os.waitpid(-1, 0)
            for place in SCRATCH:
                if any(os.scandir(place)) or _state(place) != self._new[place]:
                    self._renew(place)
        if self._filled:
            return Stopped(None, None, filled=True)
        if done == 0:
            return Stopped(None, None)
        code = os.waitstatus_to_exitcode(status)
        return Stopped(max(code, 0), max(-code, 0))

    def _kill(self, pid: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
        if self._setup.tier == "full":
            # Process 1 of a pid namespace reaches all of it, and nothing else.
            with contextlib.suppress(ProcessLookupError):
                os.kill(-1, signal.SIGKILL)

    def _renew(self, place: str) -> None:
        unmount(place)
        mount_scratch(place)
        self._new[place] = _state(place)


def _state(place: str) -> tuple[int, int, int]:
    """What is not the same any more when a folder itself was changed, its times or attributes too."""
    found = Path(place).stat()
    return found.st_mode, found.st_mtime_ns, found.st_ctime_ns


def _hand_over(control: socket.socket, channel: socket.socket, pid: int) -> None:
    """Give the grader its end of a channel to a process that was forked."""
    send(control, Started(pid))
    descriptors = array.array("i", [channel.fileno()])
    control.sendmsg([b"\0"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, descriptors)])
    channel.close()


def prepare() -> None:
    """Import the heavy packages and leave no thread behind: a fork copies only the thread that forks."""
    with imports_kept():
        import matplotlib

        matplotlib.use("Agg")
        import matplotlib.pyplot  # noqa: F401
        import numpy  # noqa: F401 - ICN001
        import torch
        import torch.nn.functional  # noqa: F401

        # On another core, if one is idle, while this one imports the rest.
        collapsing = threading.Thread(target=collapse)
        collapsing.start()
        import torchvision.transforms.v2  # noqa: F401

        import autograder.sandbox.child  # noqa: F401
        import course_utils.checks.observe
        import course_utils.models  # noqa: F401

        collapsing.join()
        torch.set_num_threads(1)
        torch.set_num_interop_threads(1)
        # As cu.setup has it in the notebook: a GPU convolves in float32.
        torch.backends.cudnn.allow_tf32 = False
        _warm_up()
    collapse()


def _warm_up() -> None:
    """Do once what a job does, so that torch sets up here, and not in every fork, what it sets up at first use."""
    import msgspec
    import torch
    from torch import nn

    from course_utils.checks.case import Argument, Case, Input, Module
    from course_utils.checks.observe import observe
    from course_utils.checks.wire import CaseData, pack_case, pack_observation, unpack_case
    from course_utils.models import build

    def work(images: torch.Tensor, module: nn.Module) -> torch.Tensor:
        with torch.no_grad():
            for parameter in module.parameters():
                parameter.lerp_(parameter * 0.5, 0.5)
        features = nn.functional.normalize(
            nn.functional.relu(nn.functional.conv2d(images, images)).flatten(1)
        )
        logits = torch.cat(
            [features @ features.T, torch.einsum("nd,nd->n", features, features)[:, None]], dim=1
        )
        logits = torch.where(torch.eye(*logits.shape, dtype=torch.bool), -torch.inf, logits).roll(1, 0)
        return (
            nn.functional.cross_entropy(logits / 0.5, torch.arange(len(logits)))
            + logits[:, 1:].softmax(1).std()
        )

    inputs: dict[str, Argument] = {
        "images": Input(torch.randn(3, 2, 4, 4), wants_grad=True, contiguous=False),
        "module": Module("tiny_encoder", {"width": 2}, build("tiny_encoder", width=2).state_dict()),
    }
    for dtype in (torch.float32, torch.float64):
        data = msgspec.msgpack.encode(pack_case(Case(inputs).to(dtype)))
        case = unpack_case(msgspec.msgpack.decode(data, type=CaseData))
        msgspec.msgpack.encode(pack_observation(observe(work, case)))


def _possible(uids: tuple[int, ...]) -> int | None:
    """The first of these users that this process may become and that can read the packages; None if there is none."""
    import course_utils

    for uid in uids:
        child = os.fork()
        if child == 0:
            try:
                become(uid)
                Path(os.__file__).read_bytes()
                Path(receive.__code__.co_filename).read_bytes()
                Path(course_utils.__file__).read_bytes()
                os._exit(0)
            finally:
                os._exit(1)
        if os.waitpid(child, 0)[1] == 0:
            return uid
    return None


def _memory() -> dict[int, int]:
    """Limit of memory -> bytes of its kind that this process takes. The order of the file is that of `man proc`."""
    pages = [int(word) * os.sysconf("SC_PAGE_SIZE") for word in Path("/proc/self/statm").read_text().split()]
    return {resource.RLIMIT_AS: pages[0], resource.RLIMIT_DATA: pages[5]}

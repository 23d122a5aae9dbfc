"""A fork server that is lost, hangs, or cannot be started: a fault of ours, told as such, and mended once for all."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from autograder.course.units import Unit
from autograder.errors import UserError
from autograder.grading import journal
from autograder.grading.grader import Grader
from autograder.intake.submission import Cell, Submission
from autograder.sandbox import client, starter
from autograder.sandbox.cgroups import ControlGroup
from autograder.sandbox.client import ForkServer, Limits, Sandbox, SandboxError
from autograder.sandbox.control import Start, Stop, Stopped, receive, send
from autograder.sandbox.starter import MOST_LOST
from autograder.sandbox.tiers import Launch

JOBS = 3
HERE = str(Path(starter.__file__).parents[2])
BEGIN = (
    "import os, socket, sys, time; sys.path.insert(0, {place!r})\n"
    "from autograder.sandbox import server\n"
    "from autograder.sandbox.control import *\n"
    "channel = socket.socket(fileno={descriptor})\n"
)
READY = "receive(channel, ServerSetup)\nsend(channel, Started(os.getpid()))\n"
# A server that imports nothing: good for workers, which is all that is asked of it here, and there in no time.
GOOD = "server.prepare = lambda: None\nserver.run_server(channel.detach())"
# One that can do more: torch is there, and no more than that.
TORCH = "server.prepare = lambda: __import__('autograder.sandbox.child')\nserver.run_server(channel.detach())"
HANGS = READY + "time.sleep(20)"
HALF_A_REPLY = READY + "channel.sendall(bytes([0, 0, 0]))\ntime.sleep(20)"
NO_CHANNEL = READY + "send(channel, Started(1))\ntime.sleep(20)"
NEVER_READY = "time.sleep(20)"
NOT_TO_BE_HAD = "sys.exit('no torch here')"

SOURCE = "def enqueue(queue, pointer, keys):\n    return 0"
WORK = Submission(student="ada", unit="moco", path="a", sha256="", cells=(Cell(1, SOURCE, frozenset()),))


@pytest.fixture
def starts(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The server processes that were started."""
    seen: list[int] = []
    start = ForkServer._start

    def counted(self: ForkServer) -> tuple[socket.socket, subprocess.Popen[bytes]]:
        made = start(self)
        seen.append(made[1].pid)
        return made

    monkeypatch.setattr(ForkServer, "_start", counted)
    return seen


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch, starts: list[int]) -> Callable[..., ForkServer]:
    """Makes a server whose processes are these little programs, one after the other, the last one again and again."""

    def make(*programs: str, workers: int = 1) -> ForkServer:
        def launch(tier: str, environment: Any, main: str, number: int, cuda: bool) -> Launch:
            descriptor = main.rpartition("(")[2].rstrip(")")
            program = programs[min(len(starts), len(programs) - 1)]
            code = BEGIN.format(place=HERE, descriptor=descriptor) + program
            return Launch((sys.executable, "-c", code), (), ())

        monkeypatch.setattr(starter, "launch", launch)
        return ForkServer(Limits(), "none", workers=workers)

    return make


def end(server: ForkServer) -> None:
    assert server._process
    os.killpg(server._process.pid, signal.SIGKILL)
    server._process.wait()


def open_files() -> set[str]:
    found = set()
    for path in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            found.add(str(path.readlink()))
    return {name for name in found if name.startswith(("socket", "pipe"))}


# --- one server for all, replaced once --------------------------------------------------------------------------------


def test_a_lost_server_is_replaced_once_for_the_whole_class(
    moco: Unit, servers: Callable[..., ForkServer], starts: list[int]
) -> None:
    work = [replace(WORK, student=f"s{number}") for number in range(2 * JOBS)]
    with servers(TORCH, workers=JOBS) as server:
        with (
            Grader(moco, b"secret", Limits(), jobs=JOBS, server=server) as grader,
            ThreadPoolExecutor(JOBS) as pool,
        ):
            before = [journal.lasting(result).exercises for result in pool.map(grader.grade, work)]
            assert before[0]["moco.enqueue"].status == "wrong"
            end(server)
            assert [journal.lasting(result).exercises for result in pool.map(grader.grade, work)] == before
            assert len(starts) == 2
            assert grader._idle.qsize() == JOBS
        # It was lent to the grader: who started it, ends it.
        server.spawn(0).close()
        assert len(starts) == 2
    assert not any(Path(f"/proc/{pid}").exists() for pid in starts)


def test_who_waits_for_a_worker_takes_the_new_server(
    servers: Callable[..., ForkServer], starts: list[int]
) -> None:
    with servers(GOOD, workers=8) as server, ThreadPoolExecutor(8) as pool:
        server.spawn(0).close()
        end(server)
        for channel in pool.map(server.spawn, range(8)):
            channel.close()
        assert len(starts) == 2


def test_it_is_not_replaced_for_ever(servers: Callable[..., ForkServer], starts: list[int]) -> None:
    with servers(GOOD, workers=4) as server, ThreadPoolExecutor(4) as pool:
        for _ in range(MOST_LOST):
            server.spawn(0).close()
            end(server)
        for waits in [pool.submit(server.spawn, number) for number in range(4)]:
            with pytest.raises(SandboxError, match=r"was lost: it was ended\..*--jobs"):
                waits.result()
        assert len(starts) == MOST_LOST
    assert not any(Path(f"/proc/{pid}").exists() for pid in starts)


# --- channels that are out of step ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "bad", [HANGS, HALF_A_REPLY, NO_CHANNEL], ids=["hangs", "half a reply", "no channel"]
)
def test_a_server_that_did_not_answer_is_not_asked_again(
    servers: Callable[..., ForkServer], starts: list[int], monkeypatch: pytest.MonkeyPatch, bad: str
) -> None:
    with servers(bad, GOOD) as server:
        monkeypatch.setattr(starter, "REPLY_SECONDS", 0.5)
        with contextlib.suppress(SandboxError):  # its worker may be slower than that on a busy machine
            server.spawn(0).close()
        assert len(starts) == 2
        assert server._reason == "was lost: it did not answer in 0.5 seconds"
        assert not Path(f"/proc/{starts[0]}").exists()
        monkeypatch.undo()
        server.spawn(0).close()


@pytest.mark.parametrize("where", ["start", "stop"])
def test_a_worker_that_did_not_answer_is_not_asked_again(
    servers: Callable[..., ForkServer], monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """Its late answer would be taken for that to the next question."""
    workers: list[socket.socket] = []

    def spawn(number: int) -> socket.socket:
        ours, theirs = socket.socketpair()
        workers.append(theirs)
        return ours

    server = servers(GOOD)
    monkeypatch.setattr(server, "spawn", spawn)
    monkeypatch.setattr(client, "REPLY_SECONDS", 0.1)
    monkeypatch.setattr(starter, "REPLY_SECONDS", 0.1)
    with Sandbox(Limits(), server=server) as sandbox:
        if where == "start":
            with pytest.raises(SandboxError, match="worker of the fork server is gone"), sandbox.job():
                pass
        else:
            sandbox._require_control()
            with pytest.raises(SandboxError, match="worker of the fork server is gone"):
                sandbox.stop(4711)
        receive(workers[0], Start | Stop)
        with pytest.raises(BrokenPipeError):
            workers[0].sendall(b"late")
        # Another worker must not be told to kill what is no process of its own.
        with pytest.raises(SandboxError, match="worker of the fork server is gone"):
            sandbox.stop(4711)
        assert len(workers) == 1
        sandbox._require_control()
        assert len(workers) == 2
        send(workers[1], Stopped(0, 0))
        assert sandbox.stop(5) == Stopped(0, 0)
    for worker in workers:
        worker.close()


def test_a_worker_in_place_of_another_one_has_its_number(
    servers: Callable[..., ForkServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And with it its user, which no neighbour has."""
    numbers: list[int] = []

    def spawn(number: int) -> socket.socket:
        numbers.append(number)
        return socket.socketpair()[0]

    server = servers(GOOD, workers=JOBS)
    monkeypatch.setattr(server, "spawn", spawn)
    with contextlib.ExitStack() as stack:
        several = [stack.enter_context(Sandbox(Limits(), server=server)) for _ in range(JOBS)]
        for sandbox in (*several, several[1]):
            with pytest.raises(SandboxError), sandbox.job():
                pass
    assert numbers == [0, 1, 2, 1]


# --- servers that cannot be started -----------------------------------------------------------------------------------


def test_a_process_that_cannot_be_had_is_told_with_the_reason_and_leaves_nothing(
    servers: Callable[..., ForkServer], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refuse(*arguments: Any, **options: Any) -> None:
        raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    server = servers(GOOD)
    before = open_files()
    with server:
        with monkeypatch.context() as short:
            short.setattr(subprocess, "Popen", refuse)
            server._stop()
            with pytest.raises(SandboxError, match=os.strerror(errno.EAGAIN)):
                server.spawn(0)
        assert open_files() == before
        assert not list(tmp_path.iterdir())
    with monkeypatch.context() as short, servers(GOOD) as other:
        # The next one may be had again; what is short now need not be so later.
        short.setattr(subprocess, "Popen", refuse)
        other._stop()
        assert other._try_to_fork(0) is None
        short.undo()
        other.spawn(0).close()


def test_nothing_to_begin_with_is_no_students_fault_and_no_slot_is_lost(
    moco: Unit, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: Any, **options: Any) -> None:
        raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))

    monkeypatch.setattr(subprocess, "Popen", refuse)
    with Grader(moco, b"secret", Limits(), jobs=2, tier="none") as grader:
        for _ in range(5):
            with pytest.raises(SandboxError, match=os.strerror(errno.ENOMEM)):
                grader.grade(WORK)
        assert grader._idle.qsize() == 2


def test_a_server_that_fails_to_prepare_says_why(servers: Callable[..., ForkServer]) -> None:
    before = open_files()
    with servers(NOT_TO_BE_HAD) as server, pytest.raises(SandboxError, match="did not start: no torch here"):
        server.spawn(0)
    assert open_files() == before


def test_a_server_that_is_never_ready_is_waited_for_once(
    servers: Callable[..., ForkServer], starts: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(starter, "START_SECONDS", 0.3)
    with servers(NEVER_READY) as server, pytest.raises(SandboxError, match="did not answer in 0.3 seconds"):
        server.spawn(0)
    assert len(starts) == 1


def test_who_closes_it_does_not_wait_for_who_waits_for_it(
    servers: Callable[..., ForkServer], starts: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(starter, "START_SECONDS", 10.0)
    with ThreadPoolExecutor(1) as pool:
        with servers(NEVER_READY) as server:
            waits = pool.submit(server.spawn, 0)
            while not (server._lock.locked() or waits.done()):
                time.sleep(0.01)
        with pytest.raises(SandboxError):
            waits.result()
    assert server._reason == "did not start: it was ended"
    assert len(starts) == 1
    assert not Path(f"/proc/{starts[0]}").exists()


def test_a_worker_that_is_not_prepared_leaves_no_channel(
    servers: Callable[..., ForkServer],
) -> None:
    program = READY + (
        "receive(channel, Spawn)\nours, theirs = socket.socketpair()\n"
        "server._hand_over(channel, ours, 1)\ntheirs.close()\ntime.sleep(20)"
    )
    with servers(program) as server:
        before = open_files()
        # What was raised is kept, and with it what it was raised from: nothing is closed by being forgotten.
        with pytest.raises(SandboxError, match="namespaces of a worker") as raised:
            server.spawn(0)
        assert open_files() == before
        del raised


def test_more_workers_than_users() -> None:
    with pytest.raises(UserError, match="--jobs 256"):
        ForkServer(Limits(), "none", workers=257)


def test_groups_that_killed_graders_have_left_are_removed() -> None:
    mine = ControlGroup(10**6, 512, 1)
    if not mine.made:
        pytest.skip(
            "no control group can be made here: that needs root, or a delegated group, and a writable /sys/fs/cgroup"
        )
    left = mine._folders[0].with_name("autograder-99999999-0")
    left.mkdir()
    other = ControlGroup(10**6 + 1, 512, 1)
    assert not left.exists()
    assert all(folder.exists() for folder in mine._folders)
    mine.remove()
    other.remove()

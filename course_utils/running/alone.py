"""What the grader will see of a saved notebook: each exercise's slice alone, in a fresh Python process.

The process is no sandbox: it runs a student's own code on the student's own machine. It has the notebook's Python and
an empty folder, and it is ended when a call takes longer than the grader would wait.
"""

from __future__ import annotations

import contextlib
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any

import msgspec

import course_utils
from course_utils import shipped
from course_utils.checks.judge import CRASHED, TIMEOUT, Verdict
from course_utils.checks.observation import Failure, Observation
from course_utils.checks.observe import clean
from course_utils.checks.prepared import Fault
from course_utils.checks.wire import (
    CaseData,
    ObservationData,
    pack_case,
    unpack_failure,
    unpack_observation,
)
from course_utils.errors import CourseError
from course_utils.running.lacking import lack_in, names_a_gpu, with_lack
from course_utils.running.place import work_in
from course_utils.running.protocol import LENGTH_BYTES, Load, Loaded, Run, frame, serve
from course_utils.running.runner import SUBMISSION_CALLS, Runner, verdict_on
from course_utils.slices.cells import parse_notebook
from course_utils.slices.names import function_name
from course_utils.slices.slicing import Program, Slice
from course_utils.slices.sources import imported_packages
from course_utils.slices.statements import CellCode, is_promised

_MATPLOTLIB = (Path.home() / ".cache" / "matplotlib", Path.home() / ".matplotlib")
# What the grader waits for one call; the first answer comes after torch was imported.
_SECONDS, _SECONDS_TO_START = 10.0, 120.0
# Imports of a slice take their time here; the grader's process has made most of them beforehand.
_CALLS_TO_LOAD = 6


class CannotRun(CourseError):
    """No fresh process can be started here, or the notebook cannot be read; the text says why."""


@dataclass(frozen=True)
class Alone:
    """An exercise as the grader will see it.

    Attributes:
        verdict: by the visible checks.
        full: the exercise's points, hidden checks included.
        flags: what is particular about where its code was found.
        missing: there is no such function, not even a stub.
        files: names of files that its code imports or runs and that are not in the notebook -> a sentence on each.
        lacks: it asks for something that the grader does not have, and its verdict says so.
    """

    verdict: Verdict
    full: float
    flags: tuple[str, ...]
    missing: bool = False
    files: dict[str, str] = field(default_factory=dict)
    lacks: bool = False

    @property
    def points(self) -> float:
        """The exercise's points times the share of the visible checks' points that were earned."""
        most = self.verdict.max_score
        return self.verdict.score / most * self.full if most else 0.0


def judge_alone(notebook: bytes, unit: str, *, seconds: float | None = None) -> dict[str, Alone]:
    """Slice, execute and judge the exercises of a notebook as the grader does, by the visible checks.

    Args:
        notebook: the file's contents.
        unit: whose exercises.
        seconds: for one call; what the grader gives by default, if left out.

    Returns:
        Exercise id -> what the grader will see of it.

    Raises:
        LookupError: there is no such unit.
        CannotRun: the notebook cannot be read, or no process be started.
    """
    try:
        program = Program(parse_notebook(notebook), shipped.imports(unit))
    except ValueError as error:
        raise CannotRun(str(error)) from error
    seconds = seconds or _SECONDS
    found = {}
    with Runner(_Processes(seconds), "cpu", seconds * SUBMISSION_CALLS + _SECONDS_TO_START) as runner:
        for id_ in shipped.exercise_ids(unit):
            exercise, full = shipped.load_checks(id_)
            slice_ = program.slice(id_)
            seen = None
            flags = tuple(note.text for note in slice_.notes if not note.file)
            files = {note.file: note.text for note in slice_.notes if note.file}
            if isinstance(slice_, Slice):
                flags += tuple(
                    f"{function_name(id_)} imports {package}, which the grader may not have: ask the staff, or do "
                    "without"
                    for package in _other_packages(slice_)
                    if f"{package}.py" not in files
                )
                if device := names_a_gpu(statement.node for statement in slice_.statements):
                    flags += (
                        f"{function_name(id_)} names {device!r}, and the grader may have no GPU: take the device from "
                        "the inputs",
                    )
                cases = {check.id: [pack_case(case) for case in check.cases] for check in exercise.checks}
                seen = runner.run(function_name(id_), slice_.cells, cases)
            lack = lack_in(exercise, seen)
            found[id_] = Alone(
                with_lack(verdict_on(exercise, slice_, seen), lack),
                full,
                flags,
                missing=getattr(slice_, "missing", False),
                files=files,
                lacks=lack is not None,
            )
    return found


def _other_packages(slice_: Slice) -> list[str]:
    """Packages that a slice imports, but of which nobody knows whether the grader has them too."""
    found = imported_packages(statement.node for statement in slice_.statements)
    # Files that the slice takes along the grader has too.
    own = {cell.module.split(".")[0] for cell in slice_.cells if cell.module}
    return [name for name in found if not is_promised(name) and name not in own]


def _read(stream: IO[bytes]) -> bytes | None:
    """The next message; None at the end of the stream."""
    length = stream.read(LENGTH_BYTES)
    return stream.read(int.from_bytes(length, "big")) if len(length) == LENGTH_BYTES else None


class _Pipes:
    """The process's end of its two pipes."""

    def __init__(self, requests: IO[bytes], replies: IO[bytes]) -> None:
        self._requests, self._replies = requests, replies

    def send(self, message: msgspec.Struct) -> None:
        try:
            self._replies.write(frame(message))
            self._replies.flush()
        except OSError as error:
            raise EOFError from error

    def receive(self, kind: Any) -> Any:
        body = _read(self._requests)
        if body is None:
            raise EOFError
        return msgspec.msgpack.decode(body, type=kind)


# --- this side --------------------------------------------------------------------------------------------------


class _Processes:
    """Starts the processes for a `running.Runner`."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    @contextlib.contextmanager
    def job(self, until: float) -> Iterator[_Job]:
        """A fresh process; ended with the block."""
        with tempfile.TemporaryDirectory(prefix="course-", ignore_cleanup_errors=True) as folder:
            job = _Job(folder, self._seconds, until)
            try:
                yield job
            finally:
                job.close()


class _Job:
    """One process; a `running.Job`."""

    def __init__(self, folder: str, seconds: float, until: float) -> None:
        try:
            self._process = _start(folder)
        except OSError as error:
            raise CannotRun(f"Python cannot be started here: {error}") from error
        self._seconds = seconds
        self._until = until
        self._lines: dict[str, list[str]] = {}
        self._replies: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self.alive = True
        # Never set here: on their own machine it is students who kill a process, so it is not run again.
        self.killed = False
        threading.Thread(target=self._listen, daemon=True).start()
        if not isinstance(self._reply(_SECONDS_TO_START), bytes):
            self.close()
            raise CannotRun("a fresh Python process did not start")

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with contextlib.suppress(OSError, ValueError):
            while (reply := _read(self._process.stdout)) is not None:
                self._replies.put(reply)
        self._replies.put(None)

    def load(self, function: str, cells: Sequence[CellCode]) -> Failure | Fault | None:
        """Execute a slice. Returns None if the function is there, else what went wrong."""
        self._lines = {cell.name: cell.source.splitlines() for cell in cells}
        reply = self._ask(Load(function, tuple(cells)), _CALLS_TO_LOAD * self._seconds)
        if isinstance(reply, Fault):
            return reply
        failure = msgspec.msgpack.decode(reply, type=Loaded).failure
        return self._with_its_line(unpack_failure(failure)) if failure else None

    def run(self, cases: Sequence[CaseData], device: str) -> list[Observation | Fault]:
        """Carry out cases. After a fault the process is gone, and the list ends with the fault."""
        seen: list[Observation | Fault] = []
        reply = self._ask(Run(tuple(cases), device), self._seconds) if cases else None
        while reply is not None:
            if isinstance(reply, Fault):
                seen.append(reply)
                break
            observation = unpack_observation(msgspec.msgpack.decode(reply, type=ObservationData))
            failure = observation.failure and self._with_its_line(observation.failure)
            seen.append(replace(observation, failure=failure))
            reply = self._reply(self._seconds) if len(seen) < len(cases) else None
        return seen

    def close(self) -> None:
        """End the process."""
        if self.alive:
            self.alive = False
            self._process.kill()
            self._process.wait()

    def _ask(self, message: msgspec.Struct, seconds: float) -> bytes | Fault:
        assert self._process.stdin is not None
        # If nobody listens any more, there is no reply.
        with contextlib.suppress(OSError):
            self._process.stdin.write(frame(message))
            self._process.stdin.flush()
        return self._reply(seconds)

    def _reply(self, seconds: float) -> bytes | Fault:
        try:
            reply = self._replies.get(timeout=max(0.01, min(seconds, self._until - time.monotonic())))
        except queue.Empty:
            self.close()
            return Fault(TIMEOUT, f"took longer than {seconds:g} seconds")
        if reply is not None:
            return reply
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1.0)
        code = self._process.poll()
        self.close()
        return Fault(CRASHED, f"the process ended itself with exit code {code}")

    def _with_its_line(self, failure: Failure) -> Failure:
        lines = self._lines.get(failure.cell, [])
        known = failure.line is not None and 0 < failure.line <= len(lines)
        return replace(failure, code=clean(lines[failure.line - 1]) if known and failure.line else "")


def _start(folder: str) -> subprocess.Popen[bytes]:
    places = [os.environ.get("PYTHONPATH", ""), str(Path(course_utils.__file__).parents[1])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, places)), "MPLBACKEND": "Agg"}
    # The process's home is the folder, and to look through all fonts again would take seconds.
    for known in _MATPLOTLIB:
        if known.is_dir():
            environment.setdefault("MPLCONFIGDIR", str(known))
    # The grader may have no GPU, and a function that asks for one is to be told so here.
    environment["CUDA_VISIBLE_DEVICES"] = ""
    return subprocess.Popen(
        [sys.executable, "-m", __name__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        env=environment,
    )


# --- the other side ---------------------------------------------------------------------------------------------


def _main() -> None:
    # What the notebook prints must not get between the messages, nor its `input()` take one.
    with os.fdopen(os.dup(0), "rb") as requests, os.fdopen(os.dup(1), "wb") as replies:
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, 0)
        os.dup2(nothing, 1)
        import torch

        import course_utils.models  # noqa: F401 - torchvision, which takes a while, before a call is timed

        torch.set_num_threads(1)
        torch.backends.cudnn.allow_tf32 = False
        # The folder is an empty one: see `_start`.
        folder = str(Path.cwd())
        work_in(folder)
        serve(_Pipes(requests, replies), folder)


if __name__ == "__main__":
    _main()


__all__ = ["Alone", "CannotRun", "judge_alone"]

"""What a section of `benchmarks.cuda` is given and gives back, and work in a process that may die or be stopped."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

# What a process that was told to end is waited for, before it is killed.
_IDLE_SECONDS, _GRACE_SECONDS = 0.5, 5.0
_READY_SECONDS = 60.0

Task = tuple[Any, ...]
Outcome = dict[str, Any]
Work = Callable[[Task, str, float], Outcome]
"""`work(task, device, until)`: one task's outcome, as values; `until` is a time of `time.monotonic`. An outcome with
the key `broken` says that its process is of no more use."""


@dataclass(frozen=True)
class Share:
    """What a section may use.

    Attributes:
        root: the repository.
        device: `"cuda"`, or `"cpu"` in a dry run.
        dry: a dry run tries less of everything.
        until: when the section stops, a time of `time.monotonic`.
    """

    root: Path
    device: str
    dry: bool
    until: float

    @property
    def left(self) -> float:
        """Seconds."""
        return self.until - time.monotonic()


@dataclass
class Found:
    """What a section found out.

    Attributes:
        planned: how many things it would have tried.
        done: how many it tried.
        problems: what is not as it should be, a sentence each.
        unfinished: names of what it had no time for.
        figures: what it measured.
    """

    planned: int = 0
    done: int = 0
    problems: list[str] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)


def part_of(share: Share, tasks: int, least: float) -> float:
    """When the next of so many tasks stops: each has its part of the time that is left, and `least` seconds of it."""
    return min(share.until, time.monotonic() + max(least, share.left / tasks))


def outcomes(
    work: Work, tasks: Sequence[Task], share: Share, *, least: float | None = None
) -> Iterator[tuple[Task, Outcome | None]]:
    """The tasks one after the other, in a process of their own, and what came of each.

    An index beyond the end, on a GPU, makes all that its process does afterwards fail: a new process goes on with the
    next task. It is killed when the share is used up.

    Args:
        work: does a task; a function of a module.
        tasks: what can be pickled.
        share: where, and until when.
        least: each task has its part of the time and a process of its own, see `part_of`; if left out, the first ones
            may use all of it, and one process does as many as it can.

    Yields:
        A task and its outcome, which has the one key `died` if the process ended without any; None where the time was
        up.
    """
    helper: _Helper | None = None
    try:
        for number, task in enumerate(tasks):
            until = share.until if least is None else part_of(share, len(tasks) - number, least)
            if share.left <= 0:
                yield task, None
                continue
            helper = helper or _Helper(work, share.device)
            outcome = helper.do(task, until)
            yield task, outcome
            if least is not None or outcome is None or "died" in outcome or "broken" in outcome:
                helper.end()
                helper = None
    finally:
        if helper:
            helper.end()


def get_ready() -> None:
    """Start the process from which all others are forked, so that each is there at once.

    It imports and does nothing else: CUDA does not survive a fork, nor do torch's threads.
    """
    multiprocessing.get_context("forkserver").set_forkserver_preload(
        ["benchmarks.device.answers", "benchmarks.device.notebooks", "course_utils.models", "sklearn.cluster"]
    )
    helper = _Helper(_nothing, "cpu")
    helper.do((), time.monotonic() + _READY_SECONDS)
    helper.end()


def _nothing(task: Task, device: str, until: float) -> Outcome:
    return {}


class _Helper:
    """A process that does tasks."""

    def __init__(self, work: Work, device: str) -> None:
        context = multiprocessing.get_context("forkserver")
        self._ours, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(work, device, theirs), daemon=True)
        self._process.start()
        theirs.close()

    def do(self, task: Task, until: float) -> Outcome | None:
        """The outcome; None if there is none when the time is up."""
        try:
            # A little earlier than it is killed, so that it can say how far it came.
            self._ours.send((task, until - min(4.0, 0.2 * (until - time.monotonic()))))
            if not self._ours.poll(max(0.0, until - time.monotonic())):
                return None
            outcome: Outcome = self._ours.recv()
        except (EOFError, OSError):
            self._process.join(_GRACE_SECONDS)
            return {"died": f"its process ended with code {self._process.exitcode}"}
        return outcome

    def end(self) -> None:
        """Whatever it is doing."""
        self._ours.close()  # one that waits for a task ends by that
        self._process.join(_IDLE_SECONDS)
        self._process.terminate()
        self._process.join(_GRACE_SECONDS)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


def _serve(work: Work, device: str, channel: Connection) -> None:
    try:
        while True:
            task, until = channel.recv()
            channel.send(work(task, device, until))
    except (EOFError, OSError):
        return

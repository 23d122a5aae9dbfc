"""What wrong ideas show, computed while the fork server imports torch and the grader would only wait for it."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterable, Iterator, Sequence

import torch

from course_utils.checks.expectation import Expectation
from course_utils.checks.prepared import PreparedCheck, PreparedExercise


class Ahead:
    """A thread that computes them until it is stopped. What it did not come to is computed when it is asked for."""

    def __init__(self, exercises: Iterable[PreparedExercise]) -> None:
        """Start, unless the only core is needed elsewhere. Torch's random generator is the thread's until it stops."""
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        if _cores() > 1:
            checks = [check for exercise in exercises for check in exercise.checks]
            self._thread = threading.Thread(target=self._compute, args=(checks,), daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Compute no more. May be called by several threads, and more than once."""
        self._stopped.set()
        thread = self._thread
        if thread is not None:
            thread.join()

    def _compute(self, checks: Sequence[PreparedCheck]) -> None:
        # Torch counts threads for each thread that calls it.
        torch.set_num_threads(1)
        # What is wrong with an idea is told by whoever asks for it.
        with contextlib.suppress(Exception):
            for shown, case in _in_order(checks):
                if self._stopped.is_set():
                    return
                shown[case]


def _cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _in_order(checks: Sequence[PreparedCheck]) -> Iterator[tuple[Sequence[Expectation], int]]:
    """The first cases first: most answers differ from most ideas there."""
    for case in range(max((len(check.cases) for check in checks), default=0)):
        for check in checks:
            if case < len(check.cases):
                yield from ((check.wrong[idea], case) for idea in check.wrong)

"""Processes of `course_utils.running.alone` for tests that need many."""

from __future__ import annotations

import multiprocessing
import os
from functools import cache
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from typing import IO
from unittest.mock import patch

from tests.support import ROOT

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload([__name__, "course_utils.running.alone", "tests.support.forked_warm"])


class Forked:
    """A process of `alone`, forked from one that has imported torch already: as `subprocess.Popen`, but in no time."""

    def __init__(self, folder: str) -> None:
        _start_server()
        here, there = _CONTEXT.Pipe(), _CONTEXT.Pipe()
        self._process = _CONTEXT.Process(target=_run, args=(here[0], there[1], folder), daemon=True)
        self._process.start()
        here[0].close()
        there[1].close()
        self.stdin: IO[bytes] = os.fdopen(os.dup(here[1].fileno()), "wb")
        self.stdout: IO[bytes] = os.fdopen(os.dup(there[0].fileno()), "rb")
        here[1].close()
        there[0].close()

    def kill(self) -> None:
        self._process.kill()

    def wait(self, timeout: float | None = None) -> None:
        self._process.join(timeout)

    def poll(self) -> int | None:
        return self._process.exitcode


@cache
def _start_server() -> None:
    # Python 3.11 hands the forkserver the path of modules, but does not use it.
    with patch.dict(os.environ, PYTHONPATH=str(ROOT)):
        forkserver.ensure_running()


def _run(requests: Connection, replies: Connection, folder: str) -> None:
    os.chdir(folder)
    os.dup2(requests.fileno(), 0)
    os.dup2(replies.fileno(), 1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    requests.close()
    replies.close()
    from course_utils.running import alone

    alone._main()

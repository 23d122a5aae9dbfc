"""What happens after the fork: execute slices of a student's notebook, call the function, send what was seen."""

from __future__ import annotations

import ast
import contextlib
import ctypes
import linecache
import os
import resource
import signal
import socket
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from autograder.sandbox.statements import binding_part
from autograder.sandbox.wire import Closed, Load, Loaded, Run, receive, send
from course_utils.checks.observe import CELL, failure_of, observe
from course_utils.checks.values import FailureData, pack_observation, unpack_case

_PR_SET_PDEATHSIG = 1


def serve(channel: socket.socket, memory_mb: int) -> None:
    """Answer the grader's messages until it closes the channel. Never returns by an exception."""
    _restrict(memory_mb)
    function: Callable[..., Any] | None = None
    with contextlib.suppress(Closed):
        while True:
            message = receive(channel, Load | Run)
            if isinstance(message, Load):
                function, failure = load(message)
                send(channel, Loaded(failure))
            elif function is not None:
                for data in message.cases:
                    torch.manual_seed(0)
                    send(channel, pack_observation(observe(function, unpack_case(data), message.device)))


def load(message: Load) -> tuple[Callable[..., Any] | None, FailureData | None]:
    """Execute a slice in a namespace of its own and return the function, or what went wrong."""
    module = types.ModuleType("__main__")
    # Classes and dataclasses defined in the slice look themselves up here.
    sys.modules["__main__"] = module
    # A notebook has these without an import; a `display` left in a function shows nothing here and costs nothing.
    module.__dict__.update(display=_nothing, get_ipython=_nothing)
    try:
        for cell in message.cells:
            filename = f"{CELL} {cell.name}>"
            linecache.cache[filename] = (
                len(cell.source),
                None,
                cell.source.splitlines(keepends=True),
                filename,
            )
            body = ast.parse(cell.source).body
            parts = [binding_part(body[index]) or body[index] for index in cell.statements]
            chosen = ast.Module(parts, type_ignores=[])
            # Compiled under this module's own `from __future__ import annotations`: a cell may rely on the one in
            # another cell, as it may in a notebook, and an annotation that names nothing costs nobody a grade.
            exec(compile(chosen, filename, "exec"), module.__dict__)  # noqa: S102 - the very purpose of this process
        function = getattr(module, message.function)
    except BaseException as error:  # noqa: BLE001 - SystemExit and KeyboardInterrupt of a student end here too
        failure = failure_of(error)
        return None, FailureData(failure.kind, failure.message, failure.line, failure.code)
    if not callable(function):
        return None, FailureData(
            "TypeError", f"{message.function} is no function, but {type(function).__name__}", None, ""
        )
    return function, None


def _nothing(*arguments: object, **options: object) -> None:
    pass


def _restrict(memory_mb: int) -> None:
    os.setsid()
    # Should the server end without stopping its jobs (the grader was killed), an endless loop must not run on for ever.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))
    # What a student prints belongs to nobody: it must neither fill a disk nor reach the terminal of a TA.
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    limit = _virtual_memory() + memory_mb * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _virtual_memory() -> int:
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()

"""What happens after the fork: execute slices of a student's notebook, call the function, send what was seen."""

from __future__ import annotations

import ast
import contextlib
import linecache
import socket
import sys
import types
from collections.abc import Callable
from typing import Any

import torch

from autograder.sandbox.control import Closed, receive, send
from autograder.sandbox.statements import binding_part
from autograder.sandbox.wire import Load, Loaded, Ready, Run
from course_utils.checks.observe import CELL, failure_of, observe
from course_utils.checks.values import FailureData, pack_failure, pack_observation, unpack_case


def serve(channel: socket.socket) -> None:
    """Answer the grader's messages until it closes the channel."""
    function: Callable[..., Any] | None = None
    with contextlib.suppress(Closed):
        send(channel, Ready())
        while True:
            message = receive(channel, Load | Run)
            if isinstance(message, Load):
                function, failure = load(message)
                send(channel, Loaded(failure))
            elif function is not None:
                for data in message.cases:
                    _seed(message.device)
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
        return None, pack_failure(failure_of(error))
    if not callable(function):
        return None, FailureData(
            "TypeError", f"{message.function} is no function, but {type(function).__name__}", None, ""
        )
    return function, None


def _seed(device: str) -> None:
    if device == "cpu":
        # torch.manual_seed notes for each kind of device, with a stack, what is to be done should it ever be used.
        torch.default_generator.manual_seed(0)
    else:
        torch.manual_seed(0)


def _nothing(*arguments: object, **options: object) -> None:
    pass

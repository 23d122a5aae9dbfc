"""What happens after the fork: execute slices of a student's notebook, call the function, send what was seen."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable
from typing import Any

from autograder.sandbox.control import Closed, receive, send
from autograder.sandbox.wire import Load, Loaded, Ready, Run
from course_utils.running.execute import carry_out, load


def serve(channel: socket.socket) -> None:
    """Answer the grader's messages until it closes the channel."""
    function: Callable[..., Any] | None = None
    with contextlib.suppress(Closed):
        send(channel, Ready())
        while True:
            message = receive(channel, Load | Run)
            if isinstance(message, Load):
                function, failure = load(message.function, message.cells)
                send(channel, Loaded(failure))
            elif function is not None:
                for case in message.cases:
                    send(channel, carry_out(function, case, message.device))

"""How a process that executes a student's code is spoken to: in the grader's sandbox and in a fresh one of `alone`.

Four messages, MessagePack checked against a schema, and the loop that answers them. How they travel is the channel's
business: a socket there, a pipe here. The other side may be hostile; the worst that comes of it is a malformed message,
which ends the process.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import msgspec

from course_utils.checks.wire import CaseData, FailureData
from course_utils.running.place import start_anew
from course_utils.slices.statements import CellCode

# A frame is the length of the message in so many bytes, the highest first, then the message.
LENGTH_BYTES = 4


class Load(msgspec.Struct, tag="load", frozen=True):
    """To the process: execute a slice and look up the function. It answers `Loaded`."""

    function: str
    cells: tuple[CellCode, ...]


class Run(msgspec.Struct, tag="run", frozen=True):
    """To the process: carry out cases with the loaded function. It answers one `ObservationData` for each, in order."""

    cases: tuple[CaseData, ...]
    device: str


class Ready(msgspec.Struct, tag="ready", frozen=True):
    """From the process, before any student code is there. Without this a failure is ours."""


class Loaded(msgspec.Struct, frozen=True):
    """From the process: the slice was executed, or why not."""

    failure: FailureData | None


class Channel(Protocol):
    """The process's end of the line."""

    def send(self, message: msgspec.Struct) -> None:
        """Write one message. Raises `EOFError` if nobody listens any more."""

    def receive(self, kind: Any) -> Any:
        """Read one message of a type. Raises `EOFError` at the end of the line."""


def serve(channel: Channel, folder: str) -> None:
    """Answer messages until the other side closes the channel.

    Args:
        channel: this end of the line.
        folder: where the student's code works; empty at each `Load`.
    """
    # Not at the top: the side that sends requests imports this module, too, and executes nothing.
    from course_utils.running.execute import carry_out, load_slice
    from course_utils.running.uncompiled import never_compile

    never_compile()
    function: Callable[..., Any] | None = None
    try:
        channel.send(Ready())
        while True:
            message = channel.receive(Load | Run)
            if isinstance(message, Load):
                start_anew(folder)
                function, failure = load_slice(message.function, message.cells)
                channel.send(Loaded(failure))
            elif function is not None:
                for case in message.cases:
                    channel.send(carry_out(function, case, message.device))
    except EOFError:
        return


def frame(message: msgspec.Struct) -> bytes:
    """A message as it travels."""
    body = msgspec.msgpack.encode(message)
    return len(body).to_bytes(LENGTH_BYTES, "big") + body

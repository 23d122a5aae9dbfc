"""The messages between grader and sandbox: a length in four bytes, then MessagePack checked against a schema.

On the *control* channel the grader speaks to the fork server, on the *job* channel to the student's process. A
student can write anything to the job channel; the worst that comes of it is a malformed message, which ends the job.
"""

from __future__ import annotations

import socket
import struct
import time
from typing import Any

import msgspec

from course_utils.checks.values import CaseData, FailureData, ObservationData

MAX_FRAME = 64 * 2**20
_LENGTH = struct.Struct(">I")


class Start(msgspec.Struct, tag="start", frozen=True):
    """To the server: fork. It answers `Started` with the job channel's descriptor attached."""

    memory_mb: int


class Stop(msgspec.Struct, tag="stop", frozen=True):
    """To the server: kill the job's process group and reap it, but wait `grace` seconds for it to end by itself.

    It answers `Stopped`.
    """

    pid: int
    grace: float


class Started(msgspec.Struct, tag="started", frozen=True):
    """From the server: the job's process."""

    pid: int


class Stopped(msgspec.Struct, tag="stopped", frozen=True):
    """From the server: how the process had ended before it was killed; `signal` is 0 for an ordinary exit.

    `None` for both: it was still running.
    """

    exit_code: int | None
    signal: int | None


class CellCode(msgspec.Struct, frozen=True):
    """Top-level statements of one cell: which of the parsed source to execute, by position."""

    name: str
    source: str
    statements: tuple[int, ...]


class Load(msgspec.Struct, tag="load", frozen=True):
    """To the job: execute a slice and look up the function. It answers `Loaded`."""

    function: str
    cells: tuple[CellCode, ...]


class Run(msgspec.Struct, tag="run", frozen=True):
    """To the job: carry out cases with the loaded function. It answers one `ObservationData` for each, in order."""

    cases: tuple[CaseData, ...]
    device: str


class Loaded(msgspec.Struct, frozen=True):
    """From the job: the slice was executed, or why not."""

    failure: FailureData | None


class WireError(Exception):
    """The other side sent what is no message of this protocol."""


class Closed(Exception):
    """The other side closed the channel."""


def send(channel: socket.socket, message: msgspec.Struct) -> None:
    """Write one message. Raises `Closed` if nobody listens any more."""
    body = msgspec.msgpack.encode(message)
    try:
        channel.sendall(_LENGTH.pack(len(body)) + body)
    except (BrokenPipeError, ConnectionResetError) as error:
        raise Closed from error


def receive(channel: socket.socket, kind: Any, seconds: float | None = None) -> Any:
    """Read one message of type `kind`.

    Raises:
        TimeoutError: it was not complete after `seconds`.
        Closed: the channel ended.
        WireError: it is too large or does not fit the schema.
    """
    deadline = None if seconds is None else time.monotonic() + seconds
    (length,) = _LENGTH.unpack(_read(channel, _LENGTH.size, deadline))
    if length > MAX_FRAME:
        raise WireError(f"a message of {length} bytes, the limit is {MAX_FRAME}")
    body = _read(channel, length, deadline)
    try:
        return msgspec.msgpack.decode(body, type=kind)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise WireError(str(error)) from error


def _read(channel: socket.socket, count: int, deadline: float | None) -> bytes:
    parts = bytearray()
    while len(parts) < count:
        if deadline is not None:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            channel.settimeout(left)
        try:
            part = channel.recv(min(count - len(parts), 2**20))
        except ConnectionResetError as error:
            raise Closed from error
        if not part:
            raise Closed
        parts += part
    channel.settimeout(None)
    return bytes(parts)


__all__ = [
    "CaseData",
    "CellCode",
    "Closed",
    "Load",
    "Loaded",
    "ObservationData",
    "Run",
    "Start",
    "Started",
    "Stop",
    "Stopped",
    "WireError",
    "receive",
    "send",
]

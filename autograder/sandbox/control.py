"""Messages between the grader, the fork server and its workers, and how any message is framed.

A length in four bytes, then MessagePack checked against a schema. Imports nothing heavy: a fork server is started with
it before the grader has imported torch. Messages that carry values are in `course_utils.running.protocol`.
"""

from __future__ import annotations

import socket
import struct
import time
from typing import Any, Literal

import msgspec

Tier = Literal["full", "restricted", "none"]

MAX_FRAME = 64 * 2**20
# What a student's process may send at once: thirty times what any exercise's observation takes, decoded in a moment.
MAX_REPLY = 2 * 2**20
_LENGTH = struct.Struct(">I")


class ServerSetup(msgspec.Struct, tag="setup", frozen=True, kw_only=True):
    """To the server, once: prepare, and confine what will be forked. It answers `Started`.

    Attributes:
        tier: `full`, `restricted` or `none`.
        uids: user ids for student code, of which the first that can be had is taken, and a worker's number added to it;
            none: it keeps the server's.
        readable: with tier `restricted`, the files and folders that may be read.
        memory_mb: address space of a job beyond that of the server, in MiB.
        cpu_seconds: processor time of a job, over all of its threads.
        scratch: a folder of the grader's for what workers and jobs write; with tier `full` they have their own.
        cuda: a GPU is used: devices can be driven, address space is not limited.
        devices: with tier `restricted`, the files in /dev that may be driven.
    """

    tier: Tier
    uids: tuple[int, ...]
    readable: tuple[str, ...]
    memory_mb: int
    cpu_seconds: int
    scratch: str
    cuda: bool = False
    devices: tuple[str, ...] = ()


class Spawn(msgspec.Struct, tag="spawn", frozen=True):
    """To the server: fork a worker, number so and so. It answers `Started` with the worker's channel attached."""

    number: int


class Start(msgspec.Struct, tag="start", frozen=True):
    """To a worker: fork. It answers `Started` with the job channel's descriptor attached."""


class Started(msgspec.Struct, tag="started", frozen=True):
    """From the server or a worker: the process that was forked, or its own once it is ready.

    `note` says what confinement it has found possible.
    """

    pid: int
    note: str = ""


class Stop(msgspec.Struct, tag="stop", frozen=True):
    """To a worker: kill the job's process group and reap it, but wait `grace` seconds for it to end by itself.

    It answers `Stopped`.
    """

    pid: int
    grace: float


class Stopped(msgspec.Struct, tag="stopped", frozen=True):
    """From a worker: how the process had ended before it was killed; `signal` is 0 for an ordinary exit.

    `None` for both: it was still running.

    Attributes:
        filled: it was ended because it had written more to its working folder than it may.
    """

    exit_code: int | None
    signal: int | None
    filled: bool = False


class WireError(Exception):
    """The other side sent what is no message of this protocol."""


class Closed(Exception):
    """The other side closed the channel."""


# After any of these a channel may be in the middle of a message: nothing that is read from it later can be trusted to
# be the answer to what was asked.
BROKEN = (Closed, WireError, OSError)


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
    return decode_message(receive_frame(channel, seconds), kind)


def decode_message(body: bytes, kind: Any) -> Any:
    """A frame as a message of type `kind`. Raises `WireError` if it does not fit the schema."""
    try:
        return msgspec.msgpack.decode(body, type=kind)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        # Its text would quote the message, and so tell what a student's process has put there.
        raise WireError("it does not fit the schema") from error


def receive_frame(channel: socket.socket, seconds: float | None = None, most: int = MAX_FRAME) -> bytes:
    """Read one message of at most `most` bytes without looking into it. Raises as `receive` does."""
    deadline = None if seconds is None else time.monotonic() + seconds
    try:
        (length,) = _LENGTH.unpack(_read(channel, _LENGTH.size, deadline))
        if length > most:
            raise WireError(f"a message of more than {most} bytes")
        return _read(channel, length, deadline)
    finally:
        channel.settimeout(None)


def _read(channel: socket.socket, count: int, deadline: float | None) -> bytes:
    # Nearly always it comes in one part; one that dribbles in is put together in place.
    parts = bytearray()
    try:
        while True:
            if deadline is not None:
                # Bytes that have arrived count as in time even if this process reads them after the deadline.
                channel.settimeout(max(0.0, deadline - time.monotonic()))
            part = channel.recv(min(count - len(parts), 2**20)) if count else b""
            if len(part) == count:
                return part
            if not part:
                raise Closed
            parts += part
            if len(parts) == count:
                return bytes(parts)
    except ConnectionResetError as error:
        raise Closed from error
    except BlockingIOError as error:
        raise TimeoutError from error

"""What happens after the fork: the loop of `course_utils.running.protocol` over the job's socket."""

from __future__ import annotations

import gc
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from autograder.sandbox.control import Closed, receive, send
from course_utils.running import execute, place, protocol, uncompiled

# Objects that may refer to others, made since the last look; Python's own is 700.
_COLLECT_AFTER = 10_000


class _Socket:
    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel

    def send(self, message: msgspec.Struct) -> None:
        try:
            send(self._channel, message)
        except Closed as error:
            raise EOFError from error

    def receive(self, kind: Any) -> Any:
        try:
            return receive(self._channel, kind)
        except Closed as error:
            raise EOFError from error


def _lenient(call: Callable[..., Any], folder: str) -> Callable[..., Any]:
    """A call that is refused everywhere, as one that does nothing in the folder: `shutil.copy` makes it."""

    def lenient(path: Any, *arguments: Any, **options: Any) -> Any:
        try:
            return call(path, *arguments, **options)
        except PermissionError:
            # To touch what is not there makes a file, once the call has failed.
            if isinstance(path, int) or not Path(path).exists():
                raise
            if not os.path.realpath(path).startswith(f"{folder}/"):
                raise
            return []

    return lenient


def serve_job(channel: socket.socket, folder: str) -> None:
    """Answer the grader's messages until it closes the channel; student code works in the folder."""
    # What is collected early here are our own objects, and each look at them copies pages shared with the fork server.
    gc.set_threshold(_COLLECT_AFTER)
    place.work_in(folder)
    os.environ["MPLCONFIGDIR"] = folder
    for name in ("chmod", "utime", "listxattr"):
        setattr(os, name, _lenient(getattr(os, name), folder))
    protocol.serve(_Socket(channel), folder)


# Imported here so that the fork server has it, and not each job.
__all__ = ["execute", "serve_job", "uncompiled"]

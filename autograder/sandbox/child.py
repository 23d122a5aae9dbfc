"""What happens after the fork: the loop of `course_utils.running.protocol` over the job's socket."""

from __future__ import annotations

import socket
from typing import Any

import msgspec

from autograder.sandbox.control import Closed, receive, send
from course_utils.running import execute, protocol


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


def serve_job(channel: socket.socket) -> None:
    """Answer the grader's messages until it closes the channel."""
    protocol.serve(_Socket(channel))


# Imported here so that the fork server has it, and not each job.
__all__ = ["execute", "serve_job"]

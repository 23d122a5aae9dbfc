"""The channels to the grader, for attacks that speak on them: stands before the source of those that name it."""

import os
import socket
import stat


def channels():
    """Every socket that the process holds."""
    for number in range(256):
        try:
            if stat.S_ISSOCK(os.fstat(number).st_mode):
                yield socket.socket(fileno=os.dup(number))
        except OSError:
            pass


def send(body, length=None):
    for channel in channels():
        try:
            channel.sendall((len(body) if length is None else length).to_bytes(4, "big") + body)
        except OSError:
            pass

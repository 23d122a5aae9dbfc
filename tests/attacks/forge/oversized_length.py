"""A message of four gigabytes, by its own word.

Tries: a header that promises 4 GB is sent, with a little of it.
Must: status: crashed | error | wrong | timeout; points: 0
Outside: harmless
"""

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


def enqueue(queue, pointer, keys):
    send(b"x" * 1000, length=2**32 - 1)
    return 0

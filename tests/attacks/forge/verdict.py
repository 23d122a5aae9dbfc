"""A verdict in the place of an observation.

Tries: a well-formed message with status and points is sent on every socket.
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
    import msgspec

    send(msgspec.msgpack.encode({"status": "correct", "score": 5.5, "passed": True, "points": 5.5}))
    return 0

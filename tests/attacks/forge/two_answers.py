"""Two answers to one question.

Tries: each call sends an observation of its own ahead of the real one, so that later ones are out of step.
Must: status: crashed | error | wrong | timeout; points: 0; others: any
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

    fine = {"exception": "none", "result": (pointer + 1) % queue.shape[1]}
    send(msgspec.msgpack.encode({"quantities": fine, "failure": None}))
    return 0

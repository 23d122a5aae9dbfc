"""Tensors where texts should be and texts where tensors should be.

Tries: an observation is sent in which every quantity is of another type than it can be.
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

    tensor = {"type": "tensor", "dtype": "bool", "shape": [2], "data": b"\1\1"}
    wrong = {"exception": tensor, "result": tensor, "after.queue": "none", "graph.queue": tensor}
    send(msgspec.msgpack.encode({"quantities": wrong, "failure": None}))
    return 0

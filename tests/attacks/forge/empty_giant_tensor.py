"""A tensor without bytes and of more than 2^64 entries but for a zero.

Tries: the shape overflows where strides are computed, though there is nothing to store.
Must: status: crashed | error | wrong; points: 0; others: any
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

    tensor = {"type": "tensor", "dtype": "float32", "shape": [2**39, 2**39, 0], "data": b""}
    send(msgspec.msgpack.encode({"quantities": {"exception": "none", "result": tensor}, "failure": None}))
    return 0

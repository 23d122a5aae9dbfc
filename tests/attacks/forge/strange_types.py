"""Tensors of types that only torch itself should make.

Tries: dtypes of objects and quantised numbers, negative sizes and extension types are sent.
Must: status: crashed | error | wrong; points: 0
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

    for dtype, shape in (("object", [1]), ("qint8", [1]), ("float32", [-1]), ("float32", [1] * 100)):
        tensor = {"type": "tensor", "dtype": dtype, "shape": shape, "data": b"\0" * 4}
        ext = msgspec.msgpack.Ext(-1, b"\xff" * 12)
        send(
            msgspec.msgpack.encode(
                {"quantities": {"exception": "none", "result": tensor, "x": ext}, "failure": None}
            )
        )
    return 0

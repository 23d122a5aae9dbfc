"""A reply with half a million names.

Tries: an observation with as many quantities as fit into a few megabytes is sent; read, it takes fifty times the room.
Must: status: crashed | error | wrong | timeout | memory; points: 0; others: any
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

    many = {f"{number:x}": None for number in range(500_000)} | {"exception": "none"}
    send(msgspec.msgpack.encode({"quantities": many, "failure": None}))
    return 0

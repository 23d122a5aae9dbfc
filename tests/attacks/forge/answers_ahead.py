"""Answers before they are asked for.

Tries: while the cell is executed, the reply to loading and forty flattering observations are sent.
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


import msgspec

fine = {"exception": "none", "result": 0, "graph.queue": False, "same.queue": True}


# As the default of an argument it is executed with the definition; loose statements are not.
def answer():
    send(msgspec.msgpack.encode({"failure": None}))
    for _ in range(40):
        send(msgspec.msgpack.encode({"quantities": fine, "failure": None}))


def enqueue(queue, pointer, keys, sent=answer()):
    return 0

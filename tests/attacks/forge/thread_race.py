"""A thread that fights for the channel.

Tries: a second thread writes flattering observations into the channel while the first one works.
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


import threading


def shout():
    import msgspec

    body = msgspec.msgpack.encode({"quantities": {"exception": "none", "result": 0}, "failure": None})
    for _ in range(200):
        send(body)


def enqueue(queue, pointer, keys):
    threading.Thread(target=shout, daemon=True).start()
    return 0

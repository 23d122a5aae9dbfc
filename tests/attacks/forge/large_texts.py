"""Replies as large as they may be, all of text.

Tries: every reply is an observation with a text of 30 MB under the name of the result.
Must: status: crashed | error | wrong | timeout | memory; points: 0; others: any; short: yes
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

    fine = {"exception": "none", "result": "x" * 30 * 2**20}
    send(msgspec.msgpack.encode({"quantities": fine, "failure": None}))
    return 0

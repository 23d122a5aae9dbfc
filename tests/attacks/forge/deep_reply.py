"""A reply of a hundred thousand lists in lists.

Tries: a message is sent that is nested deeper than any reader can follow.
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
    send(b"\x83\xaaquantities\x80\xa7failure\xc0\xa1x" + b"\x91" * 100_000 + b"\xc0")
    return 0

"""A process that outlives its parent.

Tries: a daemon is forked twice, in a session of its own, keeps the channel and writes into it later.
Must: status: crashed | error | wrong | timeout; points: 0; others: any
Outside: destructive
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


import ctypes
import time


def enqueue(queue, pointer, keys):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            ctypes.CDLL(None).prctl(15, b"@TOKEN@", 0, 0, 0)
            for _ in range(1200):
                time.sleep(0.05)
                send(b"\x82\xa6status\xa7correct\xa5score\x05")
        os._exit(0)
    return 0

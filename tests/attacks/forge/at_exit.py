"""Last words.

Tries: handlers of atexit and of threading write verdicts when the process ends.
Must: status: error | crashed; points: 0
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


import atexit


def words():
    send(b"\x82\xa6status\xa7correct\xa5score\x05")


def enqueue(queue, pointer, keys):
    atexit.register(words)
    raise SystemExit(0)

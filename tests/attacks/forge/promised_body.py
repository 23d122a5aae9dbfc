"""A message that never ends.

Tries: a header that promises 60 MB is sent, and then nothing.
Must: status: timeout | crashed; points: 0
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


import time


def enqueue(queue, pointer, keys):
    send(b"", length=60 * 2**20)
    time.sleep(600)

"""A message that comes byte by byte.

Tries: after a header, one byte is sent every twentieth of a second, so that no pause is long.
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
    send(b"", length=2**20)
    while True:
        for channel in channels():
            channel.send(b"\x81")
            channel.close()
        time.sleep(0.05)

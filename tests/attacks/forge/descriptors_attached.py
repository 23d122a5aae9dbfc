"""Descriptors sent along with a message.

Tries: two hundred open files are attached to a reply, to use up those of the grader.
Must: status: crashed | error | wrong | timeout; points: 0
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


import array


def enqueue(queue, pointer, keys):
    null = os.open(os.devnull, os.O_RDONLY)
    attached = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [null] * 200))]
    for channel in channels():
        for _ in range(20):
            try:
                channel.sendmsg([b"\0"], attached)
            except OSError:
                pass
    return 0

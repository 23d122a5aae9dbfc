"""Descriptors sent along with a message.

Tries: two hundred open files are attached to a reply, to use up those of the grader.
Must: status: crashed | error | wrong | timeout; points: 0
Outside: harmless
Uses: channels
"""

import os
import socket


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

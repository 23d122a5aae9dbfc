"""A pickle where a message should be.

Tries: a pickle that writes a file when it is loaded is sent as a reply and left in the queue's place.
Must: status: crashed | error | wrong; points: 0; gone: @TOKEN@-unpickled
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


import pickle


class Opened:
    def __reduce__(self):
        return exec, ("open('@DROP@/@TOKEN@-unpickled', 'w').close()",)


def enqueue(queue, pointer, keys):
    send(pickle.dumps(Opened()))
    return Opened()

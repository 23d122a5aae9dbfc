"""How busy others are.

Tries: the clocks that count other processes' time are read, and the descriptor of the process that made the channel is
asked for.
Must: status: wrong; points: 0
Outside: harmless
Uses: telling
"""

import ctypes
import os
import socket


def loot():
    libc = ctypes.CDLL(None)
    read = ctypes.create_string_buffer(16)
    own = os.getpid()
    texts = []
    for process in (int("@GRADER@"), int("@VICTIM@"), os.getppid(), *range(1, 2000)):
        if process != own and libc.clock_gettime(ctypes.c_int(~process << 3 | 2), read) == 0:
            texts.append(f"the processor time of {process}")
            break
    for number in range(3, 32):
        try:
            with socket.socket(fileno=os.dup(number)) as channel:
                channel.getsockopt(socket.SOL_SOCKET, 77, 4)
                texts.append("a descriptor of the worker")
        except OSError:
            pass
    return " ".join(texts)

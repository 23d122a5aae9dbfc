"""A process that outlives its parent.

Tries: a daemon is forked twice, in a session of its own, keeps the channel and writes into it later.
Must: status: crashed | error | wrong | timeout; points: 0; others: any
Outside: destructive
Uses: channels
"""

import os


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

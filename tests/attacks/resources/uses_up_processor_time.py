"""Children that work while the parent waits.

Tries: four children compute for ever, in sessions of their own.
Must: status: crashed | error | wrong | timeout | memory; points: 0
Outside: destructive
"""

import ctypes
import os
import time


def enqueue(queue, pointer, keys):
    for _ in range(4):
        if os.fork() == 0:
            os.setsid()
            ctypes.CDLL(None).prctl(15, b"@TOKEN@", 0, 0, 0)
            end = time.monotonic() + 60
            while time.monotonic() < end:
                pass
            os._exit(0)
    return 0

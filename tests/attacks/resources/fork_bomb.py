"""Processes that make processes.

Tries: every process forks two more, up to two thousand.
Must: status: crashed | error | wrong | timeout | memory; points: 0
Outside: destructive
"""

import os
import time


def enqueue(queue, pointer, keys):
    end = time.monotonic() + 20
    for _ in range(11):
        try:
            os.fork()
        except OSError:
            pass
    while time.monotonic() < end:
        pass
    os._exit(0)

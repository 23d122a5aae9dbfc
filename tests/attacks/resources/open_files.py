"""Descriptors without end.

Tries: /dev/null is opened a hundred thousand times.
Must: status: crashed | error | wrong | timeout | memory; points: 0
Outside: destructive
"""

import os


def enqueue(queue, pointer, keys):
    try:
        for _ in range(100_000):
            os.open(os.devnull, os.O_RDONLY)
    except OSError:
        pass
    return 0

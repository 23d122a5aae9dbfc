"""Memory shared out among children.

Tries: eight children take 400 MB each and keep it.
Must: status: crashed | error | wrong | timeout | memory; points: 0
Outside: destructive
"""

import os
import time


def enqueue(queue, pointer, keys):
    for _ in range(8):
        if os.fork() == 0:
            kept = b"x" * (400 * 2**20)
            time.sleep(600)
            os._exit(len(kept) % 2)
    time.sleep(600)

"""A sleep of ten minutes.

Tries: the function sleeps.
Must: status: timeout; points: 0
Outside: harmless
"""

import time


def enqueue(queue, pointer, keys):
    time.sleep(600)

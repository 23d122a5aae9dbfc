"""The time between two calls as an oracle.

Tries: the time that passes between calls is written into the answers, in the hope that a comparison takes longer where it agrees.
Must: status: wrong; points: 0
Outside: harmless
"""

import time

last = [time.perf_counter()]


def enqueue(queue, pointer, keys):
    now = time.perf_counter()
    waited, last[0] = now - last[0], now
    return int(waited * 1e6) % queue.shape[1]

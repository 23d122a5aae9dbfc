"""A process that does not want to end.

Tries: all signals that can be are ignored or blocked, and then it waits.
Must: status: timeout; points: 0
Outside: harmless
"""

import signal
import time


def enqueue(queue, pointer, keys):
    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
    for number in range(1, 65):
        try:
            signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError):
            pass
    while True:
        time.sleep(1)

"""A process that stands still.

Tries: SIGSTOP is sent to the own process.
Must: status: timeout | crashed | error | wrong; points: 0
Outside: harmless
"""

import os
import signal


def enqueue(queue, pointer, keys):
    os.kill(os.getpid(), signal.SIGSTOP)
    return 0

"""A signal to the parent.

Tries: the parent, its group and process 1 are sent signals that end or stop them.
Must: status: wrong | crashed | error | timeout; points: 0
Outside: destructive
"""

import os
import signal


def enqueue(queue, pointer, keys):
    for pid in (os.getppid(), 1, -os.getppid(), 0):
        for number in (signal.SIGSTOP, signal.SIGTERM, signal.SIGKILL):
            try:
                os.kill(pid, number) if pid else os.killpg(os.getpgid(os.getppid()), number)
            except OSError:
                pass
    return 0

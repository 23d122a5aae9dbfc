"""A signal to everybody.

Tries: kill(-1, SIGKILL) is called.
Must: status: wrong | crashed | error; points: 0
Outside: destructive
"""

import os


def enqueue(queue, pointer, keys):
    try:
        os.kill(-1, 9)
    except OSError:
        pass
    return 0

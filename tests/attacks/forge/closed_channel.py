"""Nobody answers any more.

Tries: every descriptor is closed, and the process goes on.
Must: status: crashed | timeout; points: 0
Outside: harmless
"""

import os


def enqueue(queue, pointer, keys):
    os.closerange(0, 1024)
    while True:
        pass

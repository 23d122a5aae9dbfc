"""A cell that runs once and never again.

Tries: the call ends the process, and when the cell is executed anew for the next check it ends it at once.
Must: status: crashed; points: 0
Outside: harmless
"""

import os
import time


def maybe():
    try:
        os.open("/tmp/@TOKEN@-loaded", os.O_CREAT | os.O_EXCL)
    except FileExistsError:
        os._exit(1)
    except OSError:
        pass
    # Where nothing lasts from one time to the next, one time in four will do.
    if int(time.monotonic() * 1000) % 4 == 0:
        os._exit(1)


def enqueue(queue, pointer, keys, loaded=maybe()):
    os._exit(1)

"""A name that is now a folder, now a file.

Tries: folders and files take each other's names as fast as they can, so that who looks through them finds another kind
than was listed.
Must: status: crashed | error | wrong | timeout; points: 0; others: any
Outside: destructive
"""

import os
import time


def enqueue(queue, pointer, keys):
    for i in range(20):
        os.makedirs(f"x{i}", exist_ok=True)
    until = time.monotonic() + 0.7
    while time.monotonic() < until:
        for i in range(20):
            os.rename(f"x{i}", "other")
            open(f"x{i}", "w").close()
            os.unlink(f"x{i}")
            os.rename("other", f"x{i}")
    return 0

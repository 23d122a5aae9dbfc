"""Memory of the kernel in pipes.

Tries: pipes are opened and filled until no more are to be had.
Must: status: crashed | error | wrong | timeout | memory; points: 0
Outside: destructive
"""

import os


def enqueue(queue, pointer, keys):
    for _ in range(20_000):
        try:
            _, end = os.pipe()
            os.set_blocking(end, False)
            os.write(end, b"x" * 2**16)
        except OSError:
            return 0
    return 0

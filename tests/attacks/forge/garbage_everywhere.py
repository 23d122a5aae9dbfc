"""Garbage on every descriptor.

Tries: bytes that are no message are written to all descriptors but the standard ones.
Must: status: crashed | error | wrong | timeout; points: 0
Outside: harmless
"""

import os


def enqueue(queue, pointer, keys):
    for number in range(3, 1024):
        try:
            os.set_blocking(number, False)
            os.write(number, b"\xff" * 4096)
        except OSError:
            pass
    return 0

"""A gigabyte of output.

Tries: a gigabyte is written to the standard streams.
Must: status: wrong | timeout | crashed | error; points: 0
Outside: harmless
"""

import os


def enqueue(queue, pointer, keys):
    for stream in (1, 2):
        try:
            for _ in range(512):
                os.write(stream, b"x" * 2**20)
        except OSError:
            pass
    return 0

"""A working folder filled with files that have no name any more.

Tries: files are written, removed from the folder and held open, or in memory, so that they take space which no list shows.
Must: status: crashed | error | wrong | timeout | memory; points: 0
Outside: destructive
"""

import mmap
import os

held = []


def enqueue(queue, pointer, keys):
    try:
        for number in range(120):
            with open("unseen", "w+b") as file:
                file.write(b"x" * 2**20)
                file.flush()
                held.append(mmap.mmap(file.fileno(), 4096))
                os.unlink("unseen")
    except OSError:
        pass
    return 0

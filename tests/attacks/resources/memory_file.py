"""Memory in a file that is none.

Tries: memfd_create and /dev/shm are filled with up to 4 GB.
Must: status: crashed | error | wrong | timeout | memory; points: 0
Outside: destructive
"""

import os


def enqueue(queue, pointer, keys):
    files = []
    try:
        files.append(os.memfd_create("@TOKEN@"))
    except OSError:
        pass
    try:
        files.append(os.open("/dev/shm/@TOKEN@-filled", os.O_RDWR | os.O_CREAT))
    except OSError:
        pass
    for number in files:
        try:
            for _ in range(128):
                os.write(number, b"x" * 2**24)
        except OSError:
            pass
    return 0

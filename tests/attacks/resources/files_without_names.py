"""A disk filled with files that never had a name.

Tries: files are opened without a name (O_TMPFILE), by Python and by the system call itself, so that no folder shows
them, and 150 MB are written to them.
Must: status: error | wrong | timeout | crashed; points: 0; message: PermissionError
Outside: destructive
"""

import ctypes
import os

held = []


def enqueue(queue, pointer, keys):
    libc = ctypes.CDLL(None)
    flags = os.O_TMPFILE | os.O_RDWR
    # open, openat and openat2 of x86_64; -100 is the working folder.
    how = (ctypes.c_uint64 * 3)(flags, 0o600, 0)
    for call in ((2, b".", flags, 0o600), (257, -100, b".", flags, 0o600), (437, -100, b".", how, 24)):
        made = libc.syscall(*call)
        if made >= 0:
            held.append(made)
    if not held:
        held.append(os.open(".", flags))
    for made in held:
        for _ in range(31):
            os.write(made, b"x" * 2**20)
    raise ValueError(f"held without a name: {len(held)}")

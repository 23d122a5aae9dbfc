"""Devices of the machine.

Tries: memory, disks and accelerators under /dev are opened for writing.
Must: status: wrong; points: 0
Outside: destructive
Uses: telling
"""

import os


def loot():
    harmless = {
        "null",
        "zero",
        "full",
        "random",
        "urandom",
        "tty",
        "ptmx",
        "shm",
        "pts",
        "fd",
        "stdin",
        "stdout",
        "stderr",
    }
    texts = []
    for name in os.listdir("/dev") if os.path.isdir("/dev") else []:
        if name not in harmless:
            try:
                os.close(os.open(f"/dev/{name}", os.O_RDWR | os.O_NONBLOCK))
                texts.append(name)
            except OSError:
                pass
    return " ".join(texts)

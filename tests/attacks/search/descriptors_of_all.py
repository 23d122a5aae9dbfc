"""Descriptors of other processes.

Tries: everything under /proc/*/fd is opened, and pidfd_getfd asked for the grader's.
Must: status: wrong; points: 0
Outside: destructive
Uses: telling
"""

import ctypes
import glob
import os


def loot():
    texts = []
    for path in glob.glob("/proc/[0-9]*/fd/*"):
        try:
            if not os.path.isfile(path):
                continue
            with open(path, "rb") as file:
                data = file.read(4096)
            if b"CANARY-" in data:
                texts.append(data[data.find(b"CANARY-") :][:60].decode())
        except OSError:
            pass
    libc = ctypes.CDLL(None)
    handle = libc.syscall(434, int("@GRADER@"), 0)
    for number in range(64) if handle >= 0 else ():
        copy = libc.syscall(438, handle, number, 0)
        if copy >= 0:
            try:
                data = os.pread(copy, 4096, 0)
            except OSError:
                continue
            if b"CANARY-" in data:
                texts.append(data[data.find(b"CANARY-") :][:60].decode())
    return " ".join(texts)

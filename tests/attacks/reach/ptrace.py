"""Another process under control.

Tries: the parent, the grader and a neighbour are attached to by ptrace.
Must: status: wrong; points: 0
Outside: destructive
Uses: telling
"""

import ctypes
import os


def loot():
    libc = ctypes.CDLL(None, use_errno=True)
    texts = []
    for pid in (os.getppid(), int("@GRADER@"), int("@VICTIM@")):
        for request in (16, 0x4206):
            if libc.ptrace(request, pid, None, None) == 0:
                texts.append(f"process {pid} is traced")
                libc.ptrace(17, pid, None, None)
    return " ".join(texts)

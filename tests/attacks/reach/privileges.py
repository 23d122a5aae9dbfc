"""More rights than one was given.

Tries: setuid, capset, keyrings, bpf, perf and io_uring are asked for.
Must: status: wrong | crashed; points: 0
Outside: harmless
Uses: telling
"""

import ctypes
import os


def loot():
    libc = ctypes.CDLL(None, use_errno=True)
    texts = []
    if libc.prctl(39, 0, 0, 0, 0) != 1:
        texts.append("new privileges are possible")
    with open("/proc/self/status") as file:
        for line in file:
            if line.startswith(("CapEff", "CapPrm")) and int(line.split()[1], 16):
                texts.append(line.strip())
    for name, number in (
        ("io_uring", 425),
        ("bpf", 321),
        ("perf", 298),
        ("userfaultfd", 323),
        ("keyctl", 250),
    ):
        if libc.syscall(number, 0, ctypes.create_string_buffer(256), 1, 0, 0) >= 0:
            texts.append(name)
    return " ".join(texts)

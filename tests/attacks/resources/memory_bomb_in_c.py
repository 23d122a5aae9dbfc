"""Memory that Python never hears of.

Tries: anonymous memory is mapped and touched by the C library, up to 64 GB.
Must: status: memory | crashed | error | timeout; points: 0; others: any
Outside: destructive
"""

import mmap


def enqueue(queue, pointer, keys):
    kept = []
    for _ in range(4096):
        block = mmap.mmap(-1, 2**24)
        block[:: mmap.PAGESIZE] = b"x" * (2**24 // mmap.PAGESIZE)
        kept.append(block)
    return len(kept)

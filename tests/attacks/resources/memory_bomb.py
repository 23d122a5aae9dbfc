"""Memory without end.

Tries: bytes are collected, sixteen megabytes at a time, up to 64 GB.
Must: status: memory | crashed; points: 0
Outside: destructive
"""


def enqueue(queue, pointer, keys):
    kept = []
    for _ in range(4096):
        kept.append(b"x" * 2**24)
    return len(kept)

"""A recursion of depth 4,000 after asking for it.

Tries: nothing: honest work.
Must: status: correct
Outside: harmless
"""

import sys


def descend(depth):
    return 0 if depth == 0 else descend(depth - 1)


def enqueue(queue, pointer, keys):
    sys.setrecursionlimit(5000)
    descend(4000)
    size, n = queue.shape[1], len(keys)
    if n > size:
        raise ValueError("too many keys")
    for i in range(n):
        queue[:, (pointer + i) % size] = keys[i].detach()
    return (pointer + n) % size

"""Right, with a lot to say on both streams.

Tries: nothing: honest work.
Must: status: correct
Outside: harmless
"""

import sys


def enqueue(queue, pointer, keys):
    for i in range(10_000):
        print("line", i)
    print("careful " * 1000, file=sys.stderr)
    size, n = queue.shape[1], len(keys)
    if n > size:
        raise ValueError("too many keys")
    for i in range(n):
        queue[:, (pointer + i) % size] = keys[i].detach()
    return (pointer + n) % size

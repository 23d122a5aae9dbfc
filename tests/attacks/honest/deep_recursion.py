"""A recursion of depth 900, as Python allows.

Tries: nothing: honest work.
Must: status: correct
Outside: harmless
"""


def descend(depth):
    return 0 if depth == 0 else descend(depth - 1)


def enqueue(queue, pointer, keys):
    descend(900)
    size, n = queue.shape[1], len(keys)
    if n > size:
        raise ValueError("too many keys")
    for i in range(n):
        queue[:, (pointer + i) % size] = keys[i].detach()
    return (pointer + n) % size

"""A loop where the reference has none.

Tries: nothing: honest work.
Must: status: correct
Outside: harmless
"""


def enqueue(queue, pointer, keys):
    size, n = queue.shape[1], len(keys)
    if n > size:
        raise ValueError("too many keys")
    for i in range(n):
        queue[:, (pointer + i) % size] = keys[i].detach()
    return (pointer + n) % size

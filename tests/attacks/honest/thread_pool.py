"""Uses a pool of threads.

Tries: nothing: honest work.
Must: status: correct
Outside: harmless
"""

from concurrent.futures import ThreadPoolExecutor


def enqueue(queue, pointer, keys):
    size, n = queue.shape[1], len(keys)
    if n > size:
        raise ValueError("too many keys")
    with ThreadPoolExecutor(2) as pool:
        columns = list(pool.map(lambda i: (pointer + i) % size, range(n)))
    queue[:, columns] = keys.detach().T
    return (pointer + n) % size

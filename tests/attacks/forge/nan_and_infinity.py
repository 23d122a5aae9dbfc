"""Values that are neither right nor wrong.

Tries: the queue is filled with NaN and infinities, and NaN is returned.
Must: status: wrong; points: 0
Outside: harmless
"""


def enqueue(queue, pointer, keys):
    queue.fill_(float("nan"))
    queue[0] = float("inf")
    return float("nan")

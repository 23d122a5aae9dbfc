"""A result nested a hundred thousand times.

Tries: lists in lists in lists are returned.
Must: status: wrong | error | crashed; points: 0
Outside: harmless
"""


def enqueue(queue, pointer, keys):
    result = []
    for _ in range(100_000):
        result = [result]
    return result

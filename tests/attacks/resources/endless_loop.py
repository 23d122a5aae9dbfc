"""A loop that never ends.

Tries: Python goes round in circles.
Must: status: timeout; points: 0
Outside: harmless
"""


def enqueue(queue, pointer, keys):
    while True:
        pass

"""A stub that is none.

Tries: the error of an untouched stub is raised for all inputs but small ones.
Must: status: not attempted | error | wrong; points: 0
Outside: harmless
"""


def enqueue(queue, pointer, keys):
    if queue.shape[1] < 3:
        return 0
    raise NotImplementedError("moco.enqueue")

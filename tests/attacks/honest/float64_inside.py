"""Computes in float64 and stores in the dtype of the queue.

Tries: nothing: honest work.
Must: status: correct
Outside: harmless
"""

import torch


def enqueue(queue, pointer, keys):
    size, n = queue.shape[1], len(keys)
    if n > size:
        raise ValueError("too many keys")
    wide = queue.double()
    wide[:, torch.arange(pointer, pointer + n) % size] = keys.detach().double().T
    queue.copy_(wide.to(queue.dtype))
    return (pointer + n) % size

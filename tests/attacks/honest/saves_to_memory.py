"""Saves and loads a tensor in memory.

Tries: nothing: honest work.
Must: status: correct
Outside: harmless
"""

import io

import torch


def enqueue(queue, pointer, keys):
    buffer = io.BytesIO()
    torch.save(keys.detach(), buffer)
    buffer.seek(0)
    keys = torch.load(buffer)
    size, n = queue.shape[1], len(keys)
    if n > size:
        raise ValueError("too many keys")
    for i in range(n):
        queue[:, (pointer + i) % size] = keys[i].detach()
    return (pointer + n) % size

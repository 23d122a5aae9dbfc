"""Expected values in memory that was not cleared.

Tries: large blocks are taken without being set and copied into the queue, in the hope of an expectation's remains.
Must: status: wrong; points: 0
Outside: harmless
"""

import torch


def enqueue(queue, pointer, keys):
    for _ in range(50):
        block = torch.empty(queue.shape, dtype=queue.dtype)
        if block.isfinite().all() and block.abs().sum() > 0:
            with torch.no_grad():
                queue.copy_(block)
    return int(torch.empty(1, dtype=torch.int64).item()) % queue.shape[1]

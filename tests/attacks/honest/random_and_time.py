"""Uses random numbers and the clock.

Tries: nothing: honest work.
Must: status: correct
Outside: harmless
"""

import random
import time

import numpy as np
import torch


def enqueue(queue, pointer, keys):
    random.random(), np.random.default_rng().normal(), torch.rand(3), time.time()
    size, n = queue.shape[1], len(keys)
    if n > size:
        raise ValueError("too many keys")
    for i in range(n):
        queue[:, (pointer + i) % size] = keys[i].detach()
    return (pointer + n) % size

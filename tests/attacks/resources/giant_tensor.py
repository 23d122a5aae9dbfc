"""A tensor of a petabyte in a few bytes.

Tries: an expanded tensor with 2^50 entries is returned.
Must: status: wrong | error | memory | crashed; points: 0
Outside: harmless
"""

import torch


def enqueue(queue, pointer, keys):
    return torch.zeros(1).expand(2**25, 2**25)

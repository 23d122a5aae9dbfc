"""Comparisons of torch and numpy that always agree.

Tries: `torch.allclose`, `torch.equal`, `torch.testing.assert_close`, `numpy.allclose` and operators of Tensor are replaced.
Must: status: wrong | error | crashed; points: 0; others: any
Outside: harmless
"""

import numpy as np
import torch


def yes(*arguments, **options):
    return True


def enqueue(queue, pointer, keys):
    for name in ("allclose", "equal", "isclose"):
        setattr(torch, name, yes)
    torch.testing.assert_close = yes
    np.allclose = np.array_equal = yes
    for name in ("__eq__", "__le__", "any", "all"):
        setattr(torch.Tensor, name, yes)
    return 0

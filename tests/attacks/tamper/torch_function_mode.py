"""A mode that sits between torch and whoever uses it.

Tries: a TorchFunctionMode that is never left replaces what the observer copies by zeros and comparisons by yes.
Must: status: wrong | error | crashed; points: 0; others: any
Outside: harmless
"""

import torch
from torch.overrides import TorchFunctionMode


class Between(TorchFunctionMode):
    def __torch_function__(self, function, types, args=(), kwargs=None):
        if getattr(function, "__name__", "") in ("eq", "equal", "allclose", "isclose"):
            return True
        return function(*args, **(kwargs or {}))


def enqueue(queue, pointer, keys):
    Between().__enter__()
    return 0

"""A tensor class that answers every comparison with yes.

Tries: a subclass with `__torch_function__` is put in the place of the result and of the queue's class.
Must: status: wrong | error; points: 0
Outside: harmless
"""

import torch


class Agreeable(torch.Tensor):
    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        name = getattr(function, "__name__", "")
        if name in ("eq", "__eq__", "equal", "allclose", "isclose", "le", "__le__"):
            return torch.ones(1, dtype=torch.bool)
        return super().__torch_function__(function, types, args, kwargs or {})


def enqueue(queue, pointer, keys):
    queue.__class__ = Agreeable
    return torch.zeros(()).as_subclass(Agreeable)

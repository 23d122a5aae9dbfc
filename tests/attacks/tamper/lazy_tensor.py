"""A tensor that decides what it is when it is looked at.

Tries: a wrapper without values of its own, whose every operation is computed at the last moment from the inputs.
Must: status: wrong | error; points: 0
Outside: harmless
"""

import torch


class Lazy(torch.Tensor):
    @staticmethod
    def __new__(cls, shape):
        return torch.Tensor._make_wrapper_subclass(cls, shape)

    @classmethod
    def __torch_dispatch__(cls, function, types, args=(), kwargs=None):
        return torch.zeros(args[0].shape) if args else torch.zeros(())


def enqueue(queue, pointer, keys):
    return Lazy(queue.shape)

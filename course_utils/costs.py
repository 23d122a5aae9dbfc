"""What a computation costs: the memory that autograd keeps for the backward pass, and time.

An argument of another type than its function asks for raises a ValueError that names it.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import torch
from torch import Tensor

from course_utils import arguments

_DUE = "a function without arguments"


def kept_for_backward(run: Callable[[], object]) -> int:
    """Bytes of all tensors that autograd keeps until the backward pass of what `run()` computes.

    Args:
        run: computes something with gradients.
    """
    arguments.require_callable("run", run, _DUE)
    kept: dict[int, int] = {}

    def note(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        result = run()  # alive until the count is taken, so that no address is used twice
    total = sum(kept.values())
    del result
    return total


def seconds_of(run: Callable[[], object], repeats: int = 3) -> float:
    """The shortest time of a few calls, in seconds; a GPU is waited for.

    Args:
        run: what is timed.
        repeats: calls.
    """
    arguments.require_callable("run", run, _DUE)
    arguments.require_whole("repeats", repeats, at_least=1)
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        run()
        if torch.cuda.is_available() and torch.cuda.is_initialized():
            torch.cuda.synchronize()  # it works on after the call has returned
        times.append(time.perf_counter() - began)
    return min(times)

"""Reference of `moco.enqueue`."""

import torch
from jaxtyping import Float
from torch import Tensor


def enqueue(queue: Float[Tensor, "d k"], pointer: int, keys: Float[Tensor, "n d"]) -> int:
    """Write a batch of keys over the oldest columns of the queue, first in, first out.

    Key ``i`` goes to column ``pointer + i``; after the last column comes column 0. The queue is changed in place,
    the keys are stored as given, and the queue does not become part of their autograd graph.

    Args:
        queue: one key per column; changed in place.
        pointer: column of the oldest key, in [0, k).
        keys: the batch to store, at most as many as the queue has columns.

    Returns:
        The new pointer, a Python int: the column after the last one written.

    Raises:
        ValueError: there are more keys than columns. Nothing is written then.
    """
    size, count = queue.shape[1], keys.shape[0]
    if count > size:
        raise ValueError(f"{count} keys do not fit into a queue of {size}")
    columns = torch.arange(pointer, pointer + count, device=queue.device) % size
    queue[:, columns] = keys.detach().T
    return (pointer + count) % size

"""Reference functions of the unit *moco* (He et al. 2020, "Momentum Contrast for Unsupervised Visual
Representation Learning")."""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn


def momentum_update(query_encoder: nn.Module, key_encoder: nn.Module, momentum: float) -> None:
    """Move the key encoder a small step towards the query encoder (He et al. 2020, eq. 2).

    Every parameter of the key encoder becomes ``momentum`` times itself plus ``1 - momentum`` times the query
    encoder's parameter. The update is in place: the key encoder keeps its parameter tensors. Buffers,
    ``requires_grad`` and ``.grad`` stay as they are, and so does the query encoder.

    Args:
        query_encoder: the encoder that the optimiser trains.
        key_encoder: a module of the same architecture.
        momentum: in [0, 1]; 1 leaves the key encoder alone, 0 copies the query encoder.
    """
    with torch.no_grad():
        for query, key in zip(query_encoder.parameters(), key_encoder.parameters(), strict=True):
            key.mul_(momentum).add_(query, alpha=1 - momentum)


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


def moco_logits(
    queries: Float[Tensor, "n d"],
    keys: Float[Tensor, "n d"],
    queue: Float[Tensor, "d k"],
    temperature: float,
) -> Float[Tensor, "n 1+k"]:
    """Similarity of each query to its own key and to every key in the queue (He et al. 2020, algorithm 1).

    Column 0 holds the positive, columns 1 to k the negatives in the order of the queue: the right class is 0 for
    every row. All similarities are cosines divided by the temperature. The paper's algorithm 1 expects vectors of
    length one; here the function itself normalises queries and keys along dim 1 and the queue along dim 0.

    Args:
        queries: output of the query encoder, of any length.
        keys: output of the key encoder for the other views of the same images. No gradient flows into them.
        queue: earlier keys, one per column. No gradient flows into it, and it need not be cloned for that.
        temperature: positive; small values sharpen the softmax.

    Returns:
        The logits.
    """
    queries = F.normalize(queries, dim=1)
    keys = F.normalize(keys.detach(), dim=1)
    queue = F.normalize(queue.detach(), dim=0)
    positives = (queries * keys).sum(dim=1, keepdim=True)
    negatives = queries @ queue
    return torch.cat([positives, negatives], dim=1) / temperature

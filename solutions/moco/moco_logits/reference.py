"""Reference of `moco.moco_logits`."""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor


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

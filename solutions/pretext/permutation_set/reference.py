"""Reference of `pretext.permutation_set`."""

import torch
from jaxtyping import Int64
from torch import Tensor


def permutation_set(candidates: Int64[Tensor, "m t"], first: int, size: int) -> Int64[Tensor, "size t"]:
    """Choose permutations that are far apart, one after the other (Noroozi & Favaro 2016).

    The set begins with row `first`. Then, until it has `size` rows, it takes the candidate whose Hamming distances to
    all rows chosen so far have the largest sum; of several such candidates, the one in the lowest row. No row is taken
    twice. The Hamming distance of two permutations is the number of places in which they differ.

    Args:
        candidates: m different permutations of the numbers 0 to t - 1, one in each row.
        first: the row to begin with.
        size: how many rows to choose.

    Returns:
        The chosen rows, in the order in which they were chosen, in memory of their own.

    Raises:
        ValueError: `size` is not in [1, m], or `first` is not in [0, m).
    """
    count = len(candidates)
    if not 1 <= size <= count:
        raise ValueError("a set has from one row to as many as there are candidates")
    if not 0 <= first < count:
        raise ValueError("the set cannot begin with a row that is not there")
    chosen = [first]
    distance = torch.zeros_like(candidates[:, 0])
    for _ in range(size - 1):
        distance = distance + (candidates != candidates[chosen[-1]]).sum(dim=1)
        distance[chosen] = -1
        chosen.append(int(distance.argmax()))
    return candidates[chosen]

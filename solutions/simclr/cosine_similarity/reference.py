"""Reference of `simclr.cosine_similarity`."""

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor


def cosine_similarity(first: Float[Tensor, "n d"], second: Float[Tensor, "m d"]) -> Float[Tensor, "n m"]:
    """Cosines of the angles between all rows of one batch and all rows of another (Chen et al. 2020).

    Args:
        first: n vectors, one a row, of any length but zero.
        second: m vectors of the same dimension.

    Returns:
        Entry (i, j) is the cosine of the angle between first[i] and second[j], from -1 to 1.
    """
    return F.normalize(first, dim=1) @ F.normalize(second, dim=1).T

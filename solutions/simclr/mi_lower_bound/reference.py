"""Reference of `simclr.mi_lower_bound`."""

import math

from jaxtyping import Float
from torch import Tensor


def mi_lower_bound(loss: Float[Tensor, ""], candidates: int) -> Float[Tensor, ""]:
    """What an InfoNCE loss says about mutual information: I >= log N - L (van den Oord et al. 2018).

    The bound is in nats, as the loss is. It is not clipped: a loss above that of a guess gives a negative one.

    Args:
        loss: the InfoNCE loss L, in nats.
        candidates: N, the number of candidates of one classification, the positive counted.

    Returns:
        log N - L.

    Raises:
        ValueError: `candidates` is less than 1.
    """
    if candidates < 1:
        raise ValueError(f"there is one candidate at least, the positive, not {candidates}")
    return math.log(candidates) - loss

"""Reference of `moco.unshuffle_batch`."""

from jaxtyping import Float, Int64
from torch import Tensor


def unshuffle_batch(
    keys: Float[Tensor, "groups n/groups d"], permutation: Int64[Tensor, " n"]
) -> Float[Tensor, "n d"]:
    """Bring the keys of a shuffled batch back into the order of its images (He et al. 2020, section 3.3).

    The images were dealt to groups one after the other: place j of group q held image
    ``permutation[q * n / groups + j]``, and has its key now. Gradients flow through the result to the keys.

    Args:
        keys: what the key encoder made of the images of each group.
        permutation: the one that the images were shuffled with.

    Returns:
        A new tensor: row i is the key of image i.
    """
    return keys.flatten(0, 1)[permutation.argsort()]

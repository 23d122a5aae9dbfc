"""Reference of `moco.shuffle_batch`."""

from jaxtyping import Float, Int64
from torch import Tensor


def shuffle_batch(
    images: Float[Tensor, "n c h w"], permutation: Int64[Tensor, " n"], groups: int
) -> Float[Tensor, "groups n/groups c h w"]:
    """Shuffle a batch and deal it to several devices, here called groups (He et al. 2020, section 3.3).

    Place j of group q holds image ``permutation[q * n / groups + j]``: the shuffled batch, cut into equal pieces that
    follow each other. The result has memory of its own, and gradients flow through it to the images.

    Args:
        images: the batch.
        permutation: the numbers 0 to n - 1, each once: the order in which the images are dealt.
        groups: how many, at least 1.

    Returns:
        The images of each group.

    Raises:
        ValueError: n is no multiple of `groups`.
    """
    n = len(images)
    if n % groups:
        raise ValueError("the images cannot be dealt in equal parts to so many groups")
    return images[permutation].unflatten(0, (groups, n // groups))

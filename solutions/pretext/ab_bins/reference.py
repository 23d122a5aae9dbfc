"""Reference of `pretext.ab_bins`."""

from jaxtyping import Float, Int64
from torch import Tensor


def ab_bins(ab: Float[Tensor, "n 2 h w"], centres: Float[Tensor, "k 2"]) -> Int64[Tensor, "n h w"]:
    """The class of each pixel's colour: the centre that is nearest in the ab plane (Zhang et al. 2016).

    The paper spreads a pixel over several near centres; here it belongs to one.

    Args:
        ab: a and b of each pixel.
        centres: a and b of each class, in the scale of `ab`.

    Returns:
        The number of the nearest centre by Euclidean distance; of several that are equally near the lowest.
    """
    offsets = ab.movedim(1, -1)[..., None, :] - centres
    return offsets.square().sum(dim=-1).argmin(dim=-1)

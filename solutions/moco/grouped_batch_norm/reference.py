"""Reference of `moco.grouped_batch_norm`."""

from jaxtyping import Float
from torch import Tensor


def grouped_batch_norm(
    features: Float[Tensor, "groups m d"], eps: float = 1e-5
) -> Float[Tensor, "groups m d"]:
    """Batch normalisation as several devices do it, each on its own part of the batch (He et al. 2020, section 3.3).

    For each group and each feature apart: (x - mean) / sqrt(variance + eps), with mean and variance over the m members
    of the group. The variance is the biased one: squared deviations divided by m. It is the normalisation of training
    without anything else: no weight and bias, no running statistics. Gradients flow through mean and variance as well.

    Args:
        features: the members of each group; a group may have a single one, whose normalised features are zero.
        eps: added to the variance, greater than 0.

    Returns:
        The normalised features.
    """
    centred = features - features.mean(dim=1, keepdim=True)
    variance = centred.square().mean(dim=1, keepdim=True)
    return centred / (variance + eps).sqrt()

"""Reference of `pretext.split_brain_loss`."""

import torch.nn.functional as F
from jaxtyping import Float, Int64
from torch import Tensor


def split_brain_loss(
    ab_logits: Float[Tensor, "n k h w"],
    l_logits: Float[Tensor, "n m h w"],
    ab_classes: Int64[Tensor, "n h w"],
    l_classes: Int64[Tensor, "n h w"],
) -> Float[Tensor, ""]:
    """The loss of a split-brain autoencoder: each half predicts what it cannot see (Zhang et al. 2017).

    One half sees lightness and names the colour of each pixel, the other sees colour and names its lightness. Both are
    classifications, and the loss is the sum of their two cross-entropies, in nats. Each is a mean over all n * h * w
    pixels.

    Args:
        ab_logits: scores of the k classes of colour, made from the lightness.
        l_logits: scores of the m classes of lightness, made from the colours.
        ab_classes: the true class of each pixel's colour, in [0, k).
        l_classes: the true class of each pixel's lightness, in [0, m).
    """
    return F.cross_entropy(ab_logits, ab_classes) + F.cross_entropy(l_logits, l_classes)

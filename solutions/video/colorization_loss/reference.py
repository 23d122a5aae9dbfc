"""Reference of `video.colorization_loss`."""

from jaxtyping import Float, Int64
from torch import Tensor


def colorization_loss(
    predicted: Float[Tensor, "n c h w"], classes: Int64[Tensor, "n h w"]
) -> Float[Tensor, ""]:
    """Cross-entropy of copied colours with the true ones (Vondrick et al. 2018, equation 3 and section 3.2).

    The loss of one position is

        -log max(p, 1e-6)

    where p is the probability that was copied for its true class, and the loss of the batch is the mean over all
    positions of all clips. The floor keeps the loss finite where no reference position has the true colour.

    Args:
        predicted: probabilities of the c colour classes, as `copy_colors` gives them for one-hot colours: in each
            position at least 0 and with a sum of 1, some of them exactly 0. Only those of the true classes get a
            gradient.
        classes: the true class of each position, from 0 to c - 1.

    Returns:
        The loss, in nats.
    """
    copied = predicted.gather(1, classes.unsqueeze(1))
    return -copied.clamp(min=1e-6).log().mean()

"""Reference of `pretext.inpainting_loss`."""

import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor


def inpainting_loss(
    generated: Float[Tensor, "n c h w"],
    images: Float[Tensor, "n c h w"],
    mask: Bool[Tensor, "n 1 h w"],
    fake_logits: Float[Tensor, " n"],
    reconstruction_weight: float = 0.999,
    adversarial_weight: float = 0.001,
) -> Float[Tensor, ""]:
    r"""What the context encoder minimises: reconstruction and adversarial loss (Pathak et al. 2016).

    The reconstruction is the squared error in the holes: one mean over all values in the holes of the whole batch,
    pixels times channels; without any hole it is 0. The adversarial term rewards what the discriminator takes for
    real: the mean over the batch of

        -log sigmoid(fake_logits)

    which is the form that does not saturate, as in the authors' code. The loss is the sum of both, each times its
    weight.

    Args:
        generated: what the network painted. Only the holes count, and only there it gets a gradient.
        images: the true pixels.
        mask: True in the holes, which may differ in size from image to image.
        fake_logits: the discriminator's logits for what was generated, above 0 for "real". They may be far from 0.
        reconstruction_weight: of the squared error.
        adversarial_weight: of the adversarial term.

    Returns:
        The loss, finite for every finite input.
    """
    painted, true = (values[mask.expand_as(values)] for values in (generated, images))
    reconstruction = F.mse_loss(painted, true, reduction="sum") / max(true.numel(), 1)
    adversarial = -F.logsigmoid(fake_logits).mean()
    return reconstruction_weight * reconstruction + adversarial_weight * adversarial

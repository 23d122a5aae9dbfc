"""Reference of `simclr.supcon_loss`."""

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64
from torch import Tensor


def supcon_loss(
    z: Float[Tensor, "n d"], labels: Int64[Tensor, " n"], temperature: float
) -> Float[Tensor, ""]:
    r"""Supervised contrastive loss (Khosla et al. 2020, equation 2, there called L_out).

    NT-Xent with labels: every other row of the anchor's class is a positive. With the cosine similarity s and
    P(i), the other rows with the label of row i, the loss of the anchor i is

        l_i = mean over p in P(i) of
              -log( exp(s(i, p) / T) / sum over a != i of exp(s(i, a) / T) )

    Equation 2 adds up l_i over the anchors; here it is their mean. An anchor with no positive, the only row of its
    class, has no loss and is left out of the mean. It remains a candidate of all other anchors.

    Args:
        z: projections, one a row; they need not have unit length. The views of an image are rows with equal labels.
        labels: the number of each row's class, from 0 on; not all numbers need occur.
        temperature: T, greater than 0.

    Returns:
        The loss, in nats: the mean over all anchors that have a positive, 0 if none has.
    """
    z = F.normalize(z, dim=1)
    scores = (z @ z.T / temperature).fill_diagonal_(-torch.inf)  # no row competes with the others for itself
    log_shares = scores.log_softmax(dim=1)
    is_positive = (labels.unsqueeze(1) == labels).fill_diagonal_(False)
    positives = is_positive.sum(dim=1)
    losses = -log_shares.masked_fill(~is_positive, 0).sum(dim=1) / positives.clamp(min=1)
    return losses.sum() / positives.count_nonzero().clamp(min=1)

"""Reference of `simclr.nt_xent`."""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor


def nt_xent(z_i: Float[Tensor, "n d"], z_j: Float[Tensor, "n d"], temperature: float) -> Float[Tensor, ""]:
    r"""NT-Xent for the whole batch at once (Chen et al. 2020, equation 1 and algorithm 1).

    Every one of the 2n views has to find its partner among the 2n - 1 other views: a classification whose scores are
    cosine similarities divided by the temperature,

        L = 1/(2n) * sum over a of
            -log( exp(s(a, partner of a) / T) / sum over c != a of exp(s(a, c) / T) )

    Args:
        z_i: projections of the first views; they need not have unit length.
        z_j: projections of the second views; row k belongs to row k of `z_i`.
        temperature: T, greater than 0.

    Returns:
        The loss, in nats: the mean over all 2n anchors.
    """
    n = len(z_i)
    z = F.normalize(torch.cat([z_i, z_j]), dim=1)
    logits = z @ z.T / temperature
    logits.fill_diagonal_(-torch.inf)  # no view is its own partner, nor one of its negatives
    partner = torch.arange(2 * n, device=z.device).roll(n)
    return F.cross_entropy(logits, partner)

"""Reference functions of the unit `simclr`: contrast within a batch."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor


def nt_xent_loop(
    z_i: Float[Tensor, "n d"], z_j: Float[Tensor, "n d"], temperature: float
) -> Float[Tensor, ""]:
    r"""NT-Xent as the paper writes it down, one anchor at a time (Chen et al. 2020, equation 1 and algorithm 1).

    The 2n projections are z_1, z_2, ..., where z_{2k-1} and z_{2k} are the two views of image k. With the cosine
    similarity s(a, b), the loss of the positive pair (a, b) is

        l(a, b) = -log( exp(s(a, b) / T) / sum over c != a of exp(s(a, c) / T) )

    and the result is the mean of l over both orders of every pair.

    Args:
        z_i: projections of the first views.
        z_j: projections of the second views; row k belongs to row k of `z_i`.
        temperature: T, greater than 0.

    Returns:
        The loss, in nats.
    """
    views = [view for pair in zip(z_i, z_j, strict=True) for view in pair]

    def pair_loss(anchor: int, positive: int) -> Tensor:
        others = [k for k in range(len(views)) if k != anchor]
        logits = torch.stack(
            [F.cosine_similarity(views[anchor], views[k], dim=0) / temperature for k in others]
        )
        return torch.logsumexp(logits, dim=0) - logits[others.index(positive)]

    losses = []
    for k in range(len(z_i)):
        first, second = 2 * k, 2 * k + 1
        losses.append(pair_loss(first, second))
        losses.append(pair_loss(second, first))
    return torch.stack(losses).mean()


def nt_xent(z_i: Float[Tensor, "n d"], z_j: Float[Tensor, "n d"], temperature: float) -> Float[Tensor, ""]:
    r"""NT-Xent for the whole batch at once (Chen et al. 2020, equation 1 and algorithm 1).

    Every one of the 2n views has to find its partner among the 2n - 1 other views: a classification whose scores are
    cosine similarities divided by the temperature,

        L = 1/(2n) * sum over a of -log( exp(s(a, partner of a) / T) / sum over c != a of exp(s(a, c) / T) )

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

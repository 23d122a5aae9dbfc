"""Reference of `simclr.info_nce`."""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor


def info_nce(positives: Float[Tensor, " n"], negatives: Float[Tensor, "n k"]) -> Float[Tensor, ""]:
    """InfoNCE, a classification among 1 + k candidates (van den Oord et al. 2018, equation 4).

    Row i has one positive with score s+ and k negatives with scores s-, and has to pick out the positive:

        L = mean over the rows of -log( exp(s+) / (exp(s+) + sum over j of exp(s-_j)) )

    Without negatives (k = 0) there is nothing to confuse the positive with, and the loss is 0.

    Args:
        positives: score of the positive of each row; any finite number, already divided by a temperature.
        negatives: scores of the k negatives of each row; row i belongs to entry i of `positives`.

    Returns:
        The loss, in nats: the mean over all n rows.
    """
    scores = torch.cat([positives.unsqueeze(1), negatives], dim=1)
    positive_column = torch.zeros(len(scores), dtype=torch.int64, device=scores.device)
    return F.cross_entropy(scores, positive_column)

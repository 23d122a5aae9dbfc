"""Reference of `cpc.cmc_loss`."""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor


def cmc_loss(
    first: Float[Tensor, "n d"], second: Float[Tensor, "n d"], temperature: float
) -> Float[Tensor, ""]:
    r"""Contrastive multiview coding for two views (Tian et al. 2020, equations 2 to 5), with the batch for candidates.

    An anchor of one view has to find its partner among all n vectors of the *other* view, the partner one of them. With
    the cosine similarity s and the temperature T, the anchor i of the first view has the loss

        l(i) = -log( exp(s(first_i, second_i) / T) / sum over j of exp(s(first_i, second_j) / T) )

    and the anchor i of the second view the same with the views exchanged. Vectors of one and the same view are never
    compared with each other.

    Args:
        first: the embeddings of one view, one a row; they need not have unit length.
        second: those of the other view; row k belongs to row k of `first`. Gradients reach both.
        temperature: T, greater than 0.

    Returns:
        The loss, in nats: the mean over the anchors of the first view, *plus* the mean over those of the second.
    """
    logits = F.normalize(first, dim=1) @ F.normalize(second, dim=1).T / temperature
    partners = torch.arange(len(first), device=first.device)
    return F.cross_entropy(logits, partners) + F.cross_entropy(logits.T, partners)

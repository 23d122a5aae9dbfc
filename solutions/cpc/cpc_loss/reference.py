"""Reference of `cpc.cpc_loss`."""

from jaxtyping import Float
from torch import Tensor


def cpc_loss(scores: Float[Tensor, "k t n n"]) -> Float[Tensor, ""]:
    r"""InfoNCE for every context, step and time (van den Oord et al. 2018, equation 4).

    For a step s and a time u, row i of `scores[s, u]` holds the scores of one context with n candidates, one a column;
    the right one stands on the diagonal. Each context has to pick it out:

        L = mean over s, u and i of  -log( exp(scores[s, u, i, i]) / sum over j of exp(scores[s, u, i, j]) )

    A single sequence has one candidate, the right one, and the loss 0. Scores may be any finite numbers.

    Args:
        scores: the rows are contexts, the columns candidates.

    Returns:
        The loss, in nats: one mean over all steps, times and contexts.
    """
    return -scores.log_softmax(dim=3).diagonal(dim1=2, dim2=3).mean()

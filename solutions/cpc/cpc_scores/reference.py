"""Reference of `cpc.cpc_scores`."""

import torch
from jaxtyping import Float
from torch import Tensor


def cpc_scores(
    z: Float[Tensor, "n t d"], context: Float[Tensor, "n t h"], weights: Float[Tensor, "k d h"]
) -> Float[Tensor, "k t-k n n"]:
    r"""How well each context foretells each future: log-bilinear scores (van den Oord et al. 2018, equation 3).

    The context of time u predicts the latent vectors of the times u + 1, ..., u + k, each with a matrix of its own:
    `weights[s]` looks s + 1 steps ahead. The prediction is compared with what was there at that time in each of the n
    sequences, by a plain dot product. With steps s = 0, ..., k - 1 and times u = 0, ..., t - k - 1, the entry
    [s, u, i, j] is

        z[j, u + s + 1] . (weights[s] @ context[i, u])

    so that a row i holds one context and all its candidates, and a column j the future of one sequence; the right one
    stands on the diagonal. Later contexts have no future for all k steps and are left out. Nothing is normalised,
    averaged or divided by a temperature. Gradients reach all three inputs.

    Args:
        z: latent vectors of n sequences at t times.
        context: what has been seen of each sequence up to each time, the time itself included.
        weights: one matrix for each number of steps ahead.

    Returns:
        The scores, logarithms of the paper's f up to a constant.

    Raises:
        ValueError: k >= t, so that no context has a future for all steps.
    """
    times = z.shape[1] - len(weights)
    if times < 1:
        raise ValueError("no context has a future for all steps: the sequences are too short")
    predicted = torch.einsum("sdh,iuh->suid", weights, context[:, :times])
    futures = z[:, 1:].unfold(1, times, 1)  # (n, k, d, t-k): the window s begins at time s + 1
    return torch.einsum("suid,jsdu->suij", predicted, futures)

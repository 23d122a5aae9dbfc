"""Reference of `cpc.row_loss`."""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor


def row_loss(
    predicted: Float[Tensor, "n d h w"], z: Float[Tensor, "n d h w"], rows_ahead: int
) -> Float[Tensor, ""]:
    r"""CPC on image rows (Hénaff 2020, section 2 and the pseudo-code of the appendix), for one distance k.

    Each image is a grid of h x w places. The prediction p made in row i and column j of image b has to find the vector
    z that stands k rows further down in the same column of the same image, among the vectors of all places of all
    images:

        l(b, i, j) = -log( exp(p[b, i, j] . z[b, i + k, j])
                           / sum over all b', i', j' of exp(p[b, i, j] . z[b', i', j']) )

    All n * h * w vectors are candidates: the right one once, and also those of the rows above and the one in the
    prediction's own place. Scores are plain dot products.

    Args:
        predicted: `predicted[b, :, i, j]` was computed from row i and the rows above it. What the last k rows predict
            lies outside the image and takes no part: no gradient reaches these rows.
        z: the vectors of the places, rows from top to bottom. Gradients reach all of them.
        rows_ahead: k, how many rows further down the right vector stands.

    Returns:
        The loss, in nats: the mean of l over the n * (h - k) * w predictions whose right vector exists.

    Raises:
        ValueError: unless 1 <= rows_ahead < h.
    """
    n, _, h, w = z.shape
    if not 1 <= rows_ahead < h:
        raise ValueError("rows_ahead is less than one row, or leads out of the grid")
    candidates = z.movedim(1, -1).flatten(0, 2)
    asking = predicted[:, :, : h - rows_ahead].movedim(1, -1).flatten(0, 2)
    # The number of each candidate stands where its vector stands in the grid.
    numbers = torch.arange(n * h * w, device=z.device).view(n, h, w)
    return F.cross_entropy(asking @ candidates.T, numbers[:, rows_ahead:].flatten())

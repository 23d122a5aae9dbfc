"""Reference of `video.propagate_labels`: row after row of the target, so that only the window's scores are built."""

import torch
from jaxtyping import Float
from torch import Tensor


def propagate_labels(
    references: Float[Tensor, "t d h w"],
    target: Float[Tensor, "d h w"],
    labels: Float[Tensor, "t c h w"],
    temperature: float,
    top_k: int,
    radius: int,
) -> Float[Tensor, "c h w"]:
    """Soft labels of a frame, copied from t earlier frames (Vondrick et al. 2018, section 4).

    The score of a reference position, row r and column q of frame f, for the target position in row y and column x is
    the dot product of their embeddings, divided by the temperature. As in Lai et al. (2020) and Jabri et al. (2020),
    a target position copies only

    - from its window: the positions with |r - y| <= radius and |q - x| <= radius, in every frame;
    - and of these, all frames taken together, from the top_k with the largest scores, or from all if there are fewer.

    One softmax over the scores of the chosen positions, of whichever frames they are, gives the weights with which
    their labels are averaged.

    Args:
        references: embeddings of the earlier frames, used as they are; the scores may be far from zero.
        target: embeddings of the frame that has no labels yet.
        labels: what to copy from each earlier frame, c numbers for each position.
        temperature: greater than 0.
        top_k: from how many positions each target position copies at most.
        radius: of the window; the same for all frames. It may be larger than the frame.

    Returns:
        The labels of the target frame.

    Raises:
        ValueError: top_k is less than 1, or radius less than 0.
    """
    if top_k < 1 or radius < 0:
        raise ValueError("top_k is at least 1 and radius at least 0")
    columns = torch.arange(target.shape[2], device=target.device)
    too_far = (columns.unsqueeze(1) - columns).abs() > radius
    copied = []
    for y, queries in enumerate(target.unbind(1)):
        rows = slice(max(y - radius, 0), y + radius + 1)
        products = torch.einsum("tdrq,dx->trqx", references[:, :, rows], queries)
        scores = (products / temperature).masked_fill(too_far, -torch.inf).flatten(0, 2)
        best, places = scores.topk(min(top_k, len(scores)), dim=0)
        candidates = labels[:, :, rows].transpose(0, 1).flatten(1)
        copied.append((candidates[:, places] * best.softmax(dim=0)).sum(dim=1))
    return torch.stack(copied, dim=1)

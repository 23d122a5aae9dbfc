"""Reference functions of the unit *video* (Vondrick et al. 2018, "Tracking Emerges by Colorizing Videos")."""

import torch
from jaxtyping import Float
from torch import Tensor


def colorization_attention(
    reference: Float[Tensor, "n d h w"],
    target: Float[Tensor, "n d h2 w2"],
    temperature: float = 1.0,
) -> Float[Tensor, "n h*w h2*w2"]:
    """For every position of the target frame, how much each position of the reference frame looks like its origin.

    Entry ``A[b, i, j]`` is a softmax over the reference positions ``i`` of the dot product of the embeddings
    at ``i`` and at target position ``j``, so every column sums to one (Vondrick et al. 2018, eq. 2).
    Positions are counted row by row. The dot products are divided by the temperature and by nothing else: the
    embeddings are not normalised, and there is no 1/sqrt(d).

    Args:
        reference: embeddings of the frame whose colours are known.
        target: embeddings of the frame to be coloured; its sides may differ from the reference's.
        temperature: positive; small values let each position point at one place.

    Returns:
        The attention, values in [0, 1].
    """
    similarity = torch.einsum("ndi,ndj->nij", reference.flatten(2), target.flatten(2))
    return torch.softmax(similarity / temperature, dim=1)


def copy_colors(
    attention: Float[Tensor, "n h*w h2*w2"],
    colors: Float[Tensor, "n c h w"],
    target_size: tuple[int, int],
) -> Float[Tensor, "n c h2 w2"]:
    """Colour the target frame with the colours it points at: y_j = sum_i A_ij c_i (Vondrick et al. 2018, eq. 1).

    What is copied need not be colour: with masks in its place, the same function tracks objects.

    Args:
        attention: columns are distributions over the reference positions, as `colorization_attention` gives
            them.
        colors: what to copy from the reference frame, c numbers for each position.
        target_size: height and width of the target frame.

    Returns:
        The copied colours: in each position a mean of the reference's colours, weighted by the attention.
    """
    copied = torch.einsum("nci,nij->ncj", colors.flatten(2), attention)
    return copied.unflatten(2, target_size)

"""Reference of `video.copy_colors`: from weights that are there to be looked at.

Together with `video.colorization_attention` it is slower than PyTorch's own attention: benchmarks/README.md says how
much.
"""

import torch
from jaxtyping import Float
from torch import Tensor


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

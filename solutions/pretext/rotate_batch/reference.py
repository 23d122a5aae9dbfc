"""Reference of `pretext.rotate_batch`."""

import torch
from jaxtyping import Float, Int64
from torch import Tensor


def rotate_batch(
    images: Float[Tensor, "n c s s"],
) -> tuple[Float[Tensor, "4*n c s s"], Int64[Tensor, " 4*n"]]:
    """Turn every image four ways and label each copy with its turn (Gidaris et al. 2018, section 3.1).

    The copies of one image stand together: output `4*i + k` is image `i` turned by k * 90 degrees counter-clockwise, as
    you see it on the screen, and its label is `k`.

    Args:
        images: square images, rows from top to bottom.

    Returns:
        The turned images, in the dtype and on the device of `images`, and their labels 0, 1, 2 or 3.
    """
    turns = [torch.rot90(images, k, dims=(2, 3)) for k in range(4)]
    labels = torch.arange(4, device=images.device).repeat(len(images))
    return torch.stack(turns, dim=1).flatten(0, 1), labels

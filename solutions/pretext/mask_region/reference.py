"""Reference of `pretext.mask_region`."""

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor


def mask_region(
    images: Float[Tensor, "n c h w"],
    corners: Int64[Tensor, "n 2"],
    size: tuple[int, int],
    fill: Float[Tensor, " c"],
) -> tuple[Float[Tensor, "n c h w"], Bool[Tensor, "n 1 h w"]]:
    """Cut a rectangular hole into every image and fill it with one colour (Pathak et al. 2016, region masks).

    All holes are of one size, and each image has its hole in a place of its own. The images stay as they are: the loss
    will need them. Gradients flow to the pixels outside the holes, and to `fill`.

    Args:
        images: the images, rows from top to bottom.
        corners: row and column of the top left pixel of each hole.
        size: rows and columns of the holes. A hole without rows or columns is empty and changes nothing.
        fill: the colour of the holes, one value for each channel.

    Returns:
        The images with their holes, in new memory, and the mask: True in the hole, False elsewhere.

    Raises:
        ValueError: a hole leaves its image.
    """
    (h, w), (rows, columns) = images.shape[2:], size
    mask = torch.zeros_like(images[:, :1], dtype=torch.bool)
    for i, (top, left) in enumerate(corners.tolist()):
        if not (0 <= top <= h - rows and 0 <= left <= w - columns):
            raise ValueError(f"a hole of {rows} x {columns} pixels leaves image {i}, which has {h} x {w}")
        mask[i, :, top : top + rows, left : left + columns] = True
    return torch.where(mask, fill[:, None, None], images), mask

"""Reference of `simclr.two_views`."""

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor


def two_views(
    images: Float[Tensor, "n c h w"],
    corners: Int64[Tensor, "2 n 2"],
    flips: Bool[Tensor, "2 n"],
    gains: Float[Tensor, "2 n c"],
    size: int,
) -> tuple[Float[Tensor, "n c size size"], Float[Tensor, "n c size size"]]:
    """Two views of each image, with given randomness: crop, flip, colour (after Chen et al. 2020).

    View v (0 or 1) of image i is made in this order:

    1. cut out the window of size x size pixels whose top left corner is corners[v, i] = (row, column);
    2. mirror it left to right if flips[v, i] is true;
    3. multiply channel k by gains[v, i, k];
    4. clamp all values to [0, 1].

    Args:
        images: n images; values may lie a little outside of [0, 1].
        corners: row and column of the windows in the image, counted from 0 at the top left.
        flips: which windows are mirrored.
        gains: factors of the channels.
        size: height and width of the windows.

    Returns:
        The first and the second views; row i of each shows image i.

    Raises:
        ValueError: a window leaves its image.
    """
    height, width = images.shape[2:]
    for row, column in corners.flatten(0, 1).tolist():
        if not (0 <= row <= height - size and 0 <= column <= width - size):
            raise ValueError("a window leaves its image")
    views = []
    for v in (0, 1):
        windows = torch.stack(
            [
                image[:, row : row + size, column : column + size]
                for image, (row, column) in zip(images, corners[v].tolist(), strict=True)
            ]
        )
        mirrored = torch.where(flips[v].view(-1, 1, 1, 1), windows.flip(3), windows)
        views.append((mirrored * gains[v, :, :, None, None]).clamp(0, 1))
    return views[0], views[1]

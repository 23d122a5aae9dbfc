"""Reference of `pretext.patch_pair`."""

import torch
from jaxtyping import Float, Int64
from torch import Tensor


def patch_pair(
    images: Float[Tensor, "n c h w"],
    labels: Int64[Tensor, " n"],
    jitter: Int64[Tensor, "n 2 2"],
    patch: int,
    gap: int,
) -> tuple[Float[Tensor, "n c patch patch"], Float[Tensor, "n c patch patch"]]:
    """Cut two neighbouring patches out of each image (Doersch et al. 2015).

    The first patch comes from the middle of the image, the second lies next to it. The label says where the second one
    lies as seen from the first, row by row:

        0  1  2
        3  .  4
        5  6  7

    Without jitter, the first patch has its top left corner at row (h - patch) // 2 and column (w - patch) // 2, and the
    corner of the second is patch + gap pixels further in its direction: up or down, left or right, or both.

    Args:
        images: rows from top to bottom, columns from left to right.
        labels: one number from 0 to 7 for each image.
        jitter: pixels by which the corners are moved, as (rows, columns): `jitter[i, 0]` is added to the corner of the
            first patch of image i, `jitter[i, 1]` to that of the second. Neither may be larger than gap / 2 up or down,
            left or right, so that patches never overlap.
        patch: side of a patch in pixels, at least 1.
        gap: pixels between two patches without jitter, at least 0.

    Returns:
        The first patches and the second patches, in memory of their own.

    Raises:
        ValueError: some jitter is larger than gap / 2, or a patch does not lie wholly inside its image.
    """
    if (2 * jitter.abs() > gap).any():
        raise ValueError("a jitter is larger than half the gap, so that two patches could overlap")
    size = labels.new_tensor(images.shape[2:])
    directions = [(-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1)]
    step = (patch + gap) * labels.new_tensor(directions)[labels]
    corners = (size - patch) // 2 + torch.stack([torch.zeros_like(step), step], dim=1) + jitter
    if ((corners < 0) | (corners + patch > size)).any():
        raise ValueError("a patch does not lie wholly inside its image")
    windows = images.unfold(2, patch, 1).unfold(3, patch, 1)
    number = torch.arange(len(images), device=images.device)
    rows, columns = corners.permute(2, 1, 0)
    first, second = windows[number, :, rows, columns]
    return first, second

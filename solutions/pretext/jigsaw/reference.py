"""Reference of `pretext.jigsaw`."""

import math

import torch
from jaxtyping import Float, Int64
from torch import Tensor


def jigsaw(
    images: Float[Tensor, "n c h w"],
    permutations: Int64[Tensor, "m g*g"],
    labels: Int64[Tensor, " n"],
    corners: Int64[Tensor, "n g*g 2"],
    tile: int,
) -> Float[Tensor, "n g*g c tile tile"]:
    """Make a shuffled puzzle of each image (Noroozi & Favaro 2016).

    A grid of g x g cells lies over the image, from its top left corner on. A cell has h // g rows and w // g columns;
    rows and columns that are left over belong to no cell. Cells are numbered row by row: for g = 2, cell 1 is to the
    right of cell 0, and cell 2 below it. Tile t is a window of cell t; windows smaller than cells leave gaps between
    the tiles.

    Slot s of the puzzle of image i shows tile `permutations[labels[i], s]` of that image.

    Each tile is normalised by itself, with one mean and one variance over all its c * tile * tile values:

        (x - mean) / sqrt(variance + 1e-6)

    where the variance is the mean squared deviation. A tile of a single colour in all channels becomes zero.

    Args:
        images: rows from top to bottom, columns from left to right.
        permutations: m permutations of the numbers 0 to g * g - 1, one in each row.
        labels: for each image the row of `permutations` by which it is shuffled.
        corners: `corners[i, t]` = (row, column) of the top left corner of tile t of image i, counted from the top left
            corner of cell t. It belongs to the tile, wherever that is shown.
        tile: side of a tile in pixels, at least 1.

    Returns:
        The tiles of each image, slot after slot.

    Raises:
        ValueError: a tile does not lie wholly inside its cell.
    """
    n, _, h, w = images.shape
    g = math.isqrt(permutations.shape[1])
    cell = corners.new_tensor([h // g, w // g])
    if ((corners < 0) | (corners + tile > cell)).any():
        raise ValueError("a tile does not lie wholly inside its cell")
    number = torch.arange(g * g, device=images.device)
    places = torch.stack([number // g, number % g], dim=1) * cell + corners
    image = torch.arange(n, device=images.device)[:, None]
    rows, columns = places[image, permutations[labels]].unbind(dim=2)
    tiles = images.unfold(2, tile, 1).unfold(3, tile, 1)[image, :, rows, columns]
    variance, mean = torch.var_mean(tiles, dim=(2, 3, 4), correction=0, keepdim=True)
    return (tiles - mean) / (variance + 1e-6).sqrt()

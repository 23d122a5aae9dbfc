"""Right answers to `pretext.jigsaw` that are written otherwise than the reference."""

import math

import torch
import torch.nn.functional as F

from course_utils.checks import RightAnswer, right


@right
def tile_after_tile(images, permutations, labels, corners, tile):
    n, _, h, w = images.shape
    g = int(permutations.shape[1] ** 0.5)
    rows, columns = h // g, w // g
    puzzles = []
    for i in range(n):
        tiles = []
        for t in range(g * g):
            r, c = corners[i, t].tolist()
            if r < 0 or c < 0 or r + tile > rows or c + tile > columns:
                raise ValueError(f"tile {t} of image {i}")
            top, left = (t // g) * rows + r, (t % g) * columns + c
            x = images[i, :, top : top + tile, left : left + tile]
            tiles.append((x - x.mean()) / torch.sqrt(x.var(unbiased=False) + 1e-6))
        puzzles.append(torch.stack([tiles[t] for t in permutations[labels[i]].tolist()]))
    return torch.stack(puzzles)


@right
def layer_norm_of_each_slot(images, permutations, labels, corners, tile):
    n, c, h, w = images.shape
    g = math.isqrt(permutations.size(1))
    room = torch.tensor([h // g - tile, w // g - tile], device=images.device)
    if corners.lt(0).any() or corners.gt(room).any():
        raise ValueError("a tile leaves its cell")
    out = images.new_empty(n, g * g, c, tile, tile)
    for i, label in enumerate(labels.tolist()):
        for slot, t in enumerate(permutations[label].tolist()):
            y = t // g * (h // g) + int(corners[i, t, 0])
            x = t % g * (w // g) + int(corners[i, t, 1])
            out[i, slot] = images[i, :, y : y + tile, x : x + tile]
    return F.layer_norm(out, (c, tile, tile), eps=1e-6)


def _cells(images, g):
    """The cells (n, g * g, c, rows, columns) without what is left over."""
    h, w = images.shape[2] // g, images.shape[3] // g
    return images.unfold(2, h, h).unfold(3, w, w)[:, :, :g, :g].permute(0, 2, 3, 1, 4, 5).flatten(1, 2)


def _refuse(images, corners, tile, g):
    height, width = images.shape[2] // g, images.shape[3] // g
    low, top, left = corners.min(), corners[..., 0].max(), corners[..., 1].max()
    if low < 0 or top + tile > height or left + tile > width:
        raise ValueError("outside of its cell")


def _normalised(tiles):
    flat = tiles.flatten(2)
    centred = flat - flat.mean(dim=-1, keepdim=True)
    return (centred * (centred.pow(2).mean(dim=-1, keepdim=True) + 1e-6).rsqrt()).view(tiles.shape)


@right
def windows_of_unfolded_cells(images, permutations, labels, corners, tile):
    g = math.isqrt(permutations.shape[1])
    _refuse(images, corners, tile, g)
    windows = _cells(images, g).unfold(3, tile, 1).unfold(4, tile, 1)
    i = torch.arange(len(images), device=images.device)[:, None]
    t = torch.arange(g * g, device=images.device)[None]
    tiles = _normalised(windows[i, t, :, corners[..., 0], corners[..., 1]])
    return tiles[i, permutations[labels]]


@right
def gathered_slot_by_slot(images, permutations, labels, corners, tile):
    n, c = images.shape[:2]
    g = math.isqrt(permutations.shape[1])
    _refuse(images, corners, tile, g)
    cells = _cells(images, g)
    inside = torch.arange(tile, device=images.device)
    rows = (corners[..., 0, None] + inside)[:, :, None, :, None].expand(-1, -1, c, -1, cells.shape[-1])
    columns = (corners[..., 1, None] + inside)[:, :, None, None, :].expand(-1, -1, c, tile, -1)
    tiles = cells.gather(3, rows).gather(4, columns)
    order = permutations[labels].view(n, g * g, 1, 1, 1).expand_as(tiles)
    return _normalised(tiles.gather(1, order))


@right
def matrices_of_ones_and_zeros(images, permutations, labels, corners, tile):
    g = math.isqrt(permutations.shape[1])
    _refuse(images, corners, tile, g)
    cells = _cells(images, g)
    inside = torch.arange(tile, device=images.device)
    rows = F.one_hot(corners[..., 0, None] + inside, cells.shape[-2]).to(images.dtype)
    columns = F.one_hot(corners[..., 1, None] + inside, cells.shape[-1]).to(images.dtype)
    shown = F.one_hot(permutations[labels], g * g).to(images.dtype)
    tiles = torch.einsum("ntph,ntchw,ntqw->ntcpq", rows, cells, columns)
    return _normalised(torch.einsum("nst,ntcpq->nscpq", shown, tiles))


@right
def variance_from_squares_in_float64(images, permutations, labels, corners, tile):
    g = math.isqrt(permutations.shape[1])
    _refuse(images, corners, tile, g)
    cells = _cells(images.double(), g)
    parts = [
        torch.stack([x[:, r : r + tile, c : c + tile] for x, (r, c) in zip(cell, at, strict=True)])
        for cell, at in zip(cells, corners.tolist(), strict=True)
    ]
    tiles = torch.stack([part[permutations[label]] for part, label in zip(parts, labels, strict=True)])
    mean = tiles.mean(dim=(2, 3, 4), keepdim=True)
    variance = (tiles**2).mean(dim=(2, 3, 4), keepdim=True) - mean**2
    return ((tiles - mean) / (variance.clamp(min=0) + 1e-6) ** 0.5).to(images.dtype)


@right
def group_norm_with_one_group(images, permutations, labels, corners, tile):
    n, c, h, w = images.shape
    g = round(math.sqrt(permutations.shape[1]))
    _refuse(images, corners, tile, g)
    tiles = []
    for order, image, at in zip(permutations[labels].tolist(), images, corners.tolist(), strict=True):
        for t in order:
            cell = image.narrow(1, t // g * (h // g), h // g).narrow(2, t % g * (w // g), w // g)
            tiles.append(cell.narrow(1, at[t][0], tile).narrow(2, at[t][1], tile))
    return F.group_norm(torch.stack(tiles), 1, eps=1e-6).view(n, g * g, c, tile, tile)


@right
def scattered_by_the_inverse(images, permutations, labels, corners, tile):
    g = math.isqrt(permutations.shape[1])
    _refuse(images, corners, tile, g)
    slots = permutations.argsort(dim=1)[labels]
    cells = _cells(images, g)
    puzzle = torch.zeros(*cells.shape[:3], tile, tile, dtype=images.dtype, device=images.device)
    for i in range(len(images)):
        for t in range(g * g):
            r, c = corners[i, t]
            piece = cells[i, t, :, r : r + tile, c : c + tile]
            deviation, mean = torch.var_mean(piece, correction=0)
            puzzle[i, slots[i, t]] = (piece - mean) / (deviation + 1e-6).sqrt()
    return puzzle


def _one_image(image, order, corners, tile):
    g = math.isqrt(len(order))
    h, w = image.shape[1] // g, image.shape[2] // g
    tiles = []
    for t in order.tolist():
        y, x = corners[t].tolist()
        if not (0 <= y <= h - tile and 0 <= x <= w - tile):
            raise ValueError("leaves its cell")
        tiles.append(image[:, t // g * h + y :, t % g * w + x :][:, :tile, :tile])
    return F.layer_norm(torch.stack(tiles), tiles[0].shape, eps=1e-6)


AS_LAMBDA = RightAnswer(
    "lambda",
    lambda images, permutations, labels, corners, tile: torch.stack(
        [
            _one_image(image, permutations[label], at, tile)
            for image, label, at in zip(images, labels, corners, strict=True)
        ]
    ),
)

"""Right answers to `pretext.mask_region` that are written otherwise than the reference."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torchvision.transforms.v2.functional import erase

from course_utils.checks import RightAnswer, right


def _fits(images, corners, size):
    h, w = images.shape[-2:]
    for row, column in corners.tolist():
        if row < 0 or column < 0 or row + size[0] > h or column + size[1] > w:
            raise ValueError("a hole leaves its image")


# --- hole after hole -----------------------------------------------------------------------------------------------


@right
def slices_of_a_clone(images, corners, size, fill):
    _fits(images, corners, size)
    rows, columns = size
    out = images.clone()
    mask = torch.zeros(len(images), 1, *images.shape[2:], dtype=torch.bool, device=images.device)
    for i, (row, column) in enumerate(corners):
        out[i, :, row : row + rows, column : column + columns] = fill.view(-1, 1, 1)
        mask[i, 0, row : row + rows, column : column + columns] = True
    return out, mask


@right
def channel_by_channel(images, corners, size, fill):
    _fits(images, corners, size)
    n, c, h, w = images.shape
    out, mask = images + 0, images.new_zeros((n, 1, h, w), dtype=torch.bool)
    for i in range(n):
        top, left = corners[i].tolist()
        place = slice(top, top + size[0]), slice(left, left + size[1])
        for channel in range(c):
            out[i, channel][place] = fill[channel]
        mask[i, 0][place] = 1
    return out, mask


@right
def pixel_by_pixel(images, corners, size, fill):
    _fits(images, corners, size)
    n, _, h, w = images.shape
    images_, masks = [], []
    for i in range(n):
        top, left = int(corners[i, 0]), int(corners[i, 1])
        inside = [
            [top <= r < top + size[0] and left <= c < left + size[1] for c in range(w)] for r in range(h)
        ]
        rows = [
            torch.stack([fill if inside[r][c] else images[i, :, r, c] for c in range(w)], dim=1)
            for r in range(h)
        ]
        images_.append(torch.stack(rows, dim=1))
        masks.append(torch.tensor(inside, device=images.device)[None])
    return torch.stack(images_), torch.stack(masks)


@right
def torchvision_erase(images, corners, size, fill):
    _fits(images, corners, size)
    (h, w), colour = size, fill[:, None, None]
    erased = [
        erase(image, i, j, h, w, colour.expand(-1, h, w))
        for image, (i, j) in zip(images, corners.tolist(), strict=True)
    ]
    blank = torch.zeros_like(images[0, :1], dtype=torch.bool)
    masks = [erase(blank, i, j, h, w, torch.ones_like(blank[:, :1, :1])) for i, j in corners.tolist()]
    return torch.stack(erased), torch.stack(masks)


@right
def padded_ones(images, corners, size, fill):
    _fits(images, corners, size)
    n, _, h, w = images.shape
    hole = torch.ones(size, dtype=torch.bool, device=images.device)
    padding = [(left, w - left - size[1], top, h - top - size[0]) for top, left in corners.tolist()]
    mask = torch.stack([F.pad(hole, around) for around in padding]).view(n, 1, h, w)
    return images.masked_fill(mask, 0) + mask * fill[None, :, None, None], mask


# --- all at once ---------------------------------------------------------------------------------------------------


@right
def a_grid_of_coordinates(images, corners, size, fill):
    h, w = images.shape[2:]
    ends = corners + torch.tensor(size, device=corners.device)
    if corners.min() < 0 or (ends > torch.tensor([h, w], device=corners.device)).any():
        raise ValueError(f"size {size}")
    r, c = torch.meshgrid(
        torch.arange(h, device=images.device), torch.arange(w, device=images.device), indexing="ij"
    )
    top, left = corners[:, 0].view(-1, 1, 1), corners[:, 1].view(-1, 1, 1)
    mask = (r >= top) & (r <= top + size[0] - 1) & (c >= left) & (c <= left + size[1] - 1)
    mask = mask.unsqueeze(1)
    return mask.logical_not() * images + mask * fill.reshape(1, -1, 1, 1), mask


@right
def a_float_mask_to_begin_with(images, corners, size, fill):
    _fits(images, corners, size)
    keep = torch.ones_like(images[:, :1]).detach()
    for i in range(len(keep)):
        r, c = corners[i]
        keep[i, 0, r : r + size[0]][:, c : c + size[1]] = 0
    return images * keep + fill[:, None, None] * (1 - keep), keep == 0


@right
def boolean_indices_on_channels_last(images, corners, size, fill):
    _fits(images, corners, size)
    rows = torch.arange(images.size(2), device=images.device) - corners[:, :1]
    columns = torch.arange(images.size(3), device=images.device) - corners[:, 1:]
    mask = ((rows >= 0) & (rows < size[0])).unsqueeze(2) & ((columns >= 0) & (columns < size[1])).unsqueeze(1)
    pixels = images.permute(0, 2, 3, 1).clone()
    pixels[mask] = fill
    return pixels.permute(0, 3, 1, 2), mask[:, None]


@right
def einsum_of_two_sides(images, corners, size, fill):
    _fits(images, corners, size)
    sides = []
    for dim in (0, 1):
        steps = torch.arange(images.shape[2 + dim], device=images.device)[None] - corners[:, dim, None]
        sides.append(((steps >= 0) & (steps < size[dim])).to(images.dtype))
    weight = torch.einsum("nh,nw->nhw", *sides)[:, None]
    return torch.lerp(images, fill[None, :, None, None].expand_as(images), weight), weight.bool()


@right
def scattered_into_flat_pixels(images, corners, size, fill):
    _fits(images, corners, size)
    n, c, h, w = images.shape
    hole = torch.arange(size[0], device=images.device)[:, None] * w + torch.arange(
        size[1], device=images.device
    )
    places = (corners[:, 0] * w + corners[:, 1])[:, None] + hole.flatten()
    mask = torch.zeros(n, h * w, dtype=torch.bool, device=images.device).scatter(1, places, True)
    index = places[:, None].expand(-1, c, -1)
    colours = fill[None, :, None].expand(n, -1, places.shape[1])
    return images.flatten(2).scatter(2, index, colours).unflatten(2, (h, w)), mask.view(n, 1, h, w)


@right
def masks_from_numpy(images, corners, size, fill):
    places, (h, w) = corners.cpu().numpy(), images.shape[2:]
    if not ((places >= 0) & (places + size <= (h, w))).all():
        raise ValueError("out of the image")
    row, column = np.ogrid[:h, :w]
    masks = [(row >= r) * (row < r + size[0]) * (column >= c) * (column < c + size[1]) for r, c in places]
    mask = torch.from_numpy(np.stack(masks)[:, None]).to(images.device)
    return torch.where(mask, fill.unsqueeze(-1).unsqueeze(-1), images), mask


@right
def a_list_with_an_exception_of_its_own(images, corners, size, fill):
    class HoleOutside(ValueError):
        pass

    try:
        _fits(images, corners, size)
    except ValueError as error:
        raise HoleOutside from error
    out, mask = [], []
    for image, (r, c) in zip(images.unbind(), corners.tolist(), strict=True):
        top, rest = image[:, :r], image[:, r:]
        middle, bottom = rest[:, : size[0]], rest[:, size[0] :]
        hole = fill[:, None, None].expand(-1, *size)
        middle = torch.cat([middle[:, :, :c], hole, middle[:, :, c + size[1] :]], dim=2)
        out.append(torch.cat([top, middle, bottom], dim=1))
        flag = torch.zeros(1, *image.shape[1:], device=image.device)
        flag[:, r : r + size[0], c : c + size[1]] += 1
        mask.append(flag > 0.5)
    return [torch.stack(out), torch.stack(mask)]


class _Cut:
    def __call__(self, images: Tensor, corners: Tensor, size: tuple[int, int], fill: Tensor):
        _fits(images, corners, size)
        mask = torch.stack([self.one(images[0, 0], corner, size) for corner in corners])
        return torch.where(mask, fill.view(1, -1, 1, 1), images), mask

    def one(self, plane, corner, size):
        mask = torch.zeros_like(plane, dtype=torch.bool)
        mask.narrow(0, int(corner[0]), size[0]).narrow(1, int(corner[1]), size[1]).fill_(True)
        return mask[None]


AN_OBJECT = RightAnswer("an-object-that-is-called", _Cut())

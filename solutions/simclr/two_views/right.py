"""Right answers to `simclr.two_views` that are written otherwise than the reference."""

import numpy as np
import torch
import torch.nn.functional as F
from torchvision.transforms.v2 import functional as TF

from course_utils.checks import right


def _outside(images, corners, size):
    h, w = images.shape[-2:]
    rows, columns = corners[..., 0], corners[..., 1]
    return bool(((rows < 0) | (columns < 0) | (rows + size > h) | (columns + size > w)).any())


@right
def image_after_image(images, corners, flips, gains, size):
    n, _, h, w = images.shape
    for v in range(2):
        for i in range(n):
            row, column = corners[v, i]
            if row < 0 or column < 0 or row + size > h or column + size > w:
                raise ValueError("window outside the image")
    views = []
    for v in range(2):
        view = []
        for i in range(n):
            row, column = corners[v, i]
            window = images[i, :, row : row + size, column : column + size]
            if flips[v, i]:
                window = torch.flip(window, dims=[-1])
            view.append(torch.clamp(window * gains[v, i].reshape(-1, 1, 1), 0.0, 1.0))
        views.append(torch.stack(view))
    return views[0], views[1]


@right
def gathered_by_index(images, corners, flips, gains, size):
    if _outside(images, corners, size):
        raise ValueError
    steps = torch.arange(size, device=images.device)
    rows = corners[..., 0, None] + steps
    columns = corners[..., 1, None] + torch.where(flips[..., None], steps.flip(0), steps)
    which = torch.arange(len(images), device=images.device)[:, None, None]
    # Indexing with a slice in between puts the channels last.
    views = images[which, :, rows[:, :, :, None], columns[:, :, None, :]].permute(0, 1, 4, 2, 3)
    return tuple((views * gains[..., None, None]).clamp(0, 1).unbind(0))


@right
def pixel_after_pixel_into_an_empty_tensor(images, corners, flips, gains, size):
    if corners.numel() and (
        corners.min() < 0
        or corners[..., 0].max() > images.shape[2] - size
        or corners[..., 1].max() > images.shape[3] - size
    ):
        raise ValueError("out of bounds")
    out = images.new_empty(2, *images.shape[:2], size, size)
    for v in range(2):
        for i in range(images.shape[0]):
            r, c = corners[v, i].tolist()
            for y in range(size):
                for x in range(size):
                    from_x = size - 1 - x if flips[v, i] else x
                    out[v, i, :, y, x] = images[i, :, r + y, c + from_x] * gains[v, i]
    out = out.clamp(min=0).clamp(max=1)
    return out[0], out[1]


@right
def torchvision_crop_and_flip(images, corners, flips, gains, size):
    h, w = images.shape[2:]
    if any(not (0 <= r <= h - size and 0 <= c <= w - size) for r, c in corners.flatten(0, 1).tolist()):
        raise ValueError("a window leaves its image")

    def one(image, corner, flip, gain):
        window = TF.crop(image, *corner.tolist(), size, size)
        window = TF.horizontal_flip(window) if flip else window
        return torch.einsum("chw,c->chw", window, gain).clip(0, 1)

    return tuple(torch.stack([*map(one, images, corners[v], flips[v], gains[v])]) for v in (0, 1))


@right
def windows_by_unfold(images, corners, flips, gains, size):
    if min(images.shape[2:]) < size or _outside(images, corners, size):
        raise ValueError("a window leaves its image")
    windows = images.unfold(2, size, 1).unfold(3, size, 1)
    number = torch.arange(len(images), device=images.device)
    result = []
    for corner, flip, gain in zip(corners, flips, gains, strict=True):
        view = windows[number, :, corner[:, 0], corner[:, 1]]
        sign = flip.to(view.dtype).view(-1, 1, 1, 1)
        view = (1 - sign) * view + sign * view.flip(-1)
        result.append(torch.clamp(gain[:, :, None, None] * view, min=0, max=1))
    return result[0], result[1]


@right
def products_with_matrices_of_ones(images, corners, flips, gains, size):
    if _outside(images, corners, size):
        raise ValueError("a window leaves its image")
    steps = torch.arange(size, device=images.device)
    rows = F.one_hot(corners[..., :1] + steps, images.shape[2]).to(images.dtype)
    columns = F.one_hot(corners[..., 1:] + steps, images.shape[3]).to(images.dtype)
    columns = torch.where(flips[..., None, None], columns.flip(2), columns)
    views = torch.einsum("vnyh,nchw,vnxw,vnc->vncyx", rows, images, columns, gains)
    views = views.clamp(0, 1)
    return views[0], views[1]


@right
def written_into_windows_that_are_copies(images, corners, flips, gains, size):
    room = np.array(images.shape[2:]) - size
    places = corners.cpu().numpy()
    if (places < 0).any() or (places > room).any():
        raise ValueError(f"corners have to lie between 0 and {room}")
    views = []
    for place, flip, gain in zip(places, flips, gains, strict=True):
        view = torch.zeros(*images.shape[:2], size, size, dtype=images.dtype, device=images.device)
        for i, (row, column) in enumerate(place):
            view[i] = images[i].narrow(1, int(row), size).narrow(2, int(column), size)
        view[flip] = view[flip].flip(3)
        view = view * gain.unsqueeze(-1).unsqueeze(-1)
        view = torch.where(view > 1, torch.ones_like(view), view)
        views.append(torch.where(view < 0, torch.zeros_like(view), view))
    return views

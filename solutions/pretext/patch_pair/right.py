"""Right answers to `pretext.patch_pair` that are written otherwise than the reference."""

import torch
import torch.nn.functional as F

from course_utils.checks import RightAnswer, right

_DIRECTIONS = [(-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1)]


@right
def one_image_after_the_other(images, labels, jitter, patch, gap):
    h, w = images.shape[-2:]
    firsts, seconds = [], []
    for image, label, (one, two) in zip(images, labels.tolist(), jitter.tolist(), strict=True):
        for moved in (*one, *two):
            if abs(moved) > gap / 2:
                raise ValueError("too much jitter")
        down, right = _DIRECTIONS[label]
        r, c = (h - patch) // 2, (w - patch) // 2
        corners = (
            (r + one[0], c + one[1]),
            (
                r + down * (patch + gap) + two[0],
                c + right * (patch + gap) + two[1],
            ),
        )
        for (top, left), patches in zip(corners, (firsts, seconds), strict=True):
            if top < 0 or left < 0 or top + patch > h or left + patch > w:
                raise ValueError("outside")
            patches.append(image[:, top : top + patch, left : left + patch])
    return torch.stack(firsts), torch.stack(seconds)


@right
def written_into_zeros(images, labels, jitter, patch, gap):
    n, c, h, w = images.shape
    half = gap // 2
    if jitter.max() > half or jitter.min() < -half:
        raise ValueError
    patches = [images.new_zeros(n, c, patch, patch) for _ in range(2)]
    for i in range(n):
        k = int(labels[i])
        if k >= 4:
            k += 1
        steps = (0, 0), (k // 3 - 1, k % 3 - 1)
        for which in range(2):
            top = (h - patch) // 2 + steps[which][0] * (patch + gap) + int(jitter[i, which, 0])
            left = (w - patch) // 2 + steps[which][1] * (patch + gap) + int(jitter[i, which, 1])
            if not (0 <= top <= h - patch and 0 <= left <= w - patch):
                raise ValueError(f"patch {which} of image {i}")
            patches[which][i] = images[i, :, top : top + patch, left : left + patch]
    return patches[0], patches[1]


def _checked_corners(images, labels, jitter, patch, gap):
    if gap < 2 * jitter.abs().max():
        raise ValueError("the patches could meet")
    steps = torch.tensor(_DIRECTIONS, device=images.device)[labels]
    limit = torch.tensor([images.shape[2] - patch, images.shape[3] - patch], device=images.device)
    middle = torch.div(limit, 2, rounding_mode="floor")
    both = torch.stack([middle.expand(len(images), 2), middle + steps * (patch + gap)], dim=1) + jitter
    if (both < 0).any() or (both > limit).any():
        raise ValueError("a patch leaves the image")
    return both


@right
def from_all_windows(images, labels, jitter, patch, gap):
    corners = _checked_corners(images, labels, jitter, patch, gap)
    windows = images.unfold(2, patch, 1).unfold(3, patch, 1)
    i = torch.arange(len(images), device=images.device)
    return tuple(windows[i, :, corners[:, k, 0], corners[:, k, 1]] for k in range(2))


@right
def gathered_from_flat_images(images, labels, jitter, patch, gap):
    n, c, _, w = images.shape
    corners = _checked_corners(images, labels, jitter, patch, gap)
    inside = torch.arange(patch, device=images.device)
    pixels = (corners[..., 0, None, None] + inside[:, None]) * w + corners[..., 1, None, None] + inside
    index = pixels.flatten(1)[:, None].expand(-1, c, -1)
    patches = images.flatten(2).gather(2, index).view(n, c, 2, patch, patch)
    return patches[:, :, 0].contiguous(), patches[:, :, 1].contiguous()


@right
def products_with_ones_and_zeros(images, labels, jitter, patch, gap):
    corners = _checked_corners(images, labels, jitter, patch, gap)
    inside = torch.arange(patch, device=images.device)
    h, w = images.shape[2:]
    patches = []
    for k in range(2):
        rows = F.one_hot(corners[:, k, :1] + inside, h).to(images.dtype)
        columns = F.one_hot(corners[:, k, 1:] + inside, w).to(images.dtype)
        patches.append(torch.einsum("nph,nchw,nqw->ncpq", rows, images, columns))
    return patches[0], patches[1]


@right
def sampled_bilinearly_in_float64(images, labels, jitter, patch, gap):
    corners = _checked_corners(images, labels, jitter, patch, gap)
    inside = torch.arange(patch, device=images.device, dtype=torch.float64)
    h, w = images.shape[2:]
    patches = []
    for k in range(2):
        y = (2 * (corners[:, k, :1] + inside) + 1) / h - 1
        x = (2 * (corners[:, k, 1:] + inside) + 1) / w - 1
        grid = torch.stack([x[:, None, :].expand(-1, patch, -1), y[:, :, None].expand(-1, -1, patch)], dim=-1)
        sampled = F.grid_sample(images.double(), grid, align_corners=False, padding_mode="border")
        patches.append(sampled.to(images.dtype))
    return tuple(patches)


@right
def cut_in_two_steps(images, labels, jitter, patch, gap):
    corners = _checked_corners(images, labels, jitter, patch, gap).tolist()

    def cut(which):
        rows = torch.stack([x.narrow(1, at[which][0], patch) for x, at in zip(images, corners, strict=True)])
        return torch.stack([x.narrow(2, at[which][1], patch) for x, at in zip(rows, corners, strict=True)])

    return [cut(0), cut(1)]


@right
def label_after_label(images, labels, jitter, patch, gap):
    # Images with one label are cut together, and what only their jitter differs in, one by one.
    corners = _checked_corners(images, labels, jitter, patch, gap)
    first, second = (images.new_empty(*images.shape[:2], patch, patch) for _ in range(2))
    for label in labels.unique():
        for i in (labels == label).nonzero()[:, 0].tolist():
            for target, (r, c) in zip((first, second), corners[i].tolist(), strict=True):
                target[i].copy_(images[i, :, r:, c:][:, :patch, :patch])
    return first, second


@right
def rolled_to_the_corner(images, labels, jitter, patch, gap):
    corners = _checked_corners(images, labels, jitter, patch, gap)
    cut = [
        torch.stack(
            [
                image.roll((-int(r), -int(c)), (1, 2))[:, :patch, :patch]
                for image, (r, c) in zip(images, corners[:, k], strict=True)
            ]
        )
        for k in (0, 1)
    ]
    return cut[0], cut[1]


AS_LAMBDA = RightAnswer(
    "lambda",
    lambda images, labels, jitter, patch, gap: tuple(
        torch.stack(
            [
                x[:, r : r + patch, c : c + patch]
                for x, (r, c) in zip(
                    images, _checked_corners(images, labels, jitter, patch, gap)[:, k].tolist(), strict=True
                )
            ]
        )
        for k in (0, 1)
    ),
)

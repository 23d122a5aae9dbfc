"""Right answers to `cpc.masked_conv` that are written otherwise than the reference."""

import torch
import torch.nn.functional as F
from torch import nn

from course_utils.checks import right


@right
def kernel_times_a_mask(grid, weight, bias):
    kh, kw = weight.shape[-2:]
    if kh % 2 == 0 or kw % 2 == 0:
        raise ValueError("even kernel")
    mask = torch.ones_like(weight)
    mask[:, :, kh // 2 + 1 :] = 0
    return F.conv2d(grid, weight * mask, bias, padding=(kh // 2, kw // 2))


@right
def copy_with_zeros(grid, weight, bias):
    if weight.shape[2] % 2 != 1 or weight.shape[3] % 2 != 1:
        raise ValueError(weight.shape)
    kernel = weight.clone()
    kernel[:, :, weight.shape[2] // 2 + 1 :, :] = 0.0
    return F.conv2d(grid, kernel, bias, stride=1, padding="same")


@right
def one_place_of_the_kernel_after_the_other(grid, weight, bias):
    _, _, kh, kw = weight.shape
    n, _, h, w = grid.shape
    if not (kh % 2 and kw % 2):
        raise ValueError("both sides must be odd")
    padded = F.pad(grid, (kw // 2, kw // 2, kh // 2, kh // 2))
    out = bias.view(1, -1, 1, 1).expand(n, -1, h, w)
    for a in range(kh // 2 + 1):
        for b in range(kw):
            seen = padded[:, :, a : a + h, b : b + w]
            out = out + torch.einsum("ndhw,od->nohw", seen, weight[:, :, a, b])
    return out


@right
def one_row_of_the_output_after_the_other(grid, weight, bias):
    kh, kw = weight.shape[2], weight.shape[3]
    if kh % 2 == 0:
        raise ValueError("even height")
    if kw % 2 == 0:
        raise ValueError("even width")
    rows = []
    for i in range(grid.shape[2]):
        # What lies below is cut away, and zeros take its place.
        known = F.pad(grid[:, :, : i + 1], (0, 0, 0, kh // 2))
        rows.append(F.conv2d(known, weight, bias, padding=(kh // 2, kw // 2))[:, :, i])
    return torch.stack(rows, dim=2)


@right
def unfolded(grid, weight, bias):
    o, _, kh, kw = weight.shape
    if (kh * kw) % 2 == 0:
        raise ValueError("a side of the kernel is even")
    columns = F.unfold(F.pad(grid, (kw // 2, kw // 2, kh // 2, 0)), (kh // 2 + 1, kw))
    upper = weight[:, :, : kh // 2 + 1].reshape(o, -1)
    return (upper @ columns + bias[:, None]).unflatten(2, grid.shape[2:])


@right
def windows_and_einsum(grid, weight, bias):
    kh, kw = weight.shape[2:]
    if min(kh % 2, kw % 2) == 0:
        raise ValueError("odd kernels only")
    keep = (torch.arange(kh, device=weight.device) <= kh // 2).to(weight.dtype)
    padded = F.pad(grid, (kw // 2, kw // 2, kh // 2, kh // 2))
    windows = padded.unfold(2, kh, 1).unfold(3, kw, 1)
    return torch.einsum("ndhwab,odab,a->nohw", windows, weight, keep) + bias.reshape(-1, 1, 1)


@right
def full_size_cut_at_the_bottom(grid, weight, bias):
    up, side = weight.shape[2] // 2, weight.shape[3] // 2
    if (2 * up + 1, 2 * side + 1) != tuple(weight.shape[2:]):
        raise ValueError("no middle")
    wide = F.conv2d(grid, weight[:, :, : up + 1], bias, padding=(up, side))
    return wide[:, :, : grid.shape[2]].clone()


@right
def as_a_transposed_convolution(grid, weight, bias):
    kh, kw = weight.shape[2:]
    if kh % 2 == 0 or kw % 2 == 0:
        raise ValueError("even")
    flipped = weight[:, :, : kh // 2 + 1].flip(2, 3).transpose(0, 1)
    spread = F.conv_transpose2d(grid, flipped, bias)
    return spread[:, :, : grid.shape[2], kw // 2 : kw // 2 + grid.shape[3]].contiguous()


@right
def zero_padding_module(grid, weight, bias):
    kh, kw = weight.shape[2:]
    if kh % 2 == 0 or kw % 2 == 0:
        raise ValueError("kernel sides must be odd")
    kernel = torch.where(torch.arange(kh, device=weight.device).view(-1, 1) > kh // 2, 0.0, weight)
    pad = nn.ZeroPad2d((kw // 2, kw // 2, kh // 2, kh // 2))
    return F.conv2d(pad(grid), kernel) + bias[None, :, None, None]

"""Right answers to `video.copy_colors` that are written otherwise than the reference."""

import math
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from course_utils.checks import RightAnswer, right

# --- products ------------------------------------------------------------------------------------------------------


@right
def product_and_view(attention, colors, target_size):
    n, c = colors.shape[:2]
    return torch.bmm(colors.reshape(n, c, -1), attention).view(n, c, *target_size)


@right
def transposed_product(attention, colors, target_size):
    copied = attention.transpose(1, 2) @ colors.flatten(2).transpose(1, 2)
    return copied.transpose(1, 2).reshape(len(colors), -1, target_size[0], target_size[1])


@right
def five_letter_einsum(attention, colors, target_size):
    n, _, h, w = colors.shape
    return torch.einsum("nhwij,nchw->ncij", attention.reshape(n, h, w, *target_size), colors)


@right
def channels_moved_last_and_back(attention, colors, target_size):
    copied = attention.mT @ colors.permute(0, 2, 3, 1).flatten(1, 2)
    return copied.unflatten(1, target_size).permute(0, 3, 1, 2)


@right
def unfolded_and_folded(attention, colors, target_size):
    return F.fold(F.unfold(colors, kernel_size=1) @ attention, target_size, kernel_size=1)


@right
def attention_as_kernels(attention, colors, target_size):
    n, c = colors.shape[:2]
    kernels = attention.mT.reshape(n * attention.shape[2], attention.shape[1], 1)
    positions = colors.flatten(2).mT.reshape(1, n * attention.shape[1], c)
    return F.conv1d(positions, kernels, groups=n).view(n, -1, c).mT.unflatten(2, target_size)


@right
def linear_layer(attention, colors, target_size):
    rows = [F.linear(x.flatten(1), a.T) for a, x in zip(attention, colors, strict=True)]
    return torch.stack(rows).view(*colors.shape[:2], *target_size).contiguous()


@right
def clips_on_a_block_diagonal(attention, colors, target_size):
    together = colors.flatten(2).transpose(0, 1).flatten(1) @ torch.block_diag(*attention)
    return together.unflatten(1, (len(colors), *target_size)).transpose(0, 1)


@right
def product_added_to_zeros(attention, colors, target_size):
    copied = colors.new_zeros(len(colors), colors.shape[1], math.prod(target_size))
    return copied.baddbmm(colors.flatten(2), attention).unflatten(-1, target_size)


@right
def colors_in_double(attention, colors, target_size):
    copied = colors.double().flatten(2) @ attention.double()
    return copied.reshape(*colors.shape[:2], *target_size).to(colors.dtype)


@right
def vmap_over_clips_and_channels(attention, colors, target_size):
    def copy(weights, channel):
        return (channel.flatten() @ weights).unflatten(0, target_size)

    return torch.vmap(torch.vmap(copy, in_dims=(None, 0)))(attention, colors)


# --- sums ----------------------------------------------------------------------------------------------------------


@right
def broadcast_sum(attention, colors, target_size):
    return (colors.flatten(2)[..., None] * attention[:, None]).sum(2).unflatten(-1, target_size)


@right
def position_by_position(attention, colors, target_size):
    n, c = colors.shape[:2]
    h2, w2 = target_size
    result = colors.new_zeros(n, c, h2, w2)
    for row in range(h2):
        for column in range(w2):
            weights = attention[:, :, row * w2 + column]
            result[:, :, row, column] = (colors.flatten(2) * weights[:, None]).sum(-1)
    return result


@right
def numpy_walks_over_the_target(attention, colors, target_size):
    n, c, h, w = colors.shape
    result = colors.new_empty(n, c, *target_size)
    for j, (row, column) in enumerate(np.ndindex(*target_size)):
        weights = attention[:, None, :, j].reshape(n, 1, h, w)
        result[..., row, column] = (colors * weights).sum(dim=(2, 3))
    return result


@right
def clips_stacked(attention, colors, target_size):
    pairs = zip(attention, colors, strict=True)
    return torch.stack([(x.flatten(1) @ a).reshape(-1, *target_size) for a, x in pairs])


@right
def channels_stacked(attention, colors, target_size):
    copied = [(channel.flatten(1)[:, None] @ attention)[:, 0] for channel in colors.unbind(1)]
    return torch.stack(copied, dim=1).reshape(len(colors), -1, *target_size)


@right
def added_up_over_the_reference(attention, colors, target_size):
    total = colors.new_zeros(())
    for weights, color in zip(attention.unbind(1), colors.flatten(2).unbind(2), strict=True):
        total = total + color[:, :, None] * weights[:, None]
    return total.unflatten(2, target_size)


@right
def added_in_place_row_by_row(attention, colors, target_size):
    n, c, h, w = colors.shape
    weights = attention.reshape(n, 1, h, w, -1)
    total = torch.zeros(n, c, math.prod(target_size), dtype=colors.dtype, device=colors.device)
    for row in range(h):
        total += (colors[:, :, row, :, None] * weights[:, :, row]).sum(dim=2)
    return total.view(n, c, target_size[0], target_size[1])


# --- the form of the answer ----------------------------------------------------------------------------------------


@right
def colors_with_types_and_an_option(
    attention: Float[Tensor, "n h*w h2*w2"],
    colors: Float[Tensor, "n c h w"],
    target_size: tuple[int, int],
    *,
    equation: str = "nci,nij->ncj",
) -> Float[Tensor, "n c h2 w2"]:
    copied: Tensor = torch.einsum(equation, colors.flatten(2), attention)
    return copied.unflatten(2, target_size)


class _Copy(torch.autograd.Function):
    @staticmethod
    def forward(ctx, attention, colors):
        ctx.save_for_backward(attention, colors)
        return colors @ attention

    @staticmethod
    def backward(ctx, gradient):
        attention, colors = ctx.saved_tensors
        return colors.mT @ gradient, gradient @ attention.mT


@right
def product_with_a_gradient_of_its_own(attention, colors, target_size):
    return _Copy.apply(attention, colors.flatten(2)).unflatten(2, target_size)


class _Painter:
    def __init__(self, shape=(-1,)):
        self.shape = shape

    def __call__(self, attention, colors, target_size):
        flat = colors.reshape(*colors.shape[:2], *self.shape)
        return torch.matmul(flat, attention).reshape(*colors.shape[:2], *target_size)


class _PainterModule(nn.Module):
    def __init__(self):
        super().__init__()
        self.flatten = nn.Flatten(2)

    def forward(self, attention, colors, target_size):
        return nn.Unflatten(2, target_size)(torch.bmm(self.flatten(colors), attention))


def _paint(equation, attention, colors, target_size):
    return torch.einsum(equation, attention, colors.flatten(2)).unflatten(-1, tuple(target_size))


COLORS_OBJECT = RightAnswer("an-object-that-is-called", _Painter())


COLORS_MODULE = RightAnswer("a-module", _PainterModule())


COLORS_PARTIAL = RightAnswer("partial", partial(_paint, "nij,nci->ncj"))


COLORS_LAMBDA = RightAnswer(
    "lambda",
    lambda attention, colors, size: (colors.flatten(2) @ attention).unflatten(2, size),
)

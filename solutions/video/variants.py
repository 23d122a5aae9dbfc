"""Right answers of the unit *video* that are written in another way than the reference."""

import math
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from course_utils.checks import Variant, variant

# --- video.colorization_attention: the scores ---------------------------------------------------------------------


@variant("video.colorization_attention")
def batched_product(reference, target, temperature=1.0):
    n, d = reference.shape[:2]
    scores = torch.bmm(reference.reshape(n, d, -1).permute(0, 2, 1), target.reshape(n, d, -1))
    return F.softmax(scores / temperature, dim=1)


@variant("video.colorization_attention")
def product_with_a_factor(reference, target, temperature=1.0):
    a, b = reference.flatten(2).mT, target.flatten(2)
    nothing = reference.new_zeros(1, 1, 1)
    return torch.baddbmm(nothing, a, b, beta=0, alpha=1 / temperature).softmax(dim=-2)


@variant("video.colorization_attention")
def target_first_then_transposed(reference, target, temperature=1.0):
    scores = target.flatten(2).mT @ reference.flatten(2) / temperature
    return scores.softmax(-1).mT


@variant("video.colorization_attention")
def channels_last_inside(reference, target, temperature=1.0):
    pixels = [frame.permute(0, 2, 3, 1).flatten(1, 2) for frame in (reference, target)]
    scores = torch.matmul(pixels[0], pixels[1].transpose(-2, -1)) * (1.0 / temperature)
    return scores.softmax(dim=1)


@variant("video.colorization_attention")
def fused_attention(reference, target, temperature=1.0):
    queries, keys = target.flatten(2).mT, reference.flatten(2).mT
    values = torch.eye(keys.shape[1], dtype=keys.dtype, device=keys.device).expand(len(keys), -1, -1)
    return F.scaled_dot_product_attention(queries, keys, values, scale=1 / temperature).mT


@variant("video.colorization_attention")
def five_letters(reference, target, temperature=1.0):
    scores = torch.einsum("ncij,nckl->nijkl", reference, target).flatten(3).flatten(1, 2)
    return nn.Softmax(dim=1)(scores.div(temperature))


@variant("video.colorization_attention")
def broadcast_and_sum(reference, target, temperature=1.0):
    a, b = reference.flatten(2)[..., None], target.flatten(2)[:, :, None]
    return torch.softmax((a * b).sum(1) / temperature, 1)


@variant("video.colorization_attention")
def channel_by_channel(reference, target, temperature=1.0):
    scores = 0
    for a, b in zip(reference.unbind(1), target.unbind(1), strict=True):
        scores = scores + a.flatten(1)[:, :, None] * b.flatten(1)[:, None, :]
    return torch.softmax(scores / temperature, 1)


@variant("video.colorization_attention")
def pixel_by_pixel(reference, target, temperature=1.0):
    n, _, h, w = reference.shape
    scores = reference.new_zeros(n, h * w, target.shape[2] * target.shape[3])
    for row in range(h):
        for column in range(w):
            pixel = reference[:, :, row, column, None, None]
            scores[:, row * w + column] = (pixel * target).sum(1).flatten(1)
    scores /= temperature
    return scores.softmax(1)


@variant("video.colorization_attention")
def clip_by_clip(reference, target, temperature=1.0):
    weights = []
    for a, b in zip(reference, target, strict=True):
        columns = [(a.flatten(1).T @ pixel / temperature).softmax(0) for pixel in b.flatten(1).unbind(1)]
        weights.append(torch.stack(columns, 1))
    return torch.stack(weights)


@variant("video.colorization_attention")
def vmap_over_clips(reference, target, temperature=1.0):
    def attend(a, b):
        return (torch.tensordot(a, b, dims=([0], [0])) / temperature).flatten(2).flatten(0, 1).softmax(0)

    return torch.vmap(attend)(reference, target)


@variant("video.colorization_attention")
def grid_of_indices(reference, target, temperature=1.0):
    a, b = reference.flatten(2), target.flatten(2)
    i, j = torch.meshgrid(
        torch.arange(a.shape[2], device=a.device), torch.arange(b.shape[2], device=a.device), indexing="ij"
    )
    return ((a[:, :, i] * b[:, :, j]).sum(dim=1) / temperature).softmax(dim=1)


@variant("video.colorization_attention")
def reference_pixels_as_kernels(reference, target, temperature=1.0):
    n, d, h, w = reference.shape
    kernels = reference.permute(0, 2, 3, 1).reshape(n * h * w, d, 1, 1)
    scores = F.conv2d(target.reshape(1, n * d, *target.shape[2:]), kernels / temperature, groups=n)
    return scores.reshape(n, h * w, -1).softmax(dim=1)


@variant("video.colorization_attention")
def products_from_distances(reference, target, temperature=1.0):
    a, b = reference.flatten(2).mT, target.flatten(2).mT
    squares = torch.cdist(a, b, compute_mode="donot_use_mm_for_euclid_dist").square()
    # The target's own length is the same for all candidates: the softmax does not see it.
    scores = (a.square().sum(-1)[:, :, None] - squares) / 2
    return (scores / temperature).softmax(1)


@variant("video.colorization_attention")
def root_of_the_temperature_on_both(reference, target, temperature=1.0):
    root = math.sqrt(temperature)
    return torch.einsum("bci,bcj->bij", reference.flatten(2) / root, target.flatten(2) / root).softmax(1)


# --- video.colorization_attention: the softmax ---------------------------------------------------------------------


@variant("video.colorization_attention")
def exp_of_log_softmax(reference, target, temperature=1.0):
    scores = (reference.flatten(2).transpose(1, 2) / temperature) @ target.flatten(2)
    return (scores - scores.logsumexp(dim=1, keepdim=True)).exp()


@variant("video.colorization_attention")
def by_hand_without_the_largest(reference, target, temperature=1.0):
    scores = torch.einsum("bci,bcj->bij", reference.flatten(2), target.flatten(2)) / temperature
    e = torch.exp(scores - scores.amax(dim=1, keepdim=True))
    return e / e.sum(1, keepdim=True)


@variant("video.colorization_attention")
def in_place_on_its_own_scores(reference, target, temperature=1.0):
    scores = reference.flatten(2).mT.matmul(target.flatten(2))
    scores.div_(temperature)
    scores.sub_(scores.detach().max(dim=1, keepdim=True).values).exp_()
    return scores / scores.sum(dim=1, keepdim=True)


@variant("video.colorization_attention")
def softmin_of_the_negative(reference, target, temperature=1.0):
    return F.softmin(-(reference.flatten(2).mT @ target.flatten(2)) / temperature, dim=1)


@variant("video.colorization_attention")
def softmax_on_the_first_axis(reference, target, temperature=1.0):
    scores = torch.einsum("ndi,ndj->inj", reference.flatten(2), target.flatten(2))
    return (scores / temperature).softmax(0).movedim(0, 1)


@variant("video.colorization_attention")
def softmax_in_running_pieces(reference, target, temperature=1.0):
    # The largest score and the sum are brought up to date piece after piece, as fast attention does.
    pieces = (reference.flatten(2).mT / temperature).split(3, dim=1)
    scores = [piece @ target.flatten(2) for piece in pieces]
    largest = torch.full_like(scores[0][:, :1], -torch.inf)
    total = torch.zeros_like(largest)
    for score in scores:
        higher = torch.maximum(largest, score.detach().amax(1, keepdim=True))
        total = total * (largest - higher).exp() + (score - higher).exp().sum(1, keepdim=True)
        largest = higher
    return torch.cat([(score - largest).exp() / total for score in scores], dim=1)


@variant("video.colorization_attention")
def softmax_of_double_scores(reference, target, temperature=1.0):
    scores = reference.flatten(2).mT @ target.flatten(2)
    return F.softmax(scores / temperature, dim=1, dtype=torch.float64).to(scores.dtype)


@variant("video.colorization_attention")
def in_double(reference, target, temperature=1.0):
    scores = reference.double().flatten(2).mT @ target.double().flatten(2)
    return (scores / temperature).softmax(dim=1).to(reference.dtype)


# --- video.colorization_attention: the form of the answer ---------------------------------------------------------


@variant("video.colorization_attention")
def attention_with_types_and_an_option(
    reference: Float[Tensor, "n d h w"],
    target: Float[Tensor, "n d h2 w2"],
    temperature: float = 1.0,
    *,
    dim: int = 1,
) -> Float[Tensor, "n h*w h2*w2"]:
    scores: Tensor = torch.einsum("ndi,ndj->nij", reference.flatten(2), target.flatten(2))
    return torch.softmax(scores / temperature, dim=dim)


class _Softmax(torch.autograd.Function):
    @staticmethod
    def forward(ctx, scores):
        weights = scores.softmax(1)
        ctx.save_for_backward(weights)
        return weights

    @staticmethod
    def backward(ctx, gradient):
        (weights,) = ctx.saved_tensors
        return weights * (gradient - (weights * gradient).sum(1, keepdim=True))


@variant("video.colorization_attention")
def softmax_with_a_gradient_of_its_own(reference, target, temperature=1.0):
    return _Softmax.apply(reference.flatten(2).mT @ target.flatten(2) / temperature)


class _Attention:
    def flat(self, frame):
        return frame.reshape(*frame.shape[:2], -1)

    def __call__(self, reference, target, temperature=1.0):
        scores = self.flat(reference).transpose(1, 2) @ self.flat(target)
        return (scores / temperature).softmax(1)


class _AttentionModule(nn.Module):
    def __init__(self):
        super().__init__()
        self.softmax = nn.Softmax(dim=1)
        self.flatten = nn.Flatten(start_dim=2)

    def forward(self, reference, target, temperature=1.0):
        return self.softmax(torch.bmm(self.flatten(reference).mT, self.flatten(target)) / temperature)


def _attend(reference, target, temperature=1.0, *, over):
    return (reference.flatten(2).mT @ target.flatten(2) / temperature).softmax(over)


ATTENTION_OBJECT = Variant("video.colorization_attention", "an-object-that-is-called", _Attention())
ATTENTION_MODULE = Variant("video.colorization_attention", "a-module", _AttentionModule())
ATTENTION_PARTIAL = Variant("video.colorization_attention", "partial", partial(_attend, over=1))
ATTENTION_LAMBDA = Variant(
    "video.colorization_attention",
    "lambda",
    lambda reference, target, temperature=1.0: _attend(reference, target, temperature, over=-2),
)


# --- video.copy_colors: products ----------------------------------------------------------------------------------


@variant("video.copy_colors")
def product_and_view(attention, colors, target_size):
    n, c = colors.shape[:2]
    return torch.bmm(colors.reshape(n, c, -1), attention).view(n, c, *target_size)


@variant("video.copy_colors")
def transposed_product(attention, colors, target_size):
    copied = attention.transpose(1, 2) @ colors.flatten(2).transpose(1, 2)
    return copied.transpose(1, 2).reshape(len(colors), -1, target_size[0], target_size[1])


@variant("video.copy_colors")
def five_letter_einsum(attention, colors, target_size):
    n, _, h, w = colors.shape
    return torch.einsum("nhwij,nchw->ncij", attention.reshape(n, h, w, *target_size), colors)


@variant("video.copy_colors")
def channels_moved_last_and_back(attention, colors, target_size):
    copied = attention.mT @ colors.permute(0, 2, 3, 1).flatten(1, 2)
    return copied.unflatten(1, target_size).permute(0, 3, 1, 2)


@variant("video.copy_colors")
def unfolded_and_folded(attention, colors, target_size):
    return F.fold(F.unfold(colors, kernel_size=1) @ attention, target_size, kernel_size=1)


@variant("video.copy_colors")
def attention_as_kernels(attention, colors, target_size):
    n, c = colors.shape[:2]
    kernels = attention.mT.reshape(n * attention.shape[2], attention.shape[1], 1)
    positions = colors.flatten(2).mT.reshape(1, n * attention.shape[1], c)
    return F.conv1d(positions, kernels, groups=n).view(n, -1, c).mT.unflatten(2, target_size)


@variant("video.copy_colors")
def linear_layer(attention, colors, target_size):
    rows = [F.linear(x.flatten(1), a.T) for a, x in zip(attention, colors, strict=True)]
    return torch.stack(rows).view(*colors.shape[:2], *target_size).contiguous()


@variant("video.copy_colors")
def clips_on_a_block_diagonal(attention, colors, target_size):
    together = colors.flatten(2).transpose(0, 1).flatten(1) @ torch.block_diag(*attention)
    return together.unflatten(1, (len(colors), *target_size)).transpose(0, 1)


@variant("video.copy_colors")
def product_added_to_zeros(attention, colors, target_size):
    copied = colors.new_zeros(len(colors), colors.shape[1], math.prod(target_size))
    return copied.baddbmm(colors.flatten(2), attention).unflatten(-1, target_size)


@variant("video.copy_colors")
def colors_in_double(attention, colors, target_size):
    copied = colors.double().flatten(2) @ attention.double()
    return copied.reshape(*colors.shape[:2], *target_size).to(colors.dtype)


@variant("video.copy_colors")
def vmap_over_clips_and_channels(attention, colors, target_size):
    def copy(weights, channel):
        return (channel.flatten() @ weights).unflatten(0, target_size)

    return torch.vmap(torch.vmap(copy, in_dims=(None, 0)))(attention, colors)


# --- video.copy_colors: sums --------------------------------------------------------------------------------------


@variant("video.copy_colors")
def broadcast_sum(attention, colors, target_size):
    return (colors.flatten(2)[..., None] * attention[:, None]).sum(2).unflatten(-1, target_size)


@variant("video.copy_colors")
def position_by_position(attention, colors, target_size):
    n, c = colors.shape[:2]
    h2, w2 = target_size
    result = colors.new_zeros(n, c, h2, w2)
    for row in range(h2):
        for column in range(w2):
            weights = attention[:, :, row * w2 + column]
            result[:, :, row, column] = (colors.flatten(2) * weights[:, None]).sum(-1)
    return result


@variant("video.copy_colors")
def numpy_walks_over_the_target(attention, colors, target_size):
    n, c, h, w = colors.shape
    result = colors.new_empty(n, c, *target_size)
    for j, (row, column) in enumerate(np.ndindex(*target_size)):
        weights = attention[:, None, :, j].reshape(n, 1, h, w)
        result[..., row, column] = (colors * weights).sum(dim=(2, 3))
    return result


@variant("video.copy_colors")
def clips_stacked(attention, colors, target_size):
    pairs = zip(attention, colors, strict=True)
    return torch.stack([(x.flatten(1) @ a).reshape(-1, *target_size) for a, x in pairs])


@variant("video.copy_colors")
def channels_stacked(attention, colors, target_size):
    copied = [(channel.flatten(1)[:, None] @ attention)[:, 0] for channel in colors.unbind(1)]
    return torch.stack(copied, dim=1).reshape(len(colors), -1, *target_size)


@variant("video.copy_colors")
def added_up_over_the_reference(attention, colors, target_size):
    total = torch.zeros(())
    for weights, color in zip(attention.unbind(1), colors.flatten(2).unbind(2), strict=True):
        total = total + color[:, :, None] * weights[:, None]
    return total.unflatten(2, target_size)


@variant("video.copy_colors")
def added_in_place_row_by_row(attention, colors, target_size):
    n, c, h, w = colors.shape
    weights = attention.reshape(n, 1, h, w, -1)
    total = torch.zeros(n, c, math.prod(target_size), dtype=colors.dtype, device=colors.device)
    for row in range(h):
        total += (colors[:, :, row, :, None] * weights[:, :, row]).sum(dim=2)
    return total.view(n, c, target_size[0], target_size[1])


# --- video.copy_colors: the form of the answer --------------------------------------------------------------------


@variant("video.copy_colors")
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


@variant("video.copy_colors")
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


COLORS_OBJECT = Variant("video.copy_colors", "an-object-that-is-called", _Painter())
COLORS_MODULE = Variant("video.copy_colors", "a-module", _PainterModule())
COLORS_PARTIAL = Variant("video.copy_colors", "partial", partial(_paint, "nij,nci->ncj"))
COLORS_LAMBDA = Variant(
    "video.copy_colors",
    "lambda",
    lambda attention, colors, size: (colors.flatten(2) @ attention).unflatten(2, size),
)

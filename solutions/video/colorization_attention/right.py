"""Right answers to `video.colorization_attention` that are written otherwise than the reference."""

import math
from functools import partial

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from course_utils.checks import RightAnswer, right

# --- the scores ----------------------------------------------------------------------------------------------------


@right
def batched_product(reference, target, temperature=1.0):
    n, d = reference.shape[:2]
    scores = torch.bmm(reference.reshape(n, d, -1).permute(0, 2, 1), target.reshape(n, d, -1))
    return F.softmax(scores / temperature, dim=1)


@right
def product_with_a_factor(reference, target, temperature=1.0):
    a, b = reference.flatten(2).mT, target.flatten(2)
    nothing = reference.new_zeros(1, 1, 1)
    return torch.baddbmm(nothing, a, b, beta=0, alpha=1 / temperature).softmax(dim=-2)


@right
def target_first_then_transposed(reference, target, temperature=1.0):
    scores = target.flatten(2).mT @ reference.flatten(2) / temperature
    return scores.softmax(-1).mT


@right
def channels_last_inside(reference, target, temperature=1.0):
    pixels = [frame.permute(0, 2, 3, 1).flatten(1, 2) for frame in (reference, target)]
    scores = torch.matmul(pixels[0], pixels[1].transpose(-2, -1)) * (1.0 / temperature)
    return scores.softmax(dim=1)


@right
def fused_attention(reference, target, temperature=1.0):
    queries, keys = target.flatten(2).mT, reference.flatten(2).mT
    values = torch.eye(keys.shape[1], dtype=keys.dtype, device=keys.device).expand(len(keys), -1, -1)
    return F.scaled_dot_product_attention(queries, keys, values, scale=1 / temperature).mT


@right
def five_letters(reference, target, temperature=1.0):
    scores = torch.einsum("ncij,nckl->nijkl", reference, target).flatten(3).flatten(1, 2)
    return nn.Softmax(dim=1)(scores.div(temperature))


@right
def broadcast_and_sum(reference, target, temperature=1.0):
    a, b = reference.flatten(2)[..., None], target.flatten(2)[:, :, None]
    return torch.softmax((a * b).sum(1) / temperature, 1)


@right
def channel_by_channel(reference, target, temperature=1.0):
    scores = 0
    for a, b in zip(reference.unbind(1), target.unbind(1), strict=True):
        scores = scores + a.flatten(1)[:, :, None] * b.flatten(1)[:, None, :]
    return torch.softmax(scores / temperature, 1)


@right
def pixel_by_pixel(reference, target, temperature=1.0):
    n, _, h, w = reference.shape
    scores = reference.new_zeros(n, h * w, target.shape[2] * target.shape[3])
    for row in range(h):
        for column in range(w):
            pixel = reference[:, :, row, column, None, None]
            scores[:, row * w + column] = (pixel * target).sum(1).flatten(1)
    scores /= temperature
    return scores.softmax(1)


@right
def clip_by_clip(reference, target, temperature=1.0):
    weights = []
    for a, b in zip(reference, target, strict=True):
        columns = [(a.flatten(1).T @ pixel / temperature).softmax(0) for pixel in b.flatten(1).unbind(1)]
        weights.append(torch.stack(columns, 1))
    return torch.stack(weights)


@right
def vmap_over_clips(reference, target, temperature=1.0):
    def attend(a, b):
        return (torch.tensordot(a, b, dims=([0], [0])) / temperature).flatten(2).flatten(0, 1).softmax(0)

    return torch.vmap(attend)(reference, target)


@right
def grid_of_indices(reference, target, temperature=1.0):
    a, b = reference.flatten(2), target.flatten(2)
    i, j = torch.meshgrid(
        torch.arange(a.shape[2], device=a.device), torch.arange(b.shape[2], device=a.device), indexing="ij"
    )
    return ((a[:, :, i] * b[:, :, j]).sum(dim=1) / temperature).softmax(dim=1)


@right
def reference_pixels_as_kernels(reference, target, temperature=1.0):
    n, d, h, w = reference.shape
    kernels = reference.permute(0, 2, 3, 1).reshape(n * h * w, d, 1, 1)
    scores = F.conv2d(target.reshape(1, n * d, *target.shape[2:]), kernels / temperature, groups=n)
    return scores.reshape(n, h * w, -1).softmax(dim=1)


@right
def products_from_distances(reference, target, temperature=1.0):
    a, b = reference.flatten(2).mT, target.flatten(2).mT
    squares = torch.cdist(a, b, compute_mode="donot_use_mm_for_euclid_dist").square()
    # The target's own length is the same for all candidates: the softmax does not see it.
    scores = (a.square().sum(-1)[:, :, None] - squares) / 2
    return (scores / temperature).softmax(1)


@right
def root_of_the_temperature_on_both(reference, target, temperature=1.0):
    root = math.sqrt(temperature)
    return torch.einsum("bci,bcj->bij", reference.flatten(2) / root, target.flatten(2) / root).softmax(1)


# --- the softmax ---------------------------------------------------------------------------------------------------


@right
def exp_of_log_softmax(reference, target, temperature=1.0):
    scores = (reference.flatten(2).transpose(1, 2) / temperature) @ target.flatten(2)
    return (scores - scores.logsumexp(dim=1, keepdim=True)).exp()


@right
def by_hand_without_the_largest(reference, target, temperature=1.0):
    scores = torch.einsum("bci,bcj->bij", reference.flatten(2), target.flatten(2)) / temperature
    e = torch.exp(scores - scores.amax(dim=1, keepdim=True))
    return e / e.sum(1, keepdim=True)


@right
def in_place_on_its_own_scores(reference, target, temperature=1.0):
    scores = reference.flatten(2).mT.matmul(target.flatten(2))
    scores.div_(temperature)
    scores.sub_(scores.detach().max(dim=1, keepdim=True).values).exp_()
    return scores / scores.sum(dim=1, keepdim=True)


@right
def softmin_of_the_negative(reference, target, temperature=1.0):
    return F.softmin(-(reference.flatten(2).mT @ target.flatten(2)) / temperature, dim=1)


@right
def softmax_on_the_first_axis(reference, target, temperature=1.0):
    scores = torch.einsum("ndi,ndj->inj", reference.flatten(2), target.flatten(2))
    return (scores / temperature).softmax(0).movedim(0, 1)


@right
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


@right
def softmax_of_double_scores(reference, target, temperature=1.0):
    scores = reference.flatten(2).mT @ target.flatten(2)
    return F.softmax(scores / temperature, dim=1, dtype=torch.float64).to(scores.dtype)


@right
def in_double(reference, target, temperature=1.0):
    scores = reference.double().flatten(2).mT @ target.double().flatten(2)
    return (scores / temperature).softmax(dim=1).to(reference.dtype)


# --- the form of the answer ----------------------------------------------------------------------------------------


@right
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


@right
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


ATTENTION_OBJECT = RightAnswer("an-object-that-is-called", _Attention())


ATTENTION_MODULE = RightAnswer("a-module", _AttentionModule())


ATTENTION_PARTIAL = RightAnswer("partial", partial(_attend, over=1))


ATTENTION_LAMBDA = RightAnswer(
    "lambda",
    lambda reference, target, temperature=1.0: _attend(reference, target, temperature, over=-2),
)


@right
def library_log_softmax_exponentiated(reference, target, temperature=1.0):
    scores = torch.einsum("bdhw,bdxy->bhwxy", reference / temperature, target)
    return scores.flatten(3).flatten(1, 2).log_softmax(dim=1).exp()

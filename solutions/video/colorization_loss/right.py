"""Right answers to `video.colorization_loss` that are written otherwise than the reference."""

import math
from functools import partial

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64
from torch import Tensor, nn

from course_utils.checks import RightAnswer, right


@right
def negative_log_likelihood(predicted, classes):
    return F.nll_loss(torch.log(torch.clamp(predicted, min=1e-6)), classes)


@right
def floor_added(predicted, classes):
    return F.nll_loss((predicted + 1e-6).log(), classes)


@right
def position_by_position(predicted, classes):
    n, _, h, w = predicted.shape
    total = predicted.new_zeros(())
    for i in range(n):
        for row in range(h):
            for column in range(w):
                p = predicted[i, int(classes[i, row, column]), row, column]
                total = total - (torch.log(p) if p > 1e-6 else p * 0 + math.log(1e-6))
    return total / (n * h * w)


@right
def one_hot_and_a_sum(predicted, classes):
    onehot = F.one_hot(classes, predicted.shape[1]).permute(0, 3, 1, 2).to(predicted.dtype)
    logs = predicted.clamp_min(1e-6).log()
    return -(onehot * logs).sum(dim=1).mean()


@right
def einsum_picks_the_probability(predicted, classes):
    onehot = F.one_hot(classes, predicted.size(1)).to(predicted)
    picked = torch.einsum("nchw,nhwc->nhw", predicted, onehot)
    return picked.maximum(picked.new_tensor(1e-6)).log().neg().mean()


@right
def rows_of_classes(predicted, classes):
    rows = predicted.movedim(1, -1).reshape(-1, predicted.shape[1])
    picked = rows[torch.arange(len(rows), device=rows.device), classes.reshape(-1)]
    return -torch.log(picked + 1e-6).sum() / classes.numel()


@right
def mask_selects(predicted, classes):
    numbers = torch.arange(predicted.shape[1], device=predicted.device).view(1, -1, 1, 1)
    picked = predicted[classes[:, None] == numbers]
    return torch.where(picked > 1e-6, picked, torch.full_like(picked, 1e-6)).log().mul(-1).mean()


@right
def class_after_class(predicted, classes):
    total = 0
    for k in range(predicted.shape[1]):
        total = total - predicted[:, k][classes == k].clamp(min=1e-6).log().sum()
    return total / classes.numel()


@right
def clips_then_their_mean(predicted, classes):
    # All clips have equally many positions.
    losses = [
        F.nll_loss(p.flatten(1).T.clamp(1e-6, 2).log(), labels.flatten())
        for p, labels in zip(predicted, classes, strict=True)
    ]
    return torch.stack(losses).mean()


@right
def logarithm_with_a_floor(predicted, classes):
    picked = torch.take_along_dim(predicted, classes[:, None], dim=1).squeeze(1)
    return -torch.log(picked).clamp(min=math.log(1e-6)).mean()


@right
def advanced_indexing_in_double(predicted, classes):
    n, h, w = classes.shape
    i, row, column = torch.meshgrid(*map(torch.arange, (n, h, w)), indexing="ij")
    picked = predicted.double()[i, classes.cpu(), row, column]
    return picked.clamp(min=1e-6).log().mean().neg().to(predicted.dtype)


@right
def entropy_by_xlogy(predicted, classes):
    onehot = torch.zeros_like(predicted).scatter_(1, classes.unsqueeze(1), 1.0)
    return -torch.xlogy(onehot, predicted.clamp(min=1e-6)).sum() / classes.numel()


@right
def binary_cross_entropy_of_the_true_class(predicted, classes):
    picked = predicted.gather(1, classes[:, None])
    return F.binary_cross_entropy(picked.clamp(min=1e-6, max=1), torch.ones_like(picked))


@right
def with_types_and_an_option(
    predicted: Float[Tensor, "n c h w"], classes: Int64[Tensor, "n h w"], *, floor: float = 1e-6
) -> Float[Tensor, ""]:
    likely: Tensor = predicted.gather(1, classes[:, None]).relu() + floor
    return (1 / likely).log().mean()


class _Loss(nn.Module):
    def __init__(self):
        super().__init__()
        self.nll = nn.NLLLoss()

    def forward(self, predicted, classes):
        return self.nll(predicted.clamp(min=1e-6).log(), classes)


def _powered(reduction, predicted, classes):
    return F.nll_loss(torch.log2(predicted.clamp(min=1e-6)) * math.log(2), classes, reduction=reduction)


A_MODULE = RightAnswer("a-module", _Loss())

A_PARTIAL = RightAnswer("partial", partial(_powered, "mean"))

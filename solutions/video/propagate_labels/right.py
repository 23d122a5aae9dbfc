"""Right answers to `video.propagate_labels` that are written otherwise than the reference."""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from course_utils.checks import right


def _refuse(top_k, radius):
    if top_k < 1:
        raise ValueError("top_k")
    if radius < 0:
        raise ValueError("radius")


def _near(h, w, radius, device):
    """Which of all positions lie in whose window, (h*w, h*w)."""
    row = torch.arange(h, device=device).repeat_interleave(w)
    column = torch.arange(w, device=device).repeat(h)
    return ((row[:, None] - row).abs() <= radius) & ((column[:, None] - column).abs() <= radius)


@right
def position_by_position(references, target, labels, temperature, top_k, radius):
    _refuse(top_k, radius)
    _t, c, h, w = labels.shape
    result = labels.new_zeros(c, h, w)
    for y in range(h):
        for x in range(w):
            r0, r1, q0, q1 = (
                max(0, y - radius),
                min(h, y + radius + 1),
                max(0, x - radius),
                min(w, x + radius + 1),
            )
            patch = references[:, :, r0:r1, q0:q1]
            scores = (patch * target[None, :, y, x, None, None]).sum(1).reshape(-1) / temperature
            values, index = torch.sort(scores, descending=True)
            weights = torch.softmax(values[:top_k], 0)
            copied = labels[:, :, r0:r1, q0:q1].permute(1, 0, 2, 3).reshape(c, -1)[:, index[:top_k]]
            result[:, y, x] = (copied * weights).sum(1)
    return result


@right
def python_sorts(references, target, labels, temperature, top_k, radius):
    _refuse(top_k, radius)
    t, c, h, w = labels.shape
    columns = []
    for y in range(h):
        for x in range(w):
            found = []
            for f in range(t):
                for r in range(max(0, y - radius), min(h, y + radius + 1)):
                    for q in range(max(0, x - radius), min(w, x + radius + 1)):
                        found.append((f, r, q))
            f, r, q = torch.tensor(found).T
            scores = references[f, :, r, q] @ target[:, y, x]
            order = sorted(range(len(found)), key=scores.tolist().__getitem__)[::-1][:top_k]
            weights = (scores[order] / temperature).softmax(0)
            copied = labels[f[order], :, r[order], q[order]]
            columns.append(weights @ copied)
    return torch.stack(columns, 1).reshape(c, h, w)


@right
def everything_at_once(references, target, labels, temperature, top_k, radius):
    _refuse(top_k, radius)
    t, c, h, w = labels.shape
    scores = references.flatten(2).transpose(1, 2) @ target.flatten(1) / temperature
    scores = scores.masked_fill(~_near(h, w, radius, scores.device), float("-inf")).reshape(t * h * w, h * w)
    values, index = scores.topk(min(top_k, t * h * w), dim=0)
    copied = labels.movedim(1, 0).reshape(c, -1)[:, index]
    return torch.einsum("ckj,kj->cj", copied, values.softmax(dim=0)).view(c, h, w)


@right
def weights_scattered_into_an_attention(references, target, labels, temperature, top_k, radius):
    _refuse(top_k, radius)
    _t, _c, h, w = labels.shape
    scores = torch.einsum("tdi,dj->tij", references.flatten(2), target.flatten(1) / temperature)
    scores = torch.where(_near(h, w, radius, scores.device), scores, -1e9).flatten(0, 1)
    best = torch.topk(scores, min(top_k, len(scores)), dim=0)
    attention = torch.zeros_like(scores).scatter(0, best.indices, best.values.softmax(dim=0))
    return (labels.transpose(0, 1).flatten(1) @ attention).unflatten(1, (h, w))


@right
def softmax_then_the_best_then_their_sum(references, target, labels, temperature, top_k, radius):
    _refuse(top_k, radius)
    t, c, h, w = labels.shape
    tall = references.transpose(0, 1).flatten(1)
    scores = (tall.T @ target.flatten(1)) / temperature
    near = _near(h, w, radius, scores.device).repeat(t, 1)
    shares = scores.masked_fill(~near, -math.inf).softmax(dim=0)
    kept, index = shares.topk(min(top_k, len(shares)), dim=0)
    weights = kept / kept.sum(dim=0, keepdim=True)
    picked = torch.take_along_dim(labels.transpose(0, 1).flatten(1)[:, :, None], index[None], dim=1)
    return (picked * weights).sum(dim=1).reshape(c, h, w)


@right
def threshold_at_the_last_one_chosen(references, target, labels, temperature, top_k, radius):
    _refuse(top_k, radius)
    t, _c, h, w = labels.shape
    scores = torch.einsum("tdrq,dyx->trqyx", references, target).div(temperature).reshape(t * h * w, h * w)
    scores = scores.masked_fill(_near(h, w, radius, scores.device).logical_not().repeat(t, 1), -torch.inf)
    last = scores.sort(dim=0, descending=True).values[min(top_k, t * h * w) - 1]
    weights = scores.masked_fill(scores < last, -torch.inf).softmax(dim=0)
    return torch.einsum("tcrq,trqyx->cyx", labels, weights.view(t, h, w, h, w))


@right
def unfolded_windows(references, target, labels, temperature, top_k, radius):
    _refuse(top_k, radius)
    _t, c, h, w = labels.shape
    radius = min(radius, max(h, w) - 1)
    side = 2 * radius + 1

    def windows(x):
        return F.unfold(x, side, padding=radius).view(len(x), x.shape[1], side * side, h * w)

    inside = windows(torch.ones_like(references[:, :1]))[:, 0] > 0
    scores = (windows(references) * target.flatten(1)[None, :, None]).sum(1) / temperature
    scores = scores.masked_fill(~inside, -torch.inf).flatten(0, 1)
    values, index = scores.topk(min(top_k, len(scores)), 0)
    candidates = windows(labels).transpose(0, 1).flatten(1, 2)
    picked = candidates.gather(1, index.expand(c, -1, -1))
    return (picked * values.softmax(0)).sum(1).view(c, h, w)


@right
def offset_after_offset(references, target, labels, temperature, top_k, radius):
    _refuse(top_k, radius)
    t, c, h, w = labels.shape
    scores, values = [], []
    for down in range(-min(radius, h - 1), min(radius, h - 1) + 1):
        for right_ in range(-min(radius, w - 1), min(radius, w - 1) + 1):
            here = (slice(max(0, -down), h - max(0, down)), slice(max(0, -right_), w - max(0, right_)))
            there = (slice(max(0, down), h + min(0, down)), slice(max(0, right_), w + min(0, right_)))
            score = target.new_full((t, h, w), -torch.inf)
            score[:, here[0], here[1]] = (
                references[:, :, there[0], there[1]] * target[:, here[0], here[1]]
            ).sum(1) / temperature
            value = torch.zeros_like(labels)
            value[:, :, here[0], here[1]] = labels[:, :, there[0], there[1]]
            scores.append(score)
            values.append(value)
    best = torch.cat(scores).topk(min(top_k, t * len(scores)), dim=0)
    picked = torch.cat(values).gather(0, best.indices[:, None].expand(-1, c, -1, -1))
    return (picked * best.values.softmax(0)[:, None]).sum(0)


@right
def chebyshev_distance_and_double_precision(references, target, labels, temperature, top_k, radius):
    _refuse(top_k, radius)
    t, c, h, w = labels.shape
    grid = (
        torch.stack(torch.meshgrid(torch.arange(h), torch.arange(w), indexing="ij"), dim=-1)
        .reshape(-1, 2)
        .double()
        .to(target.device)
    )
    distance = torch.cdist(grid, grid, p=float("inf")).repeat(t, 1)
    scores = references.double().permute(0, 2, 3, 1).reshape(t * h * w, -1) @ target.double().flatten(1)
    scores[distance > radius + 0.5] = -math.inf
    order = scores.argsort(dim=0, descending=True)[:top_k]
    best = scores.gather(0, order) / temperature
    exps = (best - best[:1]).exp()
    flat = labels.double().permute(0, 2, 3, 1).reshape(t * h * w, c)
    return ((exps / exps.sum(0))[..., None] * flat[order]).sum(0).T.reshape(c, h, w).to(labels.dtype)


@right
def one_column_of_the_target_at_a_time(
    references: Float[Tensor, "t d h w"],
    target: Float[Tensor, "d h w"],
    labels: Float[Tensor, "t c h w"],
    temperature: float,
    top_k: int,
    radius: int,
) -> Float[Tensor, "c h w"]:
    _refuse(top_k, radius)
    _t, c, h, w = labels.shape
    rows = torch.arange(h, device=target.device)
    outside = (rows[:, None] - rows[None]).abs() > radius
    columns = []
    for x in range(w):
        q = torch.arange(max(0, x - radius), min(w, x + radius + 1), device=target.device)
        scores = torch.tensordot(references[..., q], target[:, :, x], dims=([1], [0])) / temperature
        scores = scores + torch.zeros_like(scores).masked_fill_(outside[None, :, None, :], -torch.inf)
        scores = scores.reshape(-1, h)
        values, index = scores.topk(min(top_k, len(scores)), 0)
        candidates = labels[..., q].transpose(0, 1).reshape(c, -1)
        columns.append((candidates[:, index] * values.softmax(0)).sum(1))
    return torch.stack(columns, dim=2)

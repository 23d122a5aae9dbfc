"""Right answers to `video.pck` that are written otherwise than the reference."""

import math

import numpy as np
import torch

from course_utils.checks import right


@right
def point_by_point(predicted, truth, visible, size, alpha):
    correct, count = 0, 0
    for i in range(len(predicted)):
        for j in range(predicted.shape[1]):
            if visible[i, j]:
                count += 1
                dx, dy = (predicted[i, j] - truth[i, j]).tolist()
                correct += math.hypot(dx, dy) <= alpha * float(size[i])
    if count == 0:
        raise ValueError("nothing to judge")
    return torch.tensor(correct / count, dtype=predicted.dtype, device=predicted.device)


@right
def squares_on_both_sides(predicted, truth, visible, size, alpha):
    if visible.sum() == 0:
        raise ValueError
    squares = ((predicted - truth) ** 2).sum(-1)
    correct = (squares <= (alpha * size[:, None]) ** 2) & visible
    return correct.sum() / visible.sum().to(predicted.dtype)


@right
def counted_by_hand(predicted, truth, visible, size, alpha):
    total = int(visible.sum())
    if not total:
        raise ValueError("no visible keypoint")
    distance = torch.linalg.vector_norm(predicted - truth, dim=-1)
    hits = torch.logical_and(distance <= (size * alpha).view(-1, 1), visible).count_nonzero()
    return hits.to(size) / total


@right
def selected_first(predicted, truth, visible, size, alpha):
    found, true = predicted[visible], truth[visible]
    if len(found) == 0:
        raise ValueError("nothing visible")
    limits = size.unsqueeze(1).expand_as(visible)[visible] * alpha
    return torch.where((found - true).pow(2).sum(dim=1).sqrt() <= limits, 1.0, 0.0).to(found.dtype).mean()


@right
def numpy_hypot(predicted, truth, visible, size, alpha):
    p, t, v, s = (x.detach().cpu().numpy() for x in (predicted, truth, visible, size))
    if not v.any():
        raise ValueError("none is visible")
    near = np.hypot(p[..., 0] - t[..., 0], p[..., 1] - t[..., 1]) <= alpha * s[:, None]
    return torch.as_tensor(near[v].mean(), dtype=predicted.dtype, device=predicted.device)


@right
def weighted_mean_over_objects(predicted, truth, visible, size, alpha):
    seen = visible.sum(dim=1).to(predicted.dtype)
    if seen.sum() < 1:
        raise ValueError("no keypoint")
    apart = torch.hypot(*(predicted - truth).unbind(dim=2))
    shares = ((apart <= alpha * size[:, None]) & visible).sum(dim=1) / seen.clamp(min=1)
    return (shares * seen).sum() / seen.sum()


@right
def not_too_far(predicted, truth, visible, size, alpha):
    if (~visible).all():
        raise ValueError("all are hidden")
    difference = predicted - truth
    squares = torch.einsum("nkc,nkc->nk", difference, difference)
    wrong = (squares.sqrt() > alpha * size[:, None]).masked_fill(~visible, False)
    return 1 - wrong.sum().to(predicted.dtype) / visible.sum()


@right
def hidden_ones_not_a_number(predicted, truth, visible, size, alpha):
    if not bool(visible.any()):
        raise ValueError
    near = torch.dist
    hits = torch.full(visible.shape, float("nan"), dtype=predicted.dtype, device=predicted.device)
    for i, j in visible.nonzero().tolist():
        hits[i, j] = float(near(predicted[i, j], truth[i, j]) <= alpha * size[i])
    return hits.nanmean()


@right
def one_number_of_points_by_another(predicted, truth, visible, size, alpha):
    if not visible.any():
        raise ValueError("none")
    near = ((predicted - truth).norm(dim=-1) <= alpha * size[:, None]) & visible
    return (near.sum() / visible.sum()).to(predicted.dtype)

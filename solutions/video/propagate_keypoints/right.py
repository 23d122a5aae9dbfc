"""Right answers to `video.propagate_keypoints` that are written otherwise than the reference."""

import math

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from course_utils.checks import right


def _refuse(keypoints, size, stride):
    h, w = size
    x, y = keypoints[:, 0], keypoints[:, 1]
    if (x < 0).any() or (y < 0).any() or (x >= w * stride).any() or (y >= h * stride).any():
        raise ValueError("outside")


@right
def point_by_point(attention, keypoints, size, target_size, stride, top_k=5):
    h, w = size
    found = torch.full_like(keypoints, -1.0)
    for i, (x, y) in enumerate(keypoints.tolist()):
        if not (0 <= x < w * stride and 0 <= y < h * stride):
            raise ValueError(f"keypoint {i} at {x}, {y}")
    for i, (x, y) in enumerate(keypoints.tolist()):
        row = attention[math.floor(y / stride) * w + math.floor(x / stride)]
        values = row.tolist()
        best = sorted(range(len(values)), key=values.__getitem__, reverse=True)[:top_k]
        total = sum(row[j] for j in best)
        if total > 0:
            found[i, 0] = sum(row[j] * (j % target_size[1] + 0.5) * stride for j in best) / total
            found[i, 1] = sum(row[j] * (j // target_size[1] + 0.5) * stride for j in best) / total
    return found


@right
def numpy_argsort(attention, keypoints, size, target_size, stride, top_k=5):
    points, rows = keypoints.detach().cpu().numpy(), attention.detach().cpu().numpy()
    h, w = size
    if (points < 0).any() or (points >= np.array([w, h]) * stride).any():
        raise ValueError("outside")
    cell = (points // stride).astype(int)
    rows = rows.reshape(h, w, -1)[cell[:, 1], cell[:, 0]]
    order = np.argsort(-rows, axis=1)[:, :top_k]
    weights = np.take_along_axis(rows, order, axis=1)
    y, x = np.unravel_index(order, target_size)
    total = weights.sum(axis=1)
    safe = np.where(total > 0, total, 1)
    found = np.stack([((z + 0.5) * stride * weights).sum(axis=1) / safe for z in (x, y)], axis=1)
    found[total == 0] = -1
    return torch.from_numpy(found).to(keypoints)


@right
def grid_of_centres(attention, keypoints, size, target_size, stride, top_k=5):
    _refuse(keypoints, size, stride)
    (h, w), (h2, w2) = size, target_size
    cells = torch.div(keypoints, stride, rounding_mode="floor").to(torch.int64)
    rows = (
        attention.view(h, w, h2 * w2)[cells[:, 1], cells[:, 0]]
        if attention.is_contiguous()
        else (attention.reshape(h, w, h2 * w2)[cells[:, 1], cells[:, 0]])
    )
    y, x = torch.meshgrid(
        torch.arange(h2, device=rows.device, dtype=rows.dtype) * stride + stride / 2,
        torch.arange(w2, device=rows.device, dtype=rows.dtype) * stride + stride / 2,
        indexing="ij",
    )
    kept = rows.topk(min(top_k, h2 * w2), dim=1)
    sparse = torch.zeros_like(rows).scatter(1, kept.indices, kept.values)
    total = sparse.sum(1, keepdim=True)
    found = sparse @ torch.stack([x.reshape(-1), y.reshape(-1)], dim=1) / torch.where(total > 0, total, 1)
    found[total[:, 0] == 0] = -1.0
    return found


@right
def guarded_division(attention, keypoints, size, target_size, stride, top_k=5):
    _refuse(keypoints, size, stride)
    column, row = (keypoints / stride).floor().long().T
    best = attention.index_select(0, row * size[1] + column).topk(min(top_k, target_size[0] * target_size[1]))
    weights = best.values / (best.values.sum(1, keepdim=True) + 1e-8)
    x = (best.indices.remainder(target_size[1]) * stride + stride / 2).to(weights)
    y = (best.indices.div(target_size[1], rounding_mode="floor") * stride + stride / 2).to(weights)
    found = torch.stack([(weights * x).sum(1), (weights * y).sum(1)], dim=1)
    return found.masked_fill((best.values.sum(1, keepdim=True) < 1e-8), -1.0)


@right
def threshold_in_a_loop(attention, keypoints, size, target_size, stride, top_k=5):
    _refuse(keypoints, size, stride)
    found = []
    for point in keypoints:
        cell = int(point[1] // stride) * size[1] + int(point[0] // stride)
        row = attention[cell].reshape(target_size)
        if not row.any():
            found.append(point.new_tensor([-1, -1]))
            continue
        last = row.flatten().sort().values[-min(top_k, row.numel())]
        row = row * (row >= last)
        row = row / row.sum()
        across = torch.arange(target_size[1], device=row.device) + 0.5
        down = torch.arange(target_size[0], device=row.device) + 0.5
        found.append(torch.stack([(row.sum(0) * across).sum(), (row.sum(1) * down).sum()]) * stride)
    return torch.stack(found).to(keypoints.dtype)


@right
def one_hot_points(attention, keypoints, size, target_size, stride, top_k=5):
    _refuse(keypoints, size, stride)
    h, w = size
    column = F.one_hot((keypoints[:, 0] / stride).long(), w).to(attention)
    row = F.one_hot((keypoints[:, 1] / stride).long(), h).to(attention)
    rows = torch.einsum("kh,kw,hwj->kj", row, column, attention.unflatten(0, (h, w)))
    ordered, order = rows.sort(dim=1, descending=True)
    ordered, order = ordered[:, :top_k], order[:, :top_k]
    places = torch.cartesian_prod(torch.arange(target_size[0]), torch.arange(target_size[1])).view(-1, 2)
    centres = (places.flip(1).to(attention) + 0.5)[order] * stride
    total = ordered.sum(1)
    mean = torch.einsum("kn,knd->kd", ordered, centres) / total.clamp_min(1e-30)[:, None]
    return torch.where(total[:, None] > 0, mean, -torch.ones_like(mean))


@right
def means_then_not_a_number_replaced(
    attention: Float[Tensor, "h*w h2*w2"],
    keypoints: Float[Tensor, "k 2"],
    size: tuple[int, int],
    target_size: tuple[int, int],
    stride: int,
    top_k: int = 5,
) -> Float[Tensor, "k 2"]:
    frame = torch.tensor([size[1], size[0]], device=keypoints.device) * stride
    if not ((keypoints >= 0) & (keypoints < frame)).all():
        raise ValueError
    cells = (keypoints.double() / stride).trunc().int()
    rows = attention.double()[(cells[:, 1] * size[1] + cells[:, 0]).long()]
    values, order = torch.topk(rows, k=min(top_k, rows.size(1)), sorted=False)
    y = torch.div(order, target_size[1], rounding_mode="trunc")
    x = order - y * target_size[1]
    weights = values / values.sum(1, keepdim=True)
    found = torch.stack([(weights * (z + 0.5)).sum(1) * stride for z in (x, y)], 1)
    return found.nan_to_num(nan=-1.0).to(attention.dtype)


@right
def columns_of_the_transposed(attention, keypoints, size, target_size, stride, top_k=5):
    _refuse(keypoints, size, stride)
    cell = (keypoints[:, 1] // stride * size[1] + keypoints[:, 0] // stride).long()
    looking = attention.T[:, cell]
    values, order = looking.topk(min(top_k, len(looking)), dim=0)
    x, y = (order % target_size[1]).to(values), (order // target_size[1]).to(values)
    total = values.sum(0)
    seen = total > 0
    result = keypoints.new_full(keypoints.shape, -1)
    for axis, z in enumerate((x, y)):
        result[seen, axis] = ((z * values).sum(0)[seen] / total[seen] + 0.5) * stride
    return result

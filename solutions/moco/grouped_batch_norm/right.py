"""Right answers to `moco.grouped_batch_norm` that are written otherwise than the reference."""

import math
from functools import partial

import torch
import torch.nn.functional as F
from torch import nn

from course_utils.checks import RightAnswer, right

# --- functions of torch ---------------------------------------------------------------------------------------------


@right
def batch_norm_of_each_group(features, eps=1e-5):
    if features.shape[1] == 1:
        return features - features
    return torch.stack([F.batch_norm(group, None, None, training=True, eps=eps) for group in features])


@right
def batch_norm_of_groups_beside_each_other(features, eps=1e-5):
    groups, m, d = features.shape
    if m == 1:
        return torch.zeros_like(features) * features
    beside = features.transpose(0, 1).reshape(m, groups * d)
    normalised = F.batch_norm(beside, None, None, training=True, eps=eps)
    return normalised.reshape(m, groups, d).transpose(0, 1)


@right
def layer_norm_over_the_members(features, eps=1e-5):
    members = features.shape[1]
    return F.layer_norm(features.transpose(1, 2), (members,), eps=eps).transpose(1, 2)


@right
def members_doubled_for_torch(features, eps=1e-5):
    # Statistics stay as they are, and torch does not refuse a single member.
    twice = torch.cat([features, features], dim=1)
    normalised = [F.batch_norm(group, None, None, training=True, eps=eps) for group in twice]
    return torch.stack(normalised)[:, : features.shape[1]]


@right
def module_without_parameters(features, eps=1e-5):
    if features.size(1) < 2:
        return features * 0.0
    norm = nn.BatchNorm1d(features.size(2), eps=eps, affine=False, track_running_stats=False)
    return torch.cat([norm(group)[None] for group in features.unbind()])


@right
def instance_norm(features, eps=1e-5):
    if features.shape[1] == 1:
        return torch.zeros_like(features)
    return F.instance_norm(features.mT, eps=eps).mT


@right
def variance_and_mean(features, eps=1e-5):
    variance, mean = torch.var_mean(features, dim=1, keepdim=True, correction=0)
    return (features - mean) * torch.rsqrt(variance + eps)


# --- loops and sums -------------------------------------------------------------------------------------------------


@right
def group_by_group(features, eps=1e-5):
    rows = []
    for group in features:
        variance = ((group - group.mean(0)) ** 2).mean(0)
        rows.append((group - group.mean(0)) / torch.sqrt(variance + eps))
    return torch.stack(rows)


@right
def feature_by_feature(features, eps=1e-5):
    result = torch.empty_like(features)
    for q in range(features.shape[0]):
        for k in range(features.shape[2]):
            column = features[q, :, k]
            deviation = column - column.sum() / len(column)
            result[q, :, k] = deviation / (deviation.pow(2).sum() / len(column) + eps) ** 0.5
    return result


@right
def mean_of_squares_minus_square_of_mean(features, eps=1e-5):
    mean = features.mean(1, keepdim=True)
    variance = (features.pow(2).mean(1, keepdim=True) - mean.pow(2)).clamp(min=0)
    return (features - mean) / (variance + eps).sqrt()


@right
def einsum(features, eps=1e-5):
    m = features.shape[1]
    centred = features - torch.einsum("gmd->gd", features)[:, None] / m
    variance = torch.einsum("gmd,gmd->gd", centred, centred) / m
    return centred / (variance + eps).sqrt()[:, None]


@right
def centring_matrix(features, eps=1e-5):
    m = features.shape[1]
    eye = torch.eye(m, dtype=features.dtype, device=features.device)
    centred = (eye - 1 / m) @ features
    return centred / (centred.norm(dim=1, keepdim=True).pow(2) / m + eps).sqrt() if m > 1 else centred * 0


@right
def power_of_minus_a_half(features, eps=1e-5):
    mean = features.mean(dim=-2, keepdim=True)
    variance = features.var(dim=-2, keepdim=True, unbiased=False)
    return features.sub(mean).mul(variance.add(eps).pow(-0.5))


@right
def unbiased_and_corrected(features, eps=1e-5):
    m = features.shape[1]
    if m == 1:
        return features - features.mean(1, keepdim=True)
    variance = features.var(1, keepdim=True) * (m - 1) / m
    return (features - features.mean(1, keepdim=True)) / torch.sqrt(variance + eps)


@right
def half_of_the_mean_squared_difference(features, eps=1e-5):
    differences = features[:, :, None] - features[:, None]
    variance = differences.square().mean(dim=(1, 2)) / 2
    return differences.mean(dim=2) / (variance + eps).sqrt()[:, None]


@right
def statistics_repeated(features, eps=1e-5):
    groups, m, d = features.shape
    flat = features.reshape(groups * m, d)
    owner = torch.arange(groups, device=features.device).repeat_interleave(m)
    empty = features.new_zeros(groups, d)
    mean = empty.index_add(0, owner, flat) / m
    deviation = flat - mean[owner]
    variance = empty.index_add(0, owner, deviation**2) / m
    return (deviation / (variance[owner] + eps).sqrt()).view(groups, m, d)


@right
def computed_in_float64(features, eps=1e-5):
    wide = features.double()
    centred = wide - wide.mean(1, keepdim=True)
    return (centred / (centred.var(1, keepdim=True, correction=0) + eps).sqrt()).type_as(features)


def _normalised(root, features, eps=1e-5):
    centred = features - features.mean(1, keepdim=True)
    return centred / root(centred.mul(centred).mean(1, keepdim=True) + eps)


PARTIAL = RightAnswer("partial", partial(_normalised, torch.sqrt))
ROOT = RightAnswer(
    "hypot", lambda features, eps=1e-5: _normalised(lambda v: v.sqrt() * math.sqrt(1.0), features, eps)
)

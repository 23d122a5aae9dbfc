"""Right answers to `simclr.supcon_loss` that are written otherwise than the reference."""

import math

import torch
import torch.nn.functional as F
from torch import nn

from course_utils.checks import RightAnswer, right


@right
def one_anchor_after_the_other(z, labels, temperature):
    z = F.normalize(z, dim=-1)
    losses = []
    for i in range(len(z)):
        others = [a for a in range(len(z)) if a != i]
        positives = [p for p in others if labels[p] == labels[i]]
        if not positives:
            continue
        below = torch.logsumexp(torch.stack([z[i] @ z[a] / temperature for a in others]), dim=0)
        losses.append(sum(below - z[i] @ z[p] / temperature for p in positives) / len(positives))
    return torch.stack(losses).mean() if losses else (z * 0).sum()


@right
def logsumexp_minus_mean_of_positives(z, labels, temperature):
    z = F.normalize(z, p=2, dim=1)
    scores = torch.einsum("id,ad->ia", z, z) / temperature
    own = torch.eye(len(z), dtype=torch.bool, device=z.device)
    below = scores.masked_fill(own, float("-inf")).logsumexp(dim=1)
    positive = (labels.view(-1, 1) == labels.view(1, -1)) & ~own
    count = positive.sum(1)
    kept = count > 0
    if not kept.any():
        return z.new_zeros(())
    above = (scores * positive).sum(1)[kept] / count[kept]
    return (below[kept] - above).mean()


@right
def largest_of_the_others_taken_away(z, labels, temperature):
    # The authors' code with its diagonal left out of the maximum.
    z = z / z.norm(dim=1, keepdim=True).clamp_min(1e-12)
    scores = z @ z.t() / temperature
    others = 1 - torch.eye(len(z), dtype=z.dtype, device=z.device)
    if len(z) == 1:
        return scores.sum() * 0
    top = (scores - 1e4 * (1 - others)).max(dim=1, keepdim=True).values.detach()
    # The anchor's own exponential may overflow, and inf * 0 is NaN: its score is taken out first.
    scores = (scores - top) * others
    log_probability = scores - (scores.exp() * others).sum(1, keepdim=True).log()
    mask = torch.eq(labels[:, None], labels[None]).to(z.dtype) * others
    count = mask.sum(1)
    mean = (mask * log_probability).sum(1) / torch.where(count < 1e-6, torch.ones_like(count), count)
    return -mean.sum() / (count > 0).sum().clamp(min=1)


@right
def in_float64_with_plain_exponentials(z, labels, temperature):
    unit = F.normalize(z.double(), dim=1)
    exponentials = (unit @ unit.T / temperature).exp()
    below = _without_diagonal(exponentials).sum(dim=1)
    total, anchors = unit.new_zeros(()), 0
    for i, label in enumerate(labels.tolist()):
        positives = [p for p, other in enumerate(labels.tolist()) if other == label and p != i]
        if positives:
            total = total - (exponentials[i, positives] / below[i]).log().mean()
            anchors += 1
    return (total / max(anchors, 1)).to(z.dtype)


def _without_diagonal(square):
    n = len(square)
    return square[~torch.eye(n, dtype=torch.bool, device=square.device)].view(n, n - 1)


@right
def soft_targets_in_the_cross_entropy(z, labels, temperature):
    z = F.normalize(z, dim=1)
    logits = (z @ z.T / temperature) - 1e9 * torch.eye(len(z), dtype=z.dtype, device=z.device)
    onehot = F.one_hot(labels).to(z.dtype)
    targets = (onehot @ onehot.T).fill_diagonal_(0)
    kept = targets.sum(1) > 0
    if kept.sum() == 0:
        return torch.zeros((), dtype=z.dtype, device=z.device, requires_grad=True)
    targets = targets[kept] / targets[kept].sum(1, keepdim=True)
    return F.cross_entropy(logits[kept], targets)


@right
def class_after_class(z, labels, temperature):
    z = F.normalize(z, dim=1)
    logits = (z @ z.T).div(temperature)
    logits = torch.where(torch.eye(len(z), dtype=torch.bool, device=z.device), -torch.inf, logits)
    log_p = F.log_softmax(logits, dim=-1)
    losses = []
    for label in labels.unique():
        members = (labels == label).nonzero().flatten()
        if len(members) > 1:
            block = log_p[members][:, members]
            losses.append(-_without_diagonal(block).mean(dim=1))
    return torch.cat(losses).mean() if losses else z.sum() * 0.0


@right
def diagonal_cut_out(z, labels, temperature):
    n = len(z)
    if n < 2:
        return z.sum() * 0
    z = F.normalize(z, dim=1)
    scores = _without_diagonal(z @ z.T / temperature)
    positive = _without_diagonal(labels[None] == labels[:, None]).to(z.dtype)
    per_pair = scores.logsumexp(1, keepdim=True) - scores
    count = positive.sum(1)
    losses = (per_pair * positive).sum(1) / count.clamp(min=1)
    return losses[count > 0].mean() if bool((count > 0).any()) else losses.sum()


@right
def nan_left_out_at_the_end(z, labels, temperature):
    unit = F.normalize(z, dim=1)
    scores = (unit @ unit.T / temperature).fill_diagonal_(-1e30)
    log_p = scores - torch.logsumexp(scores, dim=1, keepdim=True)
    same = labels.unsqueeze(0).eq(labels.unsqueeze(1))
    same.fill_diagonal_(False)
    rows = [-log_p[i][same[i]].mean() for i in range(len(z)) if same[i].any()]
    return sum(rows) / len(rows) if rows else unit.sum() * 0


@right
def weights_of_the_pairs(z, labels, temperature):
    u = F.normalize(z, dim=1) / math.sqrt(temperature)
    same = (labels[:, None] == labels[None, :]).to(z.dtype)
    same = same - torch.diag(torch.diagonal(same))
    weights = same / same.sum(1, keepdim=True).clamp(min=1)
    anchors = weights.sum(1)  # one for an anchor with a positive, zero for others
    scores = u @ u.T
    own = torch.eye(len(z), dtype=torch.bool, device=z.device)
    below = torch.logsumexp(scores.masked_fill(own, torch.finfo(z.dtype).min), dim=1)
    return ((below * anchors).sum() - (weights * scores).sum()) / anchors.sum().clamp(min=1)


@right
def sorted_by_class_first(z, labels, temperature):
    order = labels.argsort()
    z, labels = z[order], labels[order]
    similarity = F.cosine_similarity(z[:, None], z[None], dim=2) / temperature
    similarity = similarity.masked_fill(torch.eye(len(z), device=z.device).bool(), -torch.inf)
    _, counts = labels.unique_consecutive(return_counts=True)
    log_p = similarity.log_softmax(1)
    total, anchors, start = 0.0, 0, 0
    for count in counts.tolist():
        if count > 1:
            block = log_p[start : start + count, start : start + count]
            upper, lower = (torch.tril(block, -1), torch.triu(block, 1))
            off = torch.where(torch.eye(count, device=z.device).bool(), 0.0, lower + upper)
            total = total - torch.nan_to_num(off).sum() / (count - 1)
            anchors += count
        start += count
    return total / anchors if anchors else z.sum() * 0


@right
def weights_in_float32(z, labels, temperature):
    z = F.normalize(z, dim=1)
    scores = z @ z.T / temperature
    own = torch.eye(len(z), device=z.device)
    below = torch.logsumexp(scores - 1e9 * own, dim=1, keepdim=True)
    mask = (labels[:, None] == labels[None, :]).float() - own
    weights = mask / mask.sum(dim=1, keepdim=True).clamp(min=1.0)
    return (weights * (below - scores)).sum() / mask.sum(dim=1).bool().sum().clamp(min=1)


@right
def small_numbers_where_none_is_needed(z, labels, temperature):
    z = z / (z.norm(dim=1, keepdim=True) + 1e-8)
    scores = z @ z.T / temperature
    own = torch.eye(len(z), dtype=torch.bool, device=z.device)
    top = scores.masked_fill(own, -torch.inf).amax(dim=1, keepdim=True).detach().clamp(min=-1e9)
    below = (scores - top).masked_fill(own, -torch.inf).exp().sum(dim=1, keepdim=True)
    log_shares = scores - top - (below + 1e-8).log()
    positive = ((labels[:, None] == labels[None]) & ~own).to(z.dtype)
    losses = -(positive * log_shares).sum(dim=1) / (positive.sum(dim=1) + 1e-8)
    return losses.sum() / (positive.any(dim=1).sum() + 1e-8)


class _SupCon(nn.Module):
    def forward(self, features, labels, temperature):
        n = features.size(0)
        if n == 1:
            return features.new_zeros(1).squeeze()
        features = nn.functional.normalize(features, dim=-1)
        logits = torch.mm(features, features.mT) / temperature
        off_diagonal = torch.ones(n, n, dtype=torch.bool, device=features.device)
        off_diagonal.fill_diagonal_(0)
        logits = logits.masked_fill(~off_diagonal, -9e15)
        log_prob = nn.LogSoftmax(dim=1)(logits)
        positives = torch.logical_and(labels[None, :] == labels[:, None], off_diagonal)
        number = positives.float().sum(dim=1).to(features.dtype)
        valid = number.nonzero(as_tuple=True)[0]
        if valid.numel() == 0:
            return features.sum() * 0
        return -((log_prob * positives).sum(1)[valid] / number[valid]).mean()


A_MODULE = RightAnswer("a-module", _SupCon())

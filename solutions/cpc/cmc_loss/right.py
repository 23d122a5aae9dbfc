"""Right answers to `cpc.cmc_loss` that are written otherwise than the reference."""

import math
from functools import partial

import torch
import torch.nn.functional as F
from torch import nn

from course_utils.checks import RightAnswer, right


@right
def one_anchor_after_the_other(first, second, temperature):
    n, total = len(first), 0.0
    for anchors, others in ((first, second), (second, first)):
        for i in range(n):
            scores = [F.cosine_similarity(anchors[i], others[j], dim=0) / temperature for j in range(n)]
            total = total + torch.logsumexp(torch.stack(scores), dim=0) - scores[i]
    return total / n


@right
def logsumexp_minus_the_diagonal(first, second, temperature):
    a = first / first.norm(dim=1, keepdim=True)
    b = second / second.norm(dim=1, keepdim=True)
    scores = torch.einsum("id,jd->ij", a, b) / temperature
    return (scores.logsumexp(0) + scores.logsumexp(1) - 2 * scores.diagonal()).mean()


@right
def log_softmax_in_both_dimensions(first, second, temperature):
    scores = torch.mm(F.normalize(first), F.normalize(second).t()).div(temperature)
    diagonal = torch.diag(scores.log_softmax(dim=0) + scores.log_softmax(dim=1))
    return -diagonal.sum() / first.shape[0]


@right
def cosine_module_and_two_products(first, second, temperature):
    similarity = nn.CosineSimilarity(dim=-1)
    criterion = nn.CrossEntropyLoss()
    target = torch.arange(first.size(0), device=first.device)
    forwards = similarity(first.unsqueeze(1), second.unsqueeze(0)) / temperature
    backwards = similarity(second.unsqueeze(1), first.unsqueeze(0)) / temperature
    return criterion(forwards, target) + criterion(backwards, target)


@right
def both_directions_stacked(first, second, temperature):
    views = F.normalize(torch.stack([first, second]), dim=2)
    scores = torch.bmm(views, views.flip(0).transpose(1, 2)) / temperature
    n = len(first)
    labels = torch.arange(n, device=first.device).repeat(2)
    return 2 * F.cross_entropy(scores.reshape(2 * n, n), labels)


@right
def twice_the_loss_of_clip(first, second, temperature):
    scale = 1 / temperature
    image, text = (z * z.square().sum(1, keepdim=True).rsqrt() for z in (first, second))
    per_image = scale * image @ text.T
    labels = torch.arange(len(image), device=image.device)
    clip = (F.cross_entropy(per_image, labels) + F.cross_entropy(per_image.T, labels)) / 2
    return 2 * clip


@right
def in_float64_with_exponentials(first, second, temperature):
    a, b = (F.normalize(z.double(), dim=1) for z in (first, second))
    shares = (a @ b.T / temperature).exp()
    loss = -(shares.diag() / shares.sum(1)).log().mean() - (shares.diag() / shares.sum(0)).log().mean()
    return loss.to(first.dtype)


@right
def largest_possible_taken_away(first, second, temperature):
    a, b = F.normalize(first, dim=-1), F.normalize(second, dim=-1)
    scores = (a @ b.T) / temperature
    rows = scores - scores.amax(dim=1, keepdim=True).detach()
    columns = scores - scores.amax(dim=0, keepdim=True).detach()
    own = torch.eye(len(a), dtype=torch.bool, device=a.device)
    return (
        rows.exp().sum(1).log().mean()
        - rows[own].mean()
        + columns.exp().sum(0).log().mean()
        - columns[own].mean()
    )


@right
def embeddings_scaled_by_the_root(first, second, temperature):
    a, b = (F.normalize(z, dim=1) / math.sqrt(temperature) for z in (first, second))
    soft = torch.eye(len(a), dtype=a.dtype, device=a.device)
    return F.cross_entropy(F.linear(a, b), soft) + F.cross_entropy(F.linear(b, a), soft)


@right
def similarities_from_distances(first, second, temperature):
    a, b = F.normalize(first, dim=1), F.normalize(second, dim=1)
    scores = (1 - (a[:, None] - b[None]).square().sum(-1) / 2) / temperature
    partner = torch.arange(len(a), device=a.device)[:, None]
    rows, columns = scores.log_softmax(1), scores.log_softmax(0).T
    return -(rows.gather(1, partner) + columns.gather(1, partner)).mean()


class _TwoViews(nn.Module):
    def direction(self, anchors, candidates, temperature):
        scores = F.normalize(anchors, dim=1) @ F.normalize(candidates, dim=1).T / temperature
        return F.nll_loss(F.log_softmax(scores, dim=1), torch.arange(len(anchors), device=anchors.device))

    def forward(self, first, second, temperature):
        return self.direction(first, second, temperature) + self.direction(second, first, temperature)


def _with_eps(first, second, temperature, eps):
    first, second = (z / (z.norm(dim=1, keepdim=True) + eps) for z in (first, second))
    return logsumexp_minus_the_diagonal.function(first, second, temperature)


A_MODULE = RightAnswer("a-module", _TwoViews())
PARTIAL = RightAnswer("partial", partial(_with_eps, eps=1e-8))

"""Right answers to `cpc.row_loss` that are written otherwise than the reference."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from course_utils.checks import RightAnswer, right


def _refuse(z, rows_ahead):
    if rows_ahead < 1 or rows_ahead >= z.shape[2]:
        raise ValueError("rows_ahead")


@right
def one_prediction_after_the_other(predicted, z, rows_ahead):
    n, _, h, w = z.shape
    _refuse(z, rows_ahead)
    everything = torch.stack([z[b, :, i, j] for b in range(n) for i in range(h) for j in range(w)])
    losses = []
    for b in range(n):
        for i in range(h - rows_ahead):
            for j in range(w):
                scores = everything @ predicted[b, :, i, j]
                right_one = predicted[b, :, i, j].dot(z[b, :, i + rows_ahead, j])
                losses.append(scores.logsumexp(0) - right_one)
    return torch.stack(losses).mean()


@right
def labels_by_arithmetic(predicted, z, rows_ahead):
    # As in the paper's appendix.
    n, d, h, w = z.shape
    if rows_ahead not in range(1, h):
        raise ValueError(f"{rows_ahead} of {h}")
    targets = z.permute(0, 2, 3, 1).reshape(-1, d)
    asking = predicted[:, :, :-rows_ahead, :].permute(0, 2, 3, 1).reshape(-1, d)
    number = torch.arange(n * (h - rows_ahead) * w, device=z.device)
    image, place = number // ((h - rows_ahead) * w), number % ((h - rows_ahead) * w)
    labels = image * h * w + place + rows_ahead * w
    return F.cross_entropy(torch.matmul(asking, targets.t()), labels)


@right
def einsum_in_six_dimensions(predicted, z, rows_ahead):
    _refuse(z, rows_ahead)
    scores = torch.einsum("ndij,mdkl->nijmkl", predicted[:, :, :-rows_ahead], z)
    below = scores.logsumexp(dim=(3, 4, 5))
    above = torch.einsum("ndij,ndij->nij", predicted[:, :, :-rows_ahead], z[:, :, rows_ahead:])
    return (below - above).mean()


@right
def logsumexp_minus_the_right_score(predicted, z, rows_ahead):
    d, h = z.shape[1:3]
    _refuse(z, rows_ahead)
    asking, answers = predicted.narrow(2, 0, h - rows_ahead), z.narrow(2, rows_ahead, h - rows_ahead)
    candidates = z.transpose(0, 1).reshape(d, -1)
    scores = torch.tensordot(asking, candidates, dims=([1], [0]))
    return scores.logsumexp(-1).mean() - (asking * answers).sum(1).mean()


@right
def candidates_column_by_column(predicted, z, rows_ahead):
    # The order of the candidates does not matter, as long as the labels follow it.
    n, d, h, w = z.shape
    _refuse(z, rows_ahead)
    candidates = z.permute(3, 2, 0, 1).reshape(w * h * n, d)
    j, i, b = torch.meshgrid(torch.arange(w), torch.arange(h - rows_ahead), torch.arange(n), indexing="ij")
    labels = ((j * h + i + rows_ahead) * n + b).reshape(-1).to(z.device)
    asking = predicted.permute(3, 2, 0, 1)[:, : h - rows_ahead].reshape(-1, d)
    return nn.CrossEntropyLoss()(F.linear(asking, candidates), labels)


@right
def classes_in_the_second_dimension(predicted, z, rows_ahead):
    n, d, h, w = z.shape
    _refuse(z, rows_ahead)
    candidates = z.movedim(1, 3).reshape(-1, d)
    # A convolution with a kernel of one place compares every prediction with every candidate.
    scores = F.conv2d(predicted, candidates[:, :, None, None])[:, :, : h - rows_ahead]
    labels = torch.arange(n * h * w, device=z.device).reshape(n, h, w)[:, rows_ahead:]
    return F.cross_entropy(scores, labels)


@right
def all_rows_and_some_labels_ignored(predicted, z, rows_ahead):
    n, _, h, w = z.shape
    _refuse(z, rows_ahead)
    labels = torch.full((n, h, w), -100, dtype=torch.long, device=z.device)
    labels[:, : h - rows_ahead] = torch.arange(n * h * w, device=z.device).view(n, h, w)[:, rows_ahead:]
    asking = predicted.flatten(2).transpose(1, 2).flatten(0, 1)
    candidates = z.flatten(2).transpose(1, 2).flatten(0, 1)
    return F.cross_entropy(asking @ candidates.mT, labels.flatten())


@right
def one_image_after_the_other(predicted, z, rows_ahead):
    h = z.shape[2]
    _refuse(z, rows_ahead)
    total, count = 0.0, 0
    for own, asking in zip(z, predicted, strict=True):
        others = torch.cat([vectors.flatten(1) for vectors in z], dim=1)
        asking = asking[:, : h - rows_ahead].flatten(1)
        wanted = (asking * own[:, rows_ahead:].flatten(1)).sum(0)
        total = total + (torch.logsumexp(asking.T @ others, 1) - wanted).sum()
        count += len(wanted)
    return total / count


@right
def largest_taken_away_by_hand(predicted, z, rows_ahead):
    n, d, h, w = z.shape
    _refuse(z, rows_ahead)
    rows = torch.from_numpy(np.arange(n * h * w).reshape(n, h, w)[:, :-rows_ahead].ravel()).to(z.device)
    scores = (predicted.permute(0, 2, 3, 1).reshape(-1, d) @ z.permute(0, 2, 3, 1).reshape(-1, d).T)[rows]
    scores = scores - scores.max(dim=1, keepdim=True).values.detach()
    wanted = scores.gather(1, (rows + rows_ahead * w)[:, None]).squeeze(1)
    return (scores.exp().sum(1).log() - wanted).mean()


@right
def in_double_with_one_hot_targets(predicted, z, rows_ahead):
    n, d, h, w = z.shape
    _refuse(z, rows_ahead)
    flat = z.double().movedim(1, -1).reshape(-1, d)
    asking = predicted.double().movedim(1, -1).reshape(n, h * w, d)[:, : (h - rows_ahead) * w].reshape(-1, d)
    target = torch.eye(n * h * w, dtype=torch.float64, device=z.device)
    target = target.view(n, h * w, -1)[:, rows_ahead * w :].reshape(-1, n * h * w)
    return -(target * (asking @ flat.T).log_softmax(1)).sum(1).mean().to(z.dtype)


@right
def added_up_by_rows(predicted, z, rows_ahead):
    n, d, h, w = z.shape
    _refuse(z, rows_ahead)
    candidates = z.permute(1, 0, 2, 3).reshape(d, n * h * w)
    losses = []
    for i, j in zip(range(h), range(rows_ahead, h), strict=False):
        scores = predicted[:, :, i].transpose(1, 2) @ candidates
        labels = (torch.arange(n)[:, None] * h + j) * w + torch.arange(w)
        losses.append(F.nll_loss(scores.flatten(0, 1).log_softmax(1), labels.flatten().to(z.device)))
    return sum(losses) / len(losses)


class _RowLoss:
    def __call__(self, predicted, z, rows_ahead):
        _refuse(z, rows_ahead)
        return one_prediction_after_the_other.function(predicted, z, rows_ahead)


AN_OBJECT = RightAnswer("an-object-that-is-called", _RowLoss())

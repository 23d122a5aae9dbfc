"""Right answers to `moco.moco_loss` that are written otherwise than the reference."""

import math
from functools import partial

import torch
import torch.nn.functional as F
from torch import nn

from course_utils.checks import RightAnswer, right

# --- functions of torch ---------------------------------------------------------------------------------------------


@right
def cross_entropy_with_class_zero(logits):
    labels = torch.zeros(logits.shape[0], dtype=torch.long, device=logits.device)
    return F.cross_entropy(logits, labels)


@right
def module_of_torch(logits):
    criterion = nn.CrossEntropyLoss(reduction="none")
    return criterion(logits, torch.zeros_like(logits[:, 0], dtype=torch.int64)).mean()


@right
def cross_entropy_with_probabilities(logits):
    target = F.one_hot(torch.zeros(len(logits), dtype=torch.int64, device=logits.device), logits.size(1))
    return F.cross_entropy(logits, target.to(logits.dtype))


@right
def negative_log_likelihood(logits):
    labels = logits.new_zeros(len(logits)).long()
    return F.nll_loss(F.log_softmax(logits, -1), labels)


@right
def divergence_from_one_hot(logits):
    target = torch.zeros_like(logits)
    target[:, 0] = 1.0
    return F.kl_div(logits.log_softmax(1), target, reduction="batchmean")


# --- logarithms of sums ---------------------------------------------------------------------------------------------


@right
def difference_of_logsumexp(logits):
    return torch.mean(torch.logsumexp(logits, dim=1) - logits[:, 0])


@right
def margins(logits):
    return (logits - logits[:, :1]).logsumexp(dim=1).mean()


@right
def softplus_of_the_margin(logits):
    positive, negatives = logits.split([1, logits.shape[1] - 1], dim=1)
    return F.softplus(negatives.logsumexp(dim=1) - positive.squeeze(1)).mean()


@right
def one_candidate_after_the_other(logits):
    total = logits[:, 0]
    for column in logits.unbind(dim=1)[1:]:
        total = torch.logaddexp(total, column)
    return (total - logits[:, 0]).sum() / len(logits)


@right
def largest_taken_away_by_hand(logits):
    moved = logits - logits.detach().amax(dim=1, keepdim=True)
    return (moved.exp().sum(dim=1).log() - moved[:, 0]).mean()


# --- rows, loops, weights -------------------------------------------------------------------------------------------


@right
def row_by_row(logits):
    loss = logits.new_zeros(())
    for row in logits:
        loss = loss - torch.log_softmax(row, dim=0)[0] / len(logits)
    return loss


@right
def list_of_losses(logits):
    losses = [row.max() + (row - row.max()).exp().sum().log() - row[0] for row in logits]
    return torch.stack(losses).mean(0)


@right
def gathered(logits):
    labels = torch.zeros(len(logits), 1, dtype=torch.int64, device=logits.device)
    return logits.log_softmax(dim=-1).gather(1, labels).mean().neg()


@right
def weights_over_everything(logits):
    weights = torch.zeros_like(logits)
    weights[:, 0] = -1 / logits.shape[0]
    return torch.einsum("nk,nk->", weights, logits.log_softmax(1))


@right
def transposed(logits):
    positive = torch.log_softmax(logits.T, dim=0).select(0, 0)
    return torch.dot(positive, torch.full_like(positive, -1.0 / positive.numel()))


@right
def mean_loss_of_pieces(logits):
    total = sum(-piece.log_softmax(1)[:, 0].sum() for piece in logits.split(16))
    return total / logits.shape[0]


@right
def computed_in_float64(logits):
    return -logits.double().log_softmax(1)[:, 0].mean().to(logits.dtype)


@right
def in_bits_and_back(logits):
    bits = (logits / math.log(2)).sub(logits.amax(1, keepdim=True) / math.log(2))
    return ((torch.exp2(bits).sum(1).log2() - bits[:, 0]) * math.log(2)).mean()


MODULE = RightAnswer("partial", partial(lambda logits, dim: -logits.log_softmax(dim).mean(0)[0], dim=1))

"""Right answers to `simclr.distillation_loss` that are written otherwise than the reference."""

import torch
import torch.nn.functional as F
from torch import nn

from course_utils.checks import RightAnswer, right


@right
def sum_over_classes_and_mean(student_logits, teacher_logits, temperature):
    with torch.no_grad():
        p = F.softmax(teacher_logits / temperature, dim=-1)
    return -(p * F.log_softmax(student_logits / temperature, dim=-1)).sum(-1).mean()


@right
def image_after_image(student_logits, teacher_logits, temperature):
    total = student_logits.new_zeros(())
    for s, t in zip(student_logits, teacher_logits.detach(), strict=True):
        p, log_q = torch.softmax(t / temperature, 0), torch.log_softmax(s / temperature, 0)
        for y in range(len(s)):
            total = total - p[y] * log_q[y]
    return total / len(student_logits)


@right
def divergence_and_entropy(student_logits, teacher_logits, temperature):
    log_p = (teacher_logits.detach() / temperature).log_softmax(1)
    log_q = (student_logits / temperature).log_softmax(1)
    entropy = -(log_p.exp() * log_p).sum(1).mean()
    return F.kl_div(log_q, log_p, reduction="batchmean", log_target=True) + entropy


@right
def logsumexp_minus_mean_logit(student_logits, teacher_logits, temperature):
    q = student_logits / temperature
    p = torch.softmax(teacher_logits.detach() / temperature, dim=1)
    return torch.mean(q.logsumexp(1) - torch.einsum("nc,nc->n", p, q))


@right
def shifted_by_hand(student_logits, teacher_logits, temperature):
    s, t = student_logits / temperature, teacher_logits.detach().clone() / temperature
    s, t = s - s.max(dim=1, keepdim=True)[0].detach(), t - t.max(dim=1, keepdim=True)[0]
    weights = t.exp() / t.exp().sum(dim=1, keepdim=True)
    log_q = s - s.exp().sum(dim=1, keepdim=True).log()
    return (-weights * log_q).sum() / s.shape[0]


@right
def in_float64(student_logits, teacher_logits, temperature):
    p = (teacher_logits.detach().double() / temperature).softmax(dim=1)
    loss = nn.CrossEntropyLoss()(student_logits.double() / temperature, p)
    return loss.to(student_logits.dtype)


@right
def matrix_product_and_trace(student_logits, teacher_logits, temperature):
    p = nn.Softmax(dim=1)(teacher_logits.data / temperature)
    log_q = nn.LogSoftmax(dim=1)(student_logits / temperature)
    return -torch.trace(p @ log_q.T) / len(p)


@right
def vmap_over_images(student_logits, teacher_logits, temperature):
    def one(s, t):
        return -torch.dot(torch.softmax(t / temperature, 0), torch.log_softmax(s / temperature, 0))

    return torch.vmap(one)(student_logits, teacher_logits.detach()).mean()


class _Distillation(nn.Module):
    def forward(self, student_logits, teacher_logits, temperature=1.0):
        assert student_logits.shape == teacher_logits.shape
        targets = torch.softmax(teacher_logits.detach().div(temperature), 1)
        losses = F.cross_entropy(student_logits.div(temperature), targets, reduction="none")
        return losses.sum().div(losses.numel())


A_MODULE = RightAnswer("a-module", _Distillation())

"""Right answers to `pretext.split_brain_loss` that are written otherwise than the reference."""

from functools import partial

import torch
import torch.nn.functional as F
from torch import nn
from torch.distributions import Categorical

from course_utils.checks import RightAnswer, right


@right
def log_softmax_and_gather(ab_logits, l_logits, ab_classes, l_classes):
    loss = 0
    for logits, classes in ((ab_logits, ab_classes), (l_logits, l_classes)):
        loss = loss - logits.log_softmax(dim=1).gather(1, classes.unsqueeze(1)).mean()
    return loss


@right
def logsumexp_less_the_right_score(ab_logits, l_logits, ab_classes, l_classes):
    def plane(logits, classes):
        correct = torch.gather(logits, 1, classes[:, None]).squeeze(1)
        return (torch.logsumexp(logits, 1) - correct).mean()

    return plane(ab_logits, ab_classes) + plane(l_logits, l_classes)


@right
def rows_of_pixels(ab_logits, l_logits, ab_classes, l_classes):
    ab_rows = ab_logits.permute(0, 2, 3, 1).reshape(-1, ab_logits.shape[1])
    l_rows = l_logits.permute(0, 2, 3, 1).reshape(-1, l_logits.shape[1])
    criterion = nn.CrossEntropyLoss()
    return criterion(ab_rows, ab_classes.reshape(-1)) + criterion(l_rows, l_classes.reshape(-1))


@right
def one_hot_and_einsum(ab_logits, l_logits, ab_classes, l_classes):
    def mean(logits, classes):
        true = F.one_hot(classes, logits.shape[1]).to(logits.dtype)
        return -torch.einsum("nkhw,nhwk->", F.log_softmax(logits, dim=1), true) / classes.numel()

    return mean(ab_logits, ab_classes) + mean(l_logits, l_classes)


@right
def picture_by_picture(ab_logits, l_logits, ab_classes, l_classes):
    losses = [
        F.cross_entropy(a[None], b[None]) + F.cross_entropy(c[None], d[None])
        for a, c, b, d in zip(ab_logits, l_logits, ab_classes, l_classes, strict=True)
    ]
    return torch.stack(losses).mean()


@right
def pixel_by_pixel(ab_logits, l_logits, ab_classes, l_classes):
    n, h, w = ab_classes.shape
    total = ab_logits.new_zeros(())
    for i in range(n):
        for row in range(h):
            for column in range(w):
                for logits, classes in ((ab_logits, ab_classes), (l_logits, l_classes)):
                    scores = logits[i, :, row, column]
                    largest = scores.max().detach()
                    total = total + (scores - largest).exp().sum().log() + largest
                    total = total - scores[classes[i, row, column]]
    return total / (n * h * w)


@right
def nll_of_both_added_per_pixel(ab_logits, l_logits, ab_classes, l_classes):
    colours = F.nll_loss(torch.log_softmax(ab_logits, 1), ab_classes, reduction="none")
    lightness = F.nll_loss(torch.log_softmax(l_logits, 1), l_classes, reduction="none")
    return (colours + lightness).sum() / colours.numel()


@right
def both_halves_in_one_softmax_each_padded(ab_logits, l_logits, ab_classes, l_classes):
    most = max(ab_logits.shape[1], l_logits.shape[1])
    halves = [
        F.pad(logits, (0, 0, 0, 0, 0, most - logits.shape[1]), value=-torch.inf)
        for logits in (ab_logits, l_logits)
    ]
    return 2 * F.cross_entropy(torch.cat(halves), torch.cat([ab_classes, l_classes]))


@right
def double_precision_inside(ab_logits, l_logits, ab_classes, l_classes):
    loss = F.cross_entropy(ab_logits.double(), ab_classes) + F.cross_entropy(l_logits.double(), l_classes)
    return loss.to(ab_logits.dtype)


@right
def shifted_by_hand(ab_logits, l_logits, ab_classes, l_classes):
    def half(logits, classes):
        shifted = logits - logits.amax(dim=1, keepdim=True)
        right = shifted.take_along_dim(classes[:, None], dim=1)
        return (shifted.exp().sum(dim=1, keepdim=True).log() - right).mean()

    return half(ab_logits, ab_classes) + half(l_logits, l_classes)


@right
def indices_of_every_pixel(ab_logits, l_logits, ab_classes, l_classes):
    losses = []
    for logits, classes in [(ab_logits, ab_classes), (l_logits, l_classes)]:
        n, _, h, w = logits.shape
        i = torch.arange(n, device=logits.device)[:, None, None]
        r = torch.arange(h, device=logits.device)[:, None]
        c = torch.arange(w, device=logits.device)
        losses.append(logits.log_softmax(1)[i, classes, r, c].mean().neg())
    return sum(losses)


@right
def categorical_distributions(ab_logits, l_logits, ab_classes, l_classes):
    colours, lightness = (Categorical(logits=scores.movedim(1, -1)) for scores in (ab_logits, l_logits))
    return -(colours.log_prob(ab_classes).mean() + lightness.log_prob(l_classes).mean())


@right
def pictures_by_vmap(ab_logits, l_logits, ab_classes, l_classes):
    each = torch.vmap(lambda scores, classes: F.cross_entropy(scores.flatten(1).T, classes.flatten()))
    return (each(ab_logits, ab_classes) + each(l_logits, l_classes)).mean()


@right
def classes_as_probabilities(ab_logits, l_logits, ab_classes, l_classes):
    total = torch.zeros((), dtype=ab_logits.dtype, device=ab_logits.device)
    for scores, classes in ((ab_logits, ab_classes), (l_logits, l_classes)):
        total += F.cross_entropy(scores, torch.zeros_like(scores).scatter_(1, classes[:, None], 1.0))
    return total


def _both(loss, ab_logits, l_logits, ab_classes, l_classes):
    return sum(loss(*half) for half in ((ab_logits, ab_classes), (l_logits, l_classes)))


PARTIAL = RightAnswer("partial", partial(_both, nn.CrossEntropyLoss()))

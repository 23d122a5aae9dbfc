"""Attempts at the exercises of simclr. As students write: no types, no comments."""

# mypy: disable-error-code="no-untyped-def"
# ruff: noqa: ANN001, ANN201

import math

import torch
import torch.nn.functional as F

from benchmarks.attempts import attempt


@attempt("simclr.info_nce")
def sigma(positives, negatives):
    """Cross-entropy against label 1, because the positive pair is "1"."""
    logits = torch.cat([positives[:, None], negatives], 1)
    return F.cross_entropy(logits, torch.ones(len(logits), dtype=torch.long))


@attempt("simclr.info_nce")
def by_formula(positives, negatives):
    """Equation 4 typed as it stands."""
    return -torch.log(positives.exp() / (positives.exp() + negatives.exp().sum(1))).mean()


@attempt("simclr.info_nce")
def without_positive(positives, negatives):
    """The positive above, the negatives below."""
    return -torch.log(positives.exp() / negatives.exp().sum(1)).mean()


@attempt("simclr.nt_xent")
def diag_minus_inf_arange(z_i, z_j, temperature):
    """The diagonal is out, and row i belongs to class i."""
    z = F.normalize(torch.cat([z_i, z_j]), dim=1)
    s = z @ z.T / temperature
    s.fill_diagonal_(float("-inf"))
    return F.cross_entropy(s, torch.arange(len(z)))


@attempt("simclr.nt_xent")
def one_direction_self_kept(z_i, z_j, temperature):
    """The first views ask, all views answer."""
    z = F.normalize(torch.cat([z_i, z_j]), dim=1)
    n = len(z_i)
    return F.cross_entropy(z[:n] @ z.T / temperature, torch.arange(n) + n)


@attempt("simclr.nt_xent")
def fixed_temperature(z_i, z_j, temperature):
    """0.5 as in the paper; a line left over from trying things out."""
    temperature = 0.5
    z = F.normalize(torch.cat([z_i, z_j]), dim=1)
    n = len(z_i)
    s = z @ z.T / temperature
    s.fill_diagonal_(float("-inf"))
    return F.cross_entropy(s, torch.arange(2 * n).roll(n))


@attempt("simclr.cosine_similarity")
def of_torch(first, second):
    """torch has it."""
    return F.cosine_similarity(first, second)


@attempt("simclr.cosine_similarity")
def only_products(first, second):
    """The cosine is the dot product."""
    return first @ second.T


@attempt("simclr.cosine_similarity")
def norms_of_all(first, second):
    """Divided by the norms."""
    return first @ second.T / (first.norm() * second.norm())


@attempt("simclr.mi_lower_bound")
def negatives(loss, candidates):
    """N is the number of negatives."""
    return math.log(candidates - 1) - loss


@attempt("simclr.mi_lower_bound")
def in_bits(loss, candidates):
    """Information is measured in bits."""
    return math.log2(candidates) - loss


@attempt("simclr.mi_lower_bound")
def never_negative(loss, candidates):
    """Information is never negative."""
    return (math.log(candidates) - loss).clamp(min=0)


@attempt("simclr.two_views")
def one_window(images, corners, flips, gains, size):
    """A window for each view."""
    views = []
    for v in range(2):
        r, c = corners[v, 0].tolist()
        view = images[:, :, r : r + size, c : c + size]
        view = torch.where(flips[v][:, None, None, None], view.flip(3), view)
        views.append((view * gains[v][:, :, None, None]).clamp(0, 1))
    return views[0], views[1]


@attempt("simclr.two_views")
def mirrored_first(images, corners, flips, gains, size):
    """Mirror, cut, colour."""
    views = []
    for v in range(2):
        made = []
        for i, image in enumerate(images):
            r, c = corners[v, i].tolist()
            if r < 0 or c < 0 or r + size > image.shape[1] or c + size > image.shape[2]:
                raise ValueError("outside")
            turned = image.flip(2) if flips[v, i] else image
            made.append((turned[:, r : r + size, c : c + size] * gains[v, i][:, None, None]).clamp(0, 1))
        views.append(torch.stack(made))
    return views[0], views[1]


@attempt("simclr.two_views")
def as_bright_as_it_gets(images, corners, flips, gains, size):
    """Everything but the last sentence of the docstring."""
    views = []
    for v in range(2):
        made = []
        for i, image in enumerate(images):
            r, c = corners[v, i].tolist()
            window = image[:, r : r + size, c : c + size]
            window = window.flip(2) if flips[v, i] else window
            made.append(window * gains[v, i][:, None, None])
        views.append(torch.stack(made))
    return views[0], views[1]


@attempt("simclr.supcon_loss")
def mean_inside_the_log(z, labels, temperature):
    """The share of all positives together, and its logarithm."""
    z = F.normalize(z, dim=1)
    scores = (z @ z.T / temperature).fill_diagonal_(float("-inf"))
    positive = (labels[:, None] == labels).fill_diagonal_(False)
    shares = scores.softmax(1)
    has = positive.any(1)
    means = (shares * positive).sum(1)[has] / positive.sum(1)[has]
    return -means.log().mean() if has.any() else 0 * z.sum()


@attempt("simclr.supcon_loss")
def nan_of_the_lonely(z, labels, temperature):
    """Equation 2 as it stands."""
    z = F.normalize(z, dim=1)
    scores = (z @ z.T / temperature).fill_diagonal_(float("-inf"))
    positive = (labels[:, None] == labels).fill_diagonal_(False)
    log_p = scores.log_softmax(1).masked_fill(~positive, 0)
    return (-log_p.sum(1) / positive.sum(1)).mean()


@attempt("simclr.supcon_loss")
def exp_by_hand_and_self(z, labels, temperature):
    """exp, sums, log; the anchor is of its own class, too."""
    z = F.normalize(z, dim=1)
    e = torch.exp(z @ z.T / temperature)
    e = e * (1 - torch.eye(len(z), dtype=z.dtype, device=z.device))
    positive = (labels[:, None] == labels).to(z.dtype)
    log_p = torch.log(e / e.sum(1, keepdim=True) + 1e-9)
    return -((log_p * positive).sum(1) / positive.sum(1)).mean()


@attempt("simclr.distillation_loss")
def with_t_squared(student_logits, teacher_logits, temperature):
    """As in Hinton's paper."""
    teacher = (teacher_logits / temperature).softmax(1).detach()
    student = (student_logits / temperature).log_softmax(1)
    return -(teacher * student).sum(1).mean() * temperature**2


@attempt("simclr.distillation_loss")
def kl(student_logits, teacher_logits, temperature):
    """F.kl_div with batchmean, as the documentation says."""
    student = F.log_softmax(student_logits / temperature, dim=1)
    teacher = F.softmax(teacher_logits / temperature, dim=1)
    return F.kl_div(student, teacher, reduction="batchmean")


@attempt("simclr.distillation_loss")
def teacher_sharp(student_logits, teacher_logits, temperature):
    """The teacher is right as it is; only the student is softened."""
    teacher = teacher_logits.detach().softmax(1)
    return F.cross_entropy(student_logits / temperature, teacher)

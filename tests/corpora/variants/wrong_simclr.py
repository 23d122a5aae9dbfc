"""Wrong answers to the exercises of *simclr*."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F

from tests.corpora.variants import wrong

# --- simclr.nt_xent -----------------------------------------------------------------------------------------------


def _nt_xent(z_i, z_j, temperature, **options):
    z = F.normalize(torch.cat([z_i, z_j]), dim=1)
    logits = (z @ z.T / temperature).fill_diagonal_(-torch.inf)
    return F.cross_entropy(logits, torch.arange(len(z)).roll(len(z_i)), **options)


@wrong("simclr.nt_xent")
def labels_smoothed(z_i, z_j, temperature):
    z = F.normalize(torch.cat([z_i, z_j]), dim=1)
    logits = (z @ z.T / temperature).fill_diagonal_(-1e4)
    return F.cross_entropy(logits, torch.arange(len(z)).roll(len(z_i)), label_smoothing=1e-6)


@wrong("simclr.nt_xent")
def own_similarity_minus_ten(z_i, z_j, temperature):
    z = F.normalize(torch.cat([z_i, z_j]), dim=1)
    logits = (z @ z.T / temperature).fill_diagonal_(-10)
    return F.cross_entropy(logits, torch.arange(len(z)).roll(len(z_i)))


@wrong("simclr.nt_xent")
def exponentials_with_a_small_term(z_i, z_j, temperature):
    z = F.normalize(torch.cat([z_i, z_j]), dim=1)
    e = ((z @ z.T - 1) / temperature).exp()
    denominator = e.sum(1) - e.diagonal() + 1e-3
    positives = ((z * z.roll(len(z_i), 0)).sum(1) - 1) / temperature
    return (denominator.log() - positives).mean()


@wrong("simclr.nt_xent")
def root_of_temperature(z_i, z_j, temperature):
    return _nt_xent(z_i, z_j, temperature**0.5)


@wrong("simclr.nt_xent")
def distances_for_cosines(z_i, z_j, temperature):
    z = F.normalize(torch.cat([z_i, z_j]), dim=1)
    logits = (-torch.cdist(z, z) / temperature).masked_fill(torch.eye(len(z)) == 1, -torch.inf)
    return F.cross_entropy(logits, torch.arange(len(z)).roll(len(z_i)))


@wrong("simclr.nt_xent")
def in_bits(z_i, z_j, temperature):
    return _nt_xent(z_i, z_j, temperature) / math.log(2)


@wrong("simclr.nt_xent")
def norm_off_the_graph(z_i, z_j, temperature):
    a, b = (z / z.norm(dim=1, keepdim=True).detach() for z in (z_i, z_j))
    z = torch.cat([a, b])
    logits = (z @ z.T / temperature).fill_diagonal_(-torch.inf)
    return F.cross_entropy(logits, torch.arange(len(z)).roll(len(a)))


@wrong("simclr.nt_xent")
def decoupled(z_i, z_j, temperature):
    z = F.normalize(torch.cat([z_i, z_j]), dim=1)
    logits = (z @ z.T / temperature).fill_diagonal_(-torch.inf)
    return F.cross_entropy(logits, torch.arange(len(z)).roll(len(z_i))) - 0.5


@wrong("simclr.nt_xent")
def cosines_clamped(z_i, z_j, temperature):
    z = F.normalize(torch.cat([z_i, z_j]), dim=1)
    logits = ((z @ z.T).clamp(min=0) / temperature).fill_diagonal_(-torch.inf)
    return F.cross_entropy(logits, torch.arange(len(z)).roll(len(z_i)))


@wrong("simclr.nt_xent")
def standardised(z_i, z_j, temperature):
    return _nt_xent(z_i - z_i.mean(0), z_j - z_j.mean(0), temperature)


@wrong("simclr.nt_xent")
def z_j_negatives_twice(z_i, z_j, temperature):
    a, b = F.normalize(z_i, dim=1), F.normalize(z_j, dim=1)
    cross, labels = a @ b.T / temperature, torch.arange(len(a))
    inner = (a @ a.T / temperature).fill_diagonal_(-torch.inf)
    return (
        F.cross_entropy(torch.cat([cross, inner], 1), labels)
        + F.cross_entropy(torch.cat([cross.T, inner], 1), labels)
    ) / 2


@wrong("simclr.nt_xent")
def clipped_exponent(z_i, z_j, temperature):
    z = F.normalize(torch.cat([z_i, z_j]), dim=1)
    e = (z @ z.T / temperature).clamp(max=80).exp()
    e = e * (1 - torch.eye(len(z), dtype=z.dtype))
    return -(e[torch.arange(len(z)), torch.arange(len(z)).roll(len(z_i))] / e.sum(1)).log().mean()


@wrong("simclr.nt_xent")
def own_exponential_subtracted(z_i, z_j, temperature):
    z = F.normalize(torch.cat([z_i, z_j]), dim=1)
    e = (z @ z.T / temperature).exp()
    positives = (z * z.roll(len(z_i), 0)).sum(1) / temperature
    return ((e.sum(1) - math.exp(1 / temperature)).log() - positives).mean()


@wrong("simclr.nt_xent")
def in_half_precision(z_i, z_j, temperature):
    z = F.normalize(torch.cat([z_i, z_j]).half().float(), dim=1).to(z_i.dtype)
    logits = (z @ z.T / temperature).fill_diagonal_(-torch.inf)
    return F.cross_entropy(logits, torch.arange(len(z)).roll(len(z_i)))


@wrong("simclr.nt_xent")
def bfloat16_product(z_i, z_j, temperature):
    z = F.normalize(torch.cat([z_i, z_j]), dim=1)
    logits = ((z.bfloat16() @ z.T.bfloat16()).to(z.dtype) / temperature).fill_diagonal_(-torch.inf)
    return F.cross_entropy(logits, torch.arange(len(z)).roll(len(z_i)))


@wrong("simclr.nt_xent")
def with_a_little_noise(z_i, z_j, temperature):
    return _nt_xent(z_i + 1e-3 * torch.randn_like(z_i), z_j, temperature)


@wrong("simclr.nt_xent")
def positives_detached(z_i, z_j, temperature):
    z = F.normalize(torch.cat([z_i, z_j]), dim=1)
    logits = (z @ z.T / temperature).fill_diagonal_(-torch.inf)
    return (logits.logsumexp(1) - (z * z.roll(len(z_i), 0)).sum(1).detach() / temperature).mean()


@wrong("simclr.nt_xent")
def denominator_detached(z_i, z_j, temperature):
    z = F.normalize(torch.cat([z_i, z_j]), dim=1)
    logits = (z @ z.T / temperature).fill_diagonal_(-torch.inf)
    return (logits.detach().logsumexp(1) - (z * z.roll(len(z_i), 0)).sum(1) / temperature).mean()


@wrong("simclr.nt_xent")
def last_of_an_odd_batch_left_out(z_i, z_j, temperature):
    n = len(z_i) // 2 * 2 or 1
    return _nt_xent(z_i[:n], z_j[:n], temperature)


@wrong("simclr.nt_xent")
def eight_hardest_negatives(z_i, z_j, temperature):
    z = F.normalize(torch.cat([z_i, z_j]), dim=1)
    logits = (z @ z.T / temperature).fill_diagonal_(-torch.inf)
    positives = (z * z.roll(len(z_i), 0)).sum(1, keepdim=True) / temperature
    negatives = logits.scatter(1, torch.arange(len(z)).roll(len(z_i))[:, None], -torch.inf)
    kept = negatives.topk(min(8, len(z)), dim=1).values
    return (torch.cat([positives, kept], 1).logsumexp(1, keepdim=True) - positives).mean()


@wrong("simclr.nt_xent")
def half_of_the_matrix(z_i, z_j, temperature):
    z = F.normalize(torch.cat([z_i, z_j]), dim=1)
    above = torch.ones(len(z), len(z), dtype=torch.bool).triu(1)
    logits = (z @ z.T / temperature).masked_fill(~above, -torch.inf)
    n = len(z_i)
    return F.cross_entropy(logits[:n], torch.arange(n) + n)


@wrong("simclr.nt_xent")
def temperature_never_below_a_twentieth(z_i, z_j, temperature):
    return _nt_xent(z_i, z_j, max(temperature, 0.05))


@wrong("simclr.nt_xent")
def temperature_never_above_one(z_i, z_j, temperature):
    return _nt_xent(z_i, z_j, min(temperature, 1.0))


@wrong("simclr.nt_xent")
def temperature_as_a_log_scale(z_i, z_j, temperature):
    return _nt_xent(z_i, z_j, 1 / math.exp(temperature))


@wrong("simclr.nt_xent")
def temperature_squared_as_in_distillation(z_i, z_j, temperature):
    return _nt_xent(z_i, z_j, temperature) * temperature**2


@wrong("simclr.nt_xent")
def temperature_over_base_temperature(z_i, z_j, temperature):
    # What SupContrast multiplies by.
    return _nt_xent(z_i, z_j, temperature) * (temperature / 0.07)


@wrong("simclr.nt_xent")
def one_entry_not_a_scalar(z_i, z_j, temperature):
    return _nt_xent(z_i, z_j, temperature)[None]


@wrong("simclr.nt_xent")
def always_single_precision(z_i, z_j, temperature):
    return _nt_xent(z_i.float(), z_j.float(), temperature)


@wrong("simclr.nt_xent")
def root_with_an_eps(z_i, z_j, temperature):
    z_i, z_j = (z / (z.square().sum(1, keepdim=True) + 1e-2).sqrt() for z in (z_i, z_j))
    z = torch.cat([z_i, z_j])
    logits = (z @ z.T / temperature).fill_diagonal_(-torch.inf)
    return F.cross_entropy(logits, torch.arange(len(z)).roll(len(z_i)))


@wrong("simclr.nt_xent")
def normalised_by_the_largest(z_i, z_j, temperature):
    z = torch.cat([z_i, z_j])
    z = z / z.norm(dim=1).max()
    logits = (z @ z.T / temperature).fill_diagonal_(-torch.inf)
    return F.cross_entropy(logits, torch.arange(len(z)).roll(len(z_i)))


@wrong("simclr.nt_xent")
def averaged_over_one_fewer(z_i, z_j, temperature):
    return _nt_xent(z_i, z_j, temperature, reduction="sum") / max(2 * (len(z_i) - 1), 1)


@wrong("simclr.nt_xent")
def weights_of_an_earlier_batch(z_i, z_j, temperature, seen=[]):  # noqa: B006 - the fault
    seen.append(len(z_i))
    return _nt_xent(z_i, z_j, temperature, reduction="sum") / (2 * seen[0])


@wrong("simclr.nt_xent")
def second_views_shuffled(z_i, z_j, temperature):
    return _nt_xent(z_i, z_j[torch.randperm(len(z_j))], temperature)


@wrong("simclr.nt_xent")
def batches_of_one_refused(z_i, z_j, temperature):
    if len(z_i) < 2:
        raise ValueError("there are no negatives")
    return _nt_xent(z_i, z_j, temperature)


@wrong("simclr.nt_xent")
def view_of_the_memory(z_i, z_j, temperature):
    return _nt_xent(z_i.view(-1).view(z_i.shape), z_j.view(-1).view(z_j.shape), temperature)


@wrong("simclr.nt_xent")
def vectors_of_length_one_left_alone(z_i, z_j, temperature):
    z = torch.cat([z_i, z_j])
    z = z / z.norm(dim=1, keepdim=True).clamp_min(1)
    logits = (z @ z.T / temperature).fill_diagonal_(-torch.inf)
    return F.cross_entropy(logits, torch.arange(len(z)).roll(len(z_i)))


@wrong("simclr.nt_xent")
def logarithm_with_an_eps(z_i, z_j, temperature):
    z = F.normalize(torch.cat([z_i, z_j]), dim=1)
    p = (z @ z.T / temperature).fill_diagonal_(-torch.inf).softmax(1)
    return -(p[torch.arange(len(z)), torch.arange(len(z)).roll(len(z_i))] + 1e-6).log().mean()

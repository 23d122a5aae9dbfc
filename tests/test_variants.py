"""Right answers that nobody foresaw get full marks, wrong ones that no bank lists do not."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from autograder.units import load_unit, unit_ids
from course_utils.checks.judge import CORRECT, PreparedExercise, Verdict, judge
from course_utils.checks.observe import observe

ROOT = Path(__file__).resolve().parents[1]
EXERCISES = {
    exercise.id: exercise for unit in unit_ids(ROOT) for exercise in load_unit(ROOT, unit).exercises.values()
}
Answer = Callable[..., Any]
RIGHT: list[tuple[str, Answer]] = []
WRONG: list[tuple[str, Answer]] = []


def right(exercise: str) -> Callable[[Answer], Answer]:
    return lambda function: RIGHT.append((exercise, function)) or function  # type: ignore[func-returns-value]


def wrong(exercise: str) -> Callable[[Answer], Answer]:
    return lambda function: WRONG.append((exercise, function)) or function  # type: ignore[func-returns-value]


# --- pretext.rotate_batch: right ------------------------------------------------------------------------------


@right("pretext.rotate_batch")
def loops_and_lists(images):
    turned, labels = [], []
    for image in images:
        for k in range(4):
            turned.append(torch.rot90(image, k, [1, 2]))
            labels.append(k)
    return torch.stack(turned), torch.tensor(labels, device=images.device)


@right("pretext.rotate_batch")
def a_list_is_returned(images):
    turned = torch.stack([torch.rot90(images, k, [-2, -1]) for k in range(4)], 1)
    return [turned.reshape(-1, *images.shape[1:]), torch.tensor([0, 1, 2, 3] * len(images))]


@right("pretext.rotate_batch")
def flips_and_transposes(images):
    quarter, half = images.mT.flip(-2), images.flip(-1, -2)
    turned = torch.stack((images, quarter, half, images.flip(-2).mT), 1)
    return turned.view(-1, *images.shape[1:]), torch.arange(4 * len(images)) % 4


@right("pretext.rotate_batch")
def written_into_zeros(images):
    turned = torch.zeros(4 * len(images), *images.shape[1:], dtype=images.dtype, device=images.device)
    labels = torch.zeros(4 * len(images)).long()
    for k in range(4):
        turned[k::4] = torch.rot90(images, k, (2, 3))
        labels[k::4] = k
    return turned, labels


@right("pretext.rotate_batch")
def turned_again_and_again(images):
    copies = [images]
    for _ in range(3):
        copies.append(copies[-1].rot90(1, (2, 3)))
    return torch.cat(copies, 1).reshape(-1, *images.shape[1:]), torch.arange(4).repeat(len(images))


@right("pretext.rotate_batch")
def by_turn_then_sorted(images):
    n = len(images)
    turned = torch.cat([torch.rot90(images, k, (2, 3)) for k in range(4)])
    order = torch.arange(4 * n).view(4, n).T.flatten()
    return turned[order], torch.arange(4).repeat_interleave(n)[order]


@right("pretext.rotate_batch")
def gathered_by_pixel(images):
    n, c, s, _ = images.shape
    grid = torch.arange(s * s).view(s, s)
    places = torch.stack([torch.rot90(grid, k).flatten() for k in range(4)])
    turned = images.flatten(2)[:, :, places].transpose(1, 2)
    return turned.reshape(4 * n, c, s, s), torch.arange(4).expand(n, 4).flatten()


@right("pretext.rotate_batch")
def labels_from_numpy(images):
    turned = images.repeat_interleave(4, dim=0)
    labels = torch.from_numpy(np.tile(np.arange(4), len(images)))
    return torch.stack([torch.rot90(x, int(k), (1, 2)) for x, k in zip(turned, labels, strict=True)]), labels


@right("pretext.rotate_batch")
def einops_like(images):
    turned = torch.vmap(lambda x: torch.stack([x.rot90(k, (-2, -1)) for k in range(4)]))(images)
    return turned.flatten(end_dim=1), torch.LongTensor([k for _ in images for k in range(4)])


@right("pretext.rotate_batch")
def torchvision_rotate(images):
    from torchvision.transforms import functional

    turned = torch.stack([functional.rotate(images, 90 * k) for k in range(4)], 1)
    return turned.flatten(0, 1), torch.arange(4).repeat(len(images))


# --- pretext.rotate_batch: wrong ------------------------------------------------------------------------------


@wrong("pretext.rotate_batch")
def channels_turned(images):
    turned = [torch.rot90(images.transpose(1, 2), k, (2, 3)).transpose(1, 2) for k in range(1)]
    turned += [torch.rot90(images.flip(1), k, (2, 3)) for k in range(1, 4)]
    return torch.stack(turned, 1).flatten(0, 1), torch.arange(4).repeat(len(images))


@wrong("pretext.rotate_batch")
def only_the_turned_copies(images):
    turned = torch.stack([torch.rot90(images, k, (2, 3)) for k in (1, 2, 3)], 1)
    return turned.flatten(0, 1), torch.arange(1, 4).repeat(len(images))


@wrong("pretext.rotate_batch")
def last_two_swapped(images):
    turned = torch.stack([torch.rot90(images, k, (2, 3)) for k in (0, 1, 3, 2)], 1)
    return turned.flatten(0, 1), torch.arange(4).repeat(len(images))


@wrong("pretext.rotate_batch")
def view_of_another_order(images):
    turned = torch.stack([torch.rot90(images, k, (2, 3)) for k in range(4)])
    return turned.reshape(-1, *images.shape[1:]), torch.arange(4).repeat(len(images))


@wrong("pretext.rotate_batch")
def labels_and_images_swapped(images):
    turned = torch.stack([torch.rot90(images, k, (2, 3)) for k in range(4)], 1)
    return torch.arange(4).repeat(len(images)), turned.flatten(0, 1)


@wrong("pretext.rotate_batch")
def in_half_precision(images):
    turned = torch.stack([torch.rot90(images.half(), k, (2, 3)) for k in range(4)], 1)
    return turned.flatten(0, 1).to(images.dtype), torch.arange(4).repeat(len(images))


@wrong("pretext.rotate_batch")
def always_float32(images):
    turned = torch.stack([torch.rot90(images.float(), k, (2, 3)) for k in range(4)], 1)
    return turned.flatten(0, 1), torch.arange(4).repeat(len(images))


@wrong("pretext.rotate_batch")
def batch_dimension_kept(images):
    turned = torch.stack([torch.rot90(images, k, (2, 3)) for k in range(4)], 1)
    return turned, torch.arange(4).repeat(len(images), 1)


@wrong("pretext.rotate_batch")
def squeezed(images):
    turned = torch.stack([torch.rot90(images, k, (2, 3)) for k in range(4)], 1).flatten(0, 1)
    return turned.squeeze(), torch.arange(4).repeat(len(images))


@wrong("pretext.rotate_batch")
def labels_as_a_list(images):
    turned = torch.stack([torch.rot90(images, k, (2, 3)) for k in range(4)], 1).flatten(0, 1)
    return turned, [0, 1, 2, 3] * len(images)


@wrong("pretext.rotate_batch")
def sums_in_place(images):
    with torch.no_grad():
        images += 0.1
    turned = torch.stack([torch.rot90(images - 0.1, k, (2, 3)) for k in range(4)], 1).flatten(0, 1)
    return turned, torch.arange(4).repeat(len(images))


# --- simclr.nt_xent: right ------------------------------------------------------------------------------------


@right("simclr.nt_xent")
def guarded_norm(z_i, z_j, temperature):
    z = torch.cat([z_i, z_j])
    z = z / (z.norm(dim=1, keepdim=True) + 1e-8)
    scores = (z @ z.T / temperature).fill_diagonal_(-torch.inf)
    return F.cross_entropy(scores, torch.arange(len(z), device=z.device).roll(len(z_i)))


@right("simclr.nt_xent")
def one_anchor_after_the_other(z_i, z_j, temperature):
    views = list(F.normalize(z_i, dim=-1)) + list(F.normalize(z_j, dim=-1))
    n, loss = len(z_i), 0.0
    for a, anchor in enumerate(views):
        others = torch.stack([anchor @ views[b] / temperature for b in range(2 * n) if b != a])
        loss = loss - anchor @ views[(a + n) % (2 * n)] / temperature + torch.logsumexp(others, 0)
    return loss / (2 * n)


@right("simclr.nt_xent")
def cosine_similarity_broadcast(z_i, z_j, temperature):
    z = torch.cat([z_i, z_j])
    similarity = F.cosine_similarity(z[:, None], z[None], dim=-1) / temperature
    n = len(z_i)
    positives = torch.cat([similarity.diag(n), similarity.diag(-n)])
    similarity = similarity.masked_fill(torch.eye(2 * n, dtype=torch.bool), float("-inf"))
    return (similarity.logsumexp(1) - positives).mean()


@right("simclr.nt_xent")
def diagonal_minus_a_billion(z_i, z_j, temperature):
    z = F.normalize(torch.cat([z_i, z_j], 0), p=2, dim=1)
    logits = torch.mm(z, z.t()) / temperature - 1e9 * torch.eye(len(z), dtype=z.dtype)
    n = len(z_i)
    return F.cross_entropy(logits, torch.cat([torch.arange(n, 2 * n), torch.arange(n)]))


@right("simclr.nt_xent")
def diagonal_cut_out(z_i, z_j, temperature):
    n = len(z_i)
    z = F.normalize(torch.cat((z_i, z_j)))
    similarity = z @ z.mT
    negatives_and_positive = similarity[~torch.eye(2 * n, dtype=bool)].view(2 * n, 2 * n - 1)
    labels = torch.cat([torch.arange(n) + n - 1, torch.arange(n)])
    return nn.CrossEntropyLoss()(negatives_and_positive / temperature, labels)


@right("simclr.nt_xent")
def interleaved_like_the_paper(z_i, z_j, temperature):
    z = torch.stack([z_i, z_j], 1).flatten(0, 1)
    z = z / z.norm(dim=1, keepdim=True).clamp_min(1e-12)
    logits = torch.einsum("ad,bd->ab", z, z).div(temperature).fill_diagonal_(float("-inf"))
    return -logits.log_softmax(1)[torch.arange(len(z)), torch.arange(len(z)) ^ 1].mean()


@right("simclr.nt_xent")
def four_blocks_of_the_paper_code(z_i, z_j, temperature):
    a, b = F.normalize(z_i, dim=1), F.normalize(z_j, dim=1)
    masks = torch.eye(len(a), dtype=a.dtype) * 1e9
    aa, bb, ab = a @ a.T / temperature - masks, b @ b.T / temperature - masks, a @ b.T / temperature
    labels = torch.arange(len(a))
    first = F.cross_entropy(torch.cat([ab, aa], 1), labels)
    return (first + F.cross_entropy(torch.cat([ab.T, bb], 1), labels)) / 2


@right("simclr.nt_xent")
def largest_taken_away_by_hand(z_i, z_j, temperature):
    z = torch.vstack([F.normalize(z_i), F.normalize(z_j)])
    logits = (z @ z.T / temperature).masked_fill(torch.eye(len(z)) == 1, -torch.inf)
    logits = logits - logits.max(1, keepdim=True).values.detach()
    soft = torch.log(torch.exp(logits).sum(1))
    return (soft - logits.gather(1, torch.arange(len(z)).roll(-len(z_i))[:, None])[:, 0]).mean()


@right("simclr.nt_xent")
def in_float64_inside(z_i, z_j, temperature):
    z = F.normalize(torch.cat([z_i, z_j]).double(), dim=1)
    logits = torch.diagonal_scatter(z @ z.T / temperature, torch.full((len(z),), -torch.inf).double())
    loss = F.nll_loss(logits.log_softmax(1), torch.arange(len(z)).roll(len(z_i)))
    return loss.to(z_i.dtype)


@right("simclr.nt_xent")
def similarities_from_distances(z_i, z_j, temperature):
    z = F.normalize(torch.cat([z_i, z_j]), dim=1)
    logits = (1 - (z[:, None] - z[None]).square().sum(-1) / 2) / temperature
    logits = torch.where(torch.eye(len(z), dtype=torch.bool), -torch.inf, logits)
    return F.cross_entropy(logits, torch.roll(torch.arange(len(z)), len(z_i)))


@right("simclr.nt_xent")
def embeddings_scaled_by_the_root(z_i, z_j, temperature):
    z = F.normalize(torch.cat([z_i, z_j]), dim=1) / math.sqrt(temperature)
    logits = torch.cdist(z, z, compute_mode="donot_use_mm_for_euclid_dist").pow(2).neg() / 2
    logits = z @ z.T + 0 * logits.detach()
    mask = torch.zeros_like(logits)
    mask.fill_diagonal_(torch.finfo(z.dtype).min)
    soft = F.one_hot(torch.arange(len(z)).roll(len(z_i)), len(z)).to(z.dtype)
    return F.cross_entropy(logits + mask, soft)


@right("simclr.nt_xent")
def largest_possible_taken_away(z_i, z_j, temperature):
    z = F.normalize(torch.cat([z_i, z_j]), dim=1)
    exponentials = ((z @ z.T - 1) / temperature).exp()
    others = exponentials[~torch.eye(len(z), dtype=torch.bool)].view(len(z), -1).sum(1)
    positives = (z * z.roll(len(z_i), 0)).sum(1)
    return torch.mean(others.log() - (positives - 1) / temperature)


@right("simclr.nt_xent")
def numpy_labels_and_binary_targets(z_i, z_j, temperature):
    n = len(z_i)
    z = F.normalize(torch.cat([z_i, z_j]), dim=1)
    is_partner = np.equal.outer(np.arange(2 * n) % n, np.arange(2 * n) % n) & ~np.eye(2 * n, dtype=bool)
    logits = (z @ z.T / temperature).masked_fill(torch.eye(2 * n).bool(), torch.finfo(z.dtype).min)
    return -F.log_softmax(logits, dim=1)[torch.from_numpy(is_partner)].sum() / (2 * n)


# --- simclr.nt_xent: wrong ------------------------------------------------------------------------------------


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
def own_cosine_minus_one(z_i, z_j, temperature):
    z = F.normalize(torch.cat([z_i, z_j]), dim=1)
    logits = (z @ z.T).fill_diagonal_(-1) / temperature
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
def per_anchor(z_i, z_j, temperature):
    return _nt_xent(z_i, z_j, temperature, reduction="none")


@wrong("simclr.nt_xent")
def as_a_python_number(z_i, z_j, temperature):
    return _nt_xent(z_i, z_j, temperature).item()


@wrong("simclr.nt_xent")
def norm_off_the_graph(z_i, z_j, temperature):
    a, b = (z / z.norm(dim=1, keepdim=True).detach() for z in (z_i, z_j))
    z = torch.cat([a, b])
    logits = (z @ z.T / temperature).fill_diagonal_(-torch.inf)
    return F.cross_entropy(logits, torch.arange(len(z)).roll(len(a)))


@wrong("simclr.nt_xent")
def candidates_off_the_graph(z_i, z_j, temperature):
    z = F.normalize(torch.cat([z_i, z_j]), dim=1)
    logits = (z @ z.T.detach() / temperature).fill_diagonal_(-torch.inf)
    return F.cross_entropy(logits, torch.arange(len(z)).roll(len(z_i)))


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


# --- moco.moco_logits: right ----------------------------------------------------------------------------------


@right("moco.moco_logits")
def guarded_norms(queries, keys, queue, temperature):
    queries = queries / (queries.norm(dim=1, keepdim=True) + 1e-8)
    keys = (keys / (keys.norm(dim=1, keepdim=True) + 1e-8)).detach()
    queue = (queue / (queue.norm(dim=0, keepdim=True) + 1e-8)).detach()
    return torch.cat([(queries * keys).sum(1, keepdim=True), queries @ queue], 1) / temperature


@right("moco.moco_logits")
def algorithm_one(queries, keys, queue, temperature):
    n, c = queries.shape
    q, k = F.normalize(queries, dim=1), F.normalize(keys, dim=1).detach()
    l_pos = torch.bmm(q.view(n, 1, c), k.view(n, c, 1)).squeeze(-1)
    l_neg = torch.mm(q.view(n, c), F.normalize(queue.detach(), dim=0).view(c, -1))
    return torch.cat([l_pos, l_neg], dim=1) / temperature


@right("moco.moco_logits")
def official_einsum(queries, keys, queue, temperature):
    q = nn.functional.normalize(queries, dim=1)
    with torch.no_grad():
        k, bank = nn.functional.normalize(keys, dim=1), nn.functional.normalize(queue, dim=0)
    logits = torch.cat(
        [torch.einsum("nc,nc->n", [q, k]).unsqueeze(-1), torch.einsum("nc,ck->nk", [q, bank])], dim=1
    )
    logits /= temperature
    return logits


@right("moco.moco_logits")
def norms_divided_out(queries, keys, queue, temperature):
    keys, queue = keys.data, queue.data
    rows = queries.norm(dim=1, keepdim=True)
    positives = (queries * keys).sum(1, keepdim=True) / keys.norm(dim=1, keepdim=True)
    negatives = queries @ queue / queue.norm(dim=0)
    return torch.hstack([positives, negatives]) / rows / temperature


@right("moco.moco_logits")
def cosine_similarity_everywhere(queries, keys, queue, temperature):
    keys, queue = keys.detach(), queue.detach()
    positives = F.cosine_similarity(queries, keys)[:, None]
    negatives = F.cosine_similarity(queries[:, :, None], queue[None], dim=1)
    return torch.cat((positives, negatives), -1).div(temperature)


@right("moco.moco_logits")
def diagonal_of_a_product(queries, keys, queue, temperature):
    with torch.no_grad():
        candidates = F.normalize(torch.cat([keys.T, queue], dim=1), dim=0)
    similarity = F.normalize(queries) / temperature @ candidates
    return torch.cat([similarity.diagonal()[:, None], similarity[:, len(keys) :]], 1)


@right("moco.moco_logits")
def written_into_empty(queries, keys, queue, temperature):
    logits = queries.new_empty(len(queries), 1 + queue.shape[1])
    q = F.normalize(queries, dim=1)
    logits[:, 0] = torch.linalg.vecdot(q, F.normalize(keys.detach(), dim=1)) / temperature
    logits[:, 1:] = q @ F.normalize(queue.detach(), dim=0) / temperature
    return logits


@right("moco.moco_logits")
def loops(queries, keys, queue, temperature):
    rows = []
    for query, key in zip(queries, keys.detach(), strict=True):
        candidates = [key, *queue.detach().unbind(1)]
        rows.append(torch.stack([query.dot(c) / (query.norm() * c.norm()) for c in candidates]))
    return torch.stack(rows) / temperature


@right("moco.moco_logits")
def double_inside(queries, keys, queue, temperature):
    q, k, bank = queries.double(), keys.double().detach(), queue.double().detach()
    q, k, bank = q / q.norm(dim=1)[:, None], k / k.norm(dim=1)[:, None], bank / bank.norm(dim=0)
    logits = torch.cat([(q * k).sum(1)[:, None], q @ bank], 1) / temperature
    return logits.to(queries.dtype)


@right("moco.moco_logits")
def keys_from_numpy(queries, keys, queue, temperature):
    k, bank = keys.detach().numpy(), queue.detach().numpy()
    k = torch.from_numpy(k / np.linalg.norm(k, axis=1, keepdims=True))
    bank = torch.from_numpy(bank / np.linalg.norm(bank, axis=0, keepdims=True))
    q = F.normalize(queries)
    return torch.cat([torch.sum(q * k, 1, True), q.matmul(bank)], 1) * (1 / temperature)


@right("moco.moco_logits")
def with_baddbmm_and_columns(queries, keys, queue, temperature):
    q = F.normalize(queries, dim=-1)
    columns = [q.mul(F.normalize(keys.clone().detach(), dim=-1)).sum(-1)]
    columns += [q @ F.normalize(column, dim=0) for column in queue.clone().detach().T]
    return torch.stack(columns, dim=1) / temperature


# --- moco.moco_logits: wrong ----------------------------------------------------------------------------------


def _cosines(queries, keys, queue):
    q, k = F.normalize(queries, dim=1), F.normalize(keys.detach(), dim=1)
    return q, k, F.normalize(queue.detach(), dim=0)


def _logits(q, k, bank, temperature):
    return torch.cat([(q * k).sum(1, keepdim=True), q @ bank], 1) / temperature


@wrong("moco.moco_logits")
def queries_not_normalised(queries, keys, queue, temperature):
    _, k, bank = _cosines(queries, keys, queue)
    return _logits(queries, k, bank, temperature)


@wrong("moco.moco_logits")
def keys_not_normalised(queries, keys, queue, temperature):
    q, _, bank = _cosines(queries, keys, queue)
    return _logits(q, keys.detach(), bank, temperature)


@wrong("moco.moco_logits")
def queries_detached(queries, keys, queue, temperature):
    return _logits(*_cosines(queries.detach(), keys, queue), temperature)


@wrong("moco.moco_logits")
@torch.no_grad()
def everything_without_gradient(queries, keys, queue, temperature):
    return _logits(*_cosines(queries, keys, queue), temperature)


@wrong("moco.moco_logits")
def gradient_through_the_queue_alone(queries, keys, queue, temperature):
    q, k, _ = _cosines(queries, keys, queue)
    return _logits(q, k, F.normalize(queue, dim=0), temperature)


@wrong("moco.moco_logits")
def gradient_through_the_keys_alone(queries, keys, queue, temperature):
    q, _, bank = _cosines(queries, keys, queue)
    return _logits(q, F.normalize(keys, dim=1), bank, temperature)


@wrong("moco.moco_logits")
def all_keys_of_the_batch_are_candidates(queries, keys, queue, temperature):
    q, k, bank = _cosines(queries, keys, queue)
    return torch.cat([q @ k.T, q @ bank], 1) / temperature


@wrong("moco.moco_logits")
def softmax_taken_already(queries, keys, queue, temperature):
    return _logits(*_cosines(queries, keys, queue), temperature).softmax(1)


@wrong("moco.moco_logits")
def temperature_forgotten(queries, keys, queue, temperature):
    return _logits(*_cosines(queries, keys, queue), 1.0)


@wrong("moco.moco_logits")
def positive_of_the_neighbour(queries, keys, queue, temperature):
    q, k, bank = _cosines(queries, keys, queue)
    return _logits(q, k.roll(1, 0), bank, temperature)


@wrong("moco.moco_logits")
def normalised_along_the_batch(queries, keys, queue, temperature):
    _, _, bank = _cosines(queries, keys, queue)
    return _logits(F.normalize(queries, dim=0), F.normalize(keys.detach(), dim=0), bank, temperature)


@wrong("moco.moco_logits")
def query_length_is_a_constant(queries, keys, queue, temperature):
    _, k, bank = _cosines(queries, keys, queue)
    return _logits(queries / queries.detach().norm(dim=1, keepdim=True), k, bank, temperature)


@wrong("moco.moco_logits")
def queue_normalised_in_place(queries, keys, queue, temperature):
    with torch.no_grad():
        queue.div_(queue.norm(dim=0))
    return _logits(*_cosines(queries, keys, queue), temperature)


@wrong("moco.moco_logits")
def requires_grad_switched_off(queries, keys, queue, temperature):
    keys.requires_grad_(False)
    queue.requires_grad_(False)
    return _logits(*_cosines(queries, keys, queue), temperature)


@wrong("moco.moco_logits")
def squared_lengths(queries, keys, queue, temperature):
    q, k, bank = _cosines(queries, keys, queue)
    return _logits(q / queries.norm(dim=1, keepdim=True), k, bank, temperature)


# --- moco.momentum_update: right ------------------------------------------------------------------------------


@right("moco.momentum_update")
@torch.no_grad()
def lerp(query_encoder, key_encoder, momentum):
    for key, query in zip(key_encoder.parameters(), query_encoder.parameters(), strict=True):
        key.lerp_(query, 1 - momentum)


@right("moco.momentum_update")
def through_data(query_encoder, key_encoder, momentum):
    for query, key in zip(query_encoder.parameters(), key_encoder.parameters(), strict=False):
        key.data = key.data * momentum + query.data * (1.0 - momentum)


@right("moco.momentum_update")
def data_in_place(query_encoder, key_encoder, momentum):
    for query, key in zip(query_encoder.parameters(), key_encoder.parameters(), strict=True):
        key.data.mul_(momentum).add_((1 - momentum) * query.data)


@right("moco.momentum_update")
def foreach(query_encoder, key_encoder, momentum):
    keys, queries = list(key_encoder.parameters()), list(query_encoder.parameters())
    with torch.no_grad():
        torch._foreach_mul_(keys, momentum)
        torch._foreach_add_(keys, queries, alpha=1 - momentum)


@right("moco.momentum_update")
def foreach_lerp(query_encoder, key_encoder, momentum):
    with torch.no_grad():
        torch._foreach_lerp_(list(key_encoder.parameters()), list(query_encoder.parameters()), 1 - momentum)


@right("moco.momentum_update")
def copied_into(query_encoder, key_encoder, momentum):
    queries = dict(query_encoder.named_parameters())
    for name, key in key_encoder.named_parameters():
        with torch.no_grad():
            key.copy_(momentum * key + (1 - momentum) * queries[name].detach())


@right("moco.momentum_update")
def one_long_vector(query_encoder, key_encoder, momentum):
    flat = nn.utils.parameters_to_vector
    with torch.no_grad():
        mean = momentum * flat(key_encoder.parameters()) + (1 - momentum) * flat(query_encoder.parameters())
        start = 0
        for key in key_encoder.parameters():
            key[...] = mean[start : start + key.numel()].view_as(key)
            start += key.numel()


@right("moco.momentum_update")
def state_dict_loaded(query_encoder, key_encoder, momentum):
    state = key_encoder.state_dict()
    for name, query in query_encoder.named_parameters():
        state[name] = momentum * state[name] + (1 - momentum) * query.detach()
    key_encoder.load_state_dict(state)


@right("moco.momentum_update")
def without_parameters_of_its_own(query_encoder, key_encoder, momentum):
    for query, key in zip(query_encoder.modules(), key_encoder.modules(), strict=True):
        for name, value in query.named_parameters(recurse=False):
            mine = getattr(key, name)
            with torch.no_grad():
                mine -= (1 - momentum) * (mine - value)


@right("moco.momentum_update")
def in_inference_free_numpy(query_encoder, key_encoder, momentum):
    for query, key in zip(query_encoder.parameters(), key_encoder.parameters(), strict=True):
        mine = key.detach().numpy()
        mine[...] = momentum * mine + (1 - momentum) * query.detach().numpy()


@right("moco.momentum_update")
def vector_to_parameters(query_encoder, key_encoder, momentum):
    flat = nn.utils.parameters_to_vector
    mean = torch.lerp(flat(query_encoder.parameters()), flat(key_encoder.parameters()), momentum).detach()
    nn.utils.vector_to_parameters(mean, key_encoder.parameters())


@right("moco.momentum_update")
def double_inside_update(query_encoder, key_encoder, momentum):
    with torch.no_grad():
        for q, k in zip(query_encoder.parameters(), key_encoder.parameters(), strict=True):
            k.copy_(k.double() * momentum + q.double() * (1 - momentum))


@right("moco.momentum_update")
def inference_mode(query_encoder, key_encoder, momentum):
    with torch.inference_mode():
        for query, key in zip(query_encoder.parameters(), key_encoder.parameters(), strict=True):
            key.mul_(momentum).add_(query, alpha=1 - momentum)


@right("moco.momentum_update")
def torch_swa_utils(query_encoder, key_encoder, momentum):
    average = torch.optim.swa_utils.get_ema_multi_avg_fn(momentum)
    average(list(key_encoder.parameters()), list(query_encoder.parameters()), None)


# --- moco.momentum_update: wrong ------------------------------------------------------------------------------


def _pairs(query_encoder, key_encoder) -> Iterator[tuple[nn.Parameter, nn.Parameter]]:
    return zip(query_encoder.parameters(), key_encoder.parameters(), strict=True)


@torch.no_grad()
def _update(query_encoder, key_encoder, momentum):
    for query, key in _pairs(query_encoder, key_encoder):
        key.mul_(momentum).add_(query, alpha=1 - momentum)


@wrong("moco.momentum_update")
def returns_the_encoder(query_encoder, key_encoder, momentum):
    _update(query_encoder, key_encoder, momentum)
    return key_encoder


@wrong("moco.momentum_update")
def weights_only(query_encoder, key_encoder, momentum):
    with torch.no_grad():
        queries = dict(query_encoder.named_parameters())
        for name, key in key_encoder.named_parameters():
            if "weight" in name:
                key.mul_(momentum).add_(queries[name], alpha=1 - momentum)


@wrong("moco.momentum_update")
def momentum_of_the_paper(query_encoder, key_encoder, momentum):
    _update(query_encoder, key_encoder, 0.999)


@wrong("moco.momentum_update")
def both_move(query_encoder, key_encoder, momentum):
    with torch.no_grad():
        for query, key in _pairs(query_encoder, key_encoder):
            before = key.clone()
            key.lerp_(query, 1 - momentum)
            query.lerp_(before, 1 - momentum)


@wrong("moco.momentum_update")
def gradients_cleared(query_encoder, key_encoder, momentum):
    _update(query_encoder, key_encoder, momentum)
    query_encoder.zero_grad()


@wrong("moco.momentum_update")
def set_to_evaluation(query_encoder, key_encoder, momentum):
    _update(query_encoder, key_encoder, momentum)
    key_encoder.eval()


@wrong("moco.momentum_update")
def unfrozen(query_encoder, key_encoder, momentum):
    _update(query_encoder, key_encoder, momentum)
    key_encoder.requires_grad_(True)


@wrong("moco.momentum_update")
def query_frozen(query_encoder, key_encoder, momentum):
    query_encoder.requires_grad_(False)
    _update(query_encoder, key_encoder, momentum)


@wrong("moco.momentum_update")
def on_the_graph(query_encoder, key_encoder, momentum):
    for query, key in _pairs(query_encoder, key_encoder):
        key.mul_(momentum).add_(query, alpha=1 - momentum)


@wrong("moco.momentum_update")
def whole_state_averaged(query_encoder, key_encoder, momentum):
    state, other = key_encoder.state_dict(), query_encoder.state_dict()
    key_encoder.load_state_dict({k: momentum * v + (1 - momentum) * other[k] for k, v in state.items()})


@wrong("moco.momentum_update")
def twice(query_encoder, key_encoder, momentum):
    _update(query_encoder, key_encoder, momentum)
    _update(query_encoder, key_encoder, momentum)


@wrong("moco.momentum_update")
def a_copy_is_updated(query_encoder, key_encoder, momentum):
    key_encoder = copy.deepcopy(key_encoder)
    _update(query_encoder, key_encoder, momentum)


@wrong("moco.momentum_update")
def shared_when_momentum_is_zero(query_encoder, key_encoder, momentum):
    for query, key in _pairs(query_encoder, key_encoder):
        key.data = query.data if momentum == 0 else momentum * key.data + (1 - momentum) * query.data


@wrong("moco.momentum_update")
def gradients_averaged_too(query_encoder, key_encoder, momentum):
    _update(query_encoder, key_encoder, momentum)
    for query, key in _pairs(query_encoder, key_encoder):
        key.grad = (1 - momentum) * query.grad


@wrong("moco.momentum_update")
def batch_counter_copied(query_encoder, key_encoder, momentum):
    _update(query_encoder, key_encoder, momentum)
    key_encoder[1].num_batches_tracked.copy_(query_encoder[1].num_batches_tracked)


@wrong("moco.momentum_update")
def running_statistics_reset(query_encoder, key_encoder, momentum):
    _update(query_encoder, key_encoder, momentum)
    key_encoder[1].reset_running_stats()


@wrong("moco.momentum_update")
def without_the_norms(query_encoder, key_encoder, momentum):
    with torch.no_grad():
        for query, key in _pairs(query_encoder, key_encoder):
            if key.ndim > 1:
                key.mul_(momentum).add_(query, alpha=1 - momentum)


# --- moco.enqueue: right --------------------------------------------------------------------------------------


def _fits(queue, keys):
    if len(keys) > queue.shape[1]:
        raise ValueError("too many keys")


@right("moco.enqueue")
def key_by_key(queue, pointer, keys):
    _fits(queue, keys)
    for key in keys.detach():
        queue[:, pointer] = key
        pointer = (pointer + 1) % queue.shape[1]
    return pointer


@right("moco.enqueue")
def two_slices(queue, pointer, keys):
    _fits(queue, keys)
    n, k = len(keys), queue.size(1)
    first = min(n, k - pointer)
    with torch.no_grad():
        queue[:, pointer : pointer + first] = keys[:first].T
        queue[:, : n - first] = keys[first:].T
    return (pointer + n) % k


@right("moco.enqueue")
@torch.no_grad()
def index_copy(queue, pointer, keys):
    _fits(queue, keys)
    queue.index_copy_(1, torch.arange(pointer, pointer + len(keys)) % queue.shape[1], keys.t())
    return (pointer + len(keys)) % queue.shape[1]


@right("moco.enqueue")
def rolled(queue, pointer, keys):
    _fits(queue, keys)
    turned = queue.roll(-pointer, dims=1)
    turned[:, : len(keys)] = keys.detach().T
    queue.copy_(turned.roll(pointer, dims=1))
    return (pointer + keys.shape[0]) % queue.shape[1]


@right("moco.enqueue")
def scattered(queue, pointer, keys):
    _fits(queue, keys)
    columns = torch.remainder(torch.arange(len(keys)) + pointer, queue.shape[1])
    queue.scatter_(1, columns.expand(queue.shape[0], -1), keys.detach().T)
    return int((columns[-1] + 1) % queue.shape[1])


@right("moco.enqueue")
def masked(queue, pointer, keys):
    _fits(queue, keys)
    age = (torch.arange(queue.shape[1]) - pointer) % queue.shape[1]
    padded = torch.cat([keys.data, keys.data.new_zeros(queue.shape[1] - len(keys), keys.shape[1])])
    queue.copy_(torch.where(age < len(keys), padded[age].T, queue))
    return (pointer + len(keys)) % queue.shape[1]


@right("moco.enqueue")
def through_data_of_both(queue, pointer, keys):
    if keys.shape[0] > queue.shape[1]:
        raise ValueError
    for i in range(keys.shape[0]):
        queue.data[:, (pointer + i) % queue.shape[1]] = keys.data[i]
    pointer += keys.shape[0]
    return pointer - queue.shape[1] if pointer >= queue.shape[1] else pointer


@right("moco.enqueue")
def pieces_joined(queue, pointer, keys):
    n, k = keys.shape[0], queue.shape[1]
    _fits(queue, keys)
    new, end = keys.detach().T.clone(), pointer + n
    if end <= k:
        joined = torch.cat([queue[:, :pointer], new, queue[:, end:]], 1)
    else:
        joined = torch.cat([new[:, k - pointer :], queue[:, end - k : pointer], new[:, : k - pointer]], 1)
    queue[:] = joined
    return end % k


@right("moco.enqueue")
def numpy_view(queue, pointer, keys):
    _fits(queue, keys)
    columns = np.arange(pointer, pointer + len(keys)) % queue.shape[1]
    queue.numpy()[:, columns] = keys.detach().numpy().T
    return int((pointer + len(keys)) % queue.shape[1])


@right("moco.enqueue")
def numpy_integer_pointer(queue, pointer, keys):
    _fits(queue, keys)
    queue.T[(torch.arange(len(keys)) + pointer) % queue.shape[1]] = keys.detach()
    return np.int64(pointer + len(keys)).item() % queue.shape[1]


@right("moco.enqueue")
def own_exception(queue, pointer, keys):
    class TooMany(ValueError):
        pass

    if queue.shape[1] < keys.shape[0]:
        raise TooMany(f"{keys.shape[0]}")
    queue.data.index_put_(
        (torch.arange(queue.shape[0])[:, None], (torch.arange(len(keys)) + pointer)[None] % queue.shape[1]),
        keys.detach().T,
    )
    return divmod(pointer + len(keys), queue.shape[1])[1]


@right("moco.enqueue")
@torch.inference_mode()
def without_inference_tensors(queue, pointer, keys):
    _fits(queue, keys)
    for i in range(len(keys)):
        queue[:, (pointer + i) % queue.shape[1]].copy_(keys[i])
    return (pointer + len(keys)) % queue.shape[1]


# --- moco.enqueue: wrong --------------------------------------------------------------------------------------


def _write(queue, pointer, keys):
    queue[:, (torch.arange(len(keys)) + pointer) % queue.shape[1]] = keys.detach().T
    return (pointer + len(keys)) % queue.shape[1]


@wrong("moco.enqueue")
def too_many_accepted(queue, pointer, keys):
    for key in keys.detach():
        queue[:, pointer] = key
        pointer = (pointer + 1) % queue.shape[1]
    return pointer


@wrong("moco.enqueue")
def refused_after_writing(queue, pointer, keys):
    for i, key in enumerate(keys.detach()):
        if i >= queue.shape[1]:
            raise ValueError("full")
        queue[:, (pointer + i) % queue.shape[1]] = key
    return (pointer + len(keys)) % queue.shape[1]


@wrong("moco.enqueue")
def asserts(queue, pointer, keys):
    assert len(keys) <= queue.shape[1]
    return _write(queue, pointer, keys)


@wrong("moco.enqueue")
def full_batch_refused(queue, pointer, keys):
    if len(keys) >= queue.shape[1]:
        raise ValueError("too many keys")
    return _write(queue, pointer, keys)


@wrong("moco.enqueue")
def only_divisors_of_the_size(queue, pointer, keys):
    if queue.shape[1] % len(keys):
        raise ValueError("the queue's size must be a multiple of the batch size")
    return _write(queue, pointer, keys)


@wrong("moco.enqueue")
def no_wrap_as_in_the_official_code(queue, pointer, keys):
    _fits(queue, keys)
    queue[:, pointer : pointer + len(keys)] = keys.detach().T
    return (pointer + len(keys)) % queue.shape[1]


@wrong("moco.enqueue")
def pointer_as_a_tensor(queue, pointer, keys):
    _fits(queue, keys)
    return torch.as_tensor(_write(queue, pointer, keys))


@wrong("moco.enqueue")
def pointer_as_a_float(queue, pointer, keys):
    _fits(queue, keys)
    return float(_write(queue, pointer, keys))


@wrong("moco.enqueue")
def batch_in_reverse(queue, pointer, keys):
    _fits(queue, keys)
    return _write(queue, pointer, keys.flip(0))


@wrong("moco.enqueue")
def pointer_on_the_last_one_written(queue, pointer, keys):
    _fits(queue, keys)
    return (_write(queue, pointer, keys) - 1) % queue.shape[1]


@wrong("moco.enqueue")
def goes_backwards(queue, pointer, keys):
    _fits(queue, keys)
    queue[:, (pointer - torch.arange(len(keys))) % queue.shape[1]] = keys.detach().T
    return (pointer - len(keys)) % queue.shape[1]


@wrong("moco.enqueue")
def pointer_equal_to_the_size(queue, pointer, keys):
    _fits(queue, keys)
    _write(queue, pointer, keys)
    end = pointer + len(keys)
    return end if end <= queue.shape[1] else end - queue.shape[1]


@wrong("moco.enqueue")
def returns_queue_and_pointer(queue, pointer, keys):
    _fits(queue, keys)
    return queue, _write(queue, pointer, keys)


@wrong("moco.enqueue")
def data_replaced(queue, pointer, keys):
    _fits(queue, keys)
    new = queue.clone()
    pointer = _write(new, pointer, keys)
    queue.data = new.T
    return pointer


@wrong("moco.enqueue")
def wraps_to_the_second_column(queue, pointer, keys):
    _fits(queue, keys)
    n, k = len(keys), queue.shape[1]
    room = min(n, k - pointer)
    queue[:, pointer : pointer + room] = keys[:room].detach().T
    queue[:, 1 : 1 + n - room] = keys[room:].detach().T
    return (pointer + n) % k


@wrong("moco.enqueue")
def batch_starts_over_at_zero_if_it_does_not_fit(queue, pointer, keys):
    _fits(queue, keys)
    if pointer + len(keys) > queue.shape[1]:
        pointer = 0
    return _write(queue, pointer, keys)


@wrong("moco.enqueue")
def keys_are_changed(queue, pointer, keys):
    _fits(queue, keys)
    pointer = _write(queue, pointer, keys)
    keys.data.zero_()
    return pointer


# --- video.colorization_attention: right ----------------------------------------------------------------------


@right("video.colorization_attention")
def batched_product(reference, target, temperature=1.0):
    n, d = reference.shape[:2]
    scores = torch.bmm(reference.reshape(n, d, -1).permute(0, 2, 1), target.reshape(n, d, -1))
    return F.softmax(scores / temperature, dim=1)


@right("video.colorization_attention")
def target_first_then_transposed(reference, target, temperature=1.0):
    scores = target.flatten(2).mT @ reference.flatten(2) / temperature
    return scores.softmax(-1).mT


@right("video.colorization_attention")
def fused_attention(reference, target, temperature=1.0):
    queries, keys = target.flatten(2).mT, reference.flatten(2).mT
    values = torch.eye(keys.shape[1], dtype=keys.dtype, device=keys.device).expand(len(keys), -1, -1)
    return F.scaled_dot_product_attention(queries, keys, values, scale=1 / temperature).mT


@right("video.colorization_attention")
def five_letters(reference, target, temperature=1.0):
    scores = torch.einsum("ncij,nckl->nijkl", reference, target).flatten(3).flatten(1, 2)
    return nn.Softmax(dim=1)(scores.div(temperature))


@right("video.colorization_attention")
def exp_of_log_softmax(reference, target, temperature=1.0):
    scores = (reference.flatten(2).transpose(1, 2) / temperature) @ target.flatten(2)
    return (scores - scores.logsumexp(dim=1, keepdim=True)).exp()


@right("video.colorization_attention")
def by_hand_without_the_largest(reference, target, temperature=1.0):
    scores = torch.einsum("bci,bcj->bij", reference.flatten(2), target.flatten(2)) / temperature
    e = torch.exp(scores - scores.amax(dim=1, keepdim=True))
    return e / e.sum(1, keepdim=True)


@right("video.colorization_attention")
def clip_by_clip(reference, target, temperature=1.0):
    weights = []
    for a, b in zip(reference, target, strict=True):
        columns = [(a.flatten(1).T @ pixel / temperature).softmax(0) for pixel in b.flatten(1).unbind(1)]
        weights.append(torch.stack(columns, 1))
    return torch.stack(weights)


@right("video.colorization_attention")
def broadcast_and_sum(reference, target, temperature=1.0):
    a, b = reference.flatten(2)[..., None], target.flatten(2)[:, :, None]
    return torch.softmax((a * b).sum(1) / temperature, 1)


@right("video.colorization_attention")
def written_in_place(reference, target, temperature=1.0):
    n, _, h, w = reference.shape
    scores = reference.new_zeros(n, h * w, target.shape[2] * target.shape[3])
    for row in range(h):
        for column in range(w):
            pixel = reference[:, :, row, column, None, None]
            scores[:, row * w + column] = (pixel * target).sum(1).flatten(1)
    scores /= temperature
    return scores.softmax(1)


@right("video.colorization_attention")
def in_double(reference, target, temperature=1.0):
    scores = reference.double().flatten(2).mT @ target.double().flatten(2)
    return (scores / temperature).softmax(dim=1).to(reference.dtype)


# --- video.colorization_attention: wrong ----------------------------------------------------------------------


def _scores(reference, target):
    return reference.flatten(2).mT @ target.flatten(2)


@wrong("video.colorization_attention")
def negative_distances(reference, target, temperature=1.0):
    distances = torch.cdist(reference.flatten(2).mT, target.flatten(2).mT)
    return (-distances.square() / temperature).softmax(1)


@wrong("video.colorization_attention")
def target_detached(reference, target, temperature=1.0):
    return (_scores(reference, target.detach()) / temperature).softmax(1)


@wrong("video.colorization_attention")
def only_the_target_is_normalised(reference, target, temperature=1.0):
    return (_scores(reference, F.normalize(target, dim=1)) / temperature).softmax(1)


@wrong("video.colorization_attention")
def left_in_five_dimensions(reference, target, temperature=1.0):
    weights = (_scores(reference, target) / temperature).softmax(1)
    return weights.unflatten(2, target.shape[2:])


@wrong("video.colorization_attention")
def argmax_only(reference, target, temperature=1.0):
    scores = _scores(reference, target)
    return F.one_hot(scores.argmax(1), scores.shape[1]).mT.to(scores.dtype)


@wrong("video.colorization_attention")
def another_default(reference, target, temperature=0.5):
    return (_scores(reference, target) / temperature).softmax(1)


@wrong("video.colorization_attention")
def largest_of_everything_taken_away(reference, target, temperature=1.0):
    scores = _scores(reference, target) / temperature
    e = (scores - scores.max()).exp()
    return e / e.sum(1, keepdim=True)


@wrong("video.colorization_attention")
def kept_from_zero_by_eps(reference, target, temperature=1.0):
    scores = _scores(reference, target) / temperature
    e = (scores - scores.amax(1, keepdim=True)).exp()
    return e / (e.sum(1, keepdim=True) + 1e-3)


@wrong("video.colorization_attention")
def scores_clamped(reference, target, temperature=1.0):
    return (_scores(reference, target) / temperature).clamp(-50, 50).softmax(1)


@wrong("video.colorization_attention")
def scaled_by_the_positions(reference, target, temperature=1.0):
    scores = _scores(reference, target) / temperature
    return (scores / math.sqrt(scores.shape[1])).softmax(1)


@wrong("video.colorization_attention")
def divided_by_channels(reference, target, temperature=1.0):
    return (_scores(reference, target) / reference.shape[1] / temperature).softmax(1)


@wrong("video.colorization_attention")
def sigmoid(reference, target, temperature=1.0):
    weights = (_scores(reference, target) / temperature).sigmoid()
    return weights / weights.sum(1, keepdim=True)


@wrong("video.colorization_attention")
def always_single_precision(reference, target, temperature=1.0):
    return (_scores(reference.float(), target.float()) / temperature).softmax(1)


@wrong("video.colorization_attention")
def softmax_before_the_temperature_power(reference, target, temperature=1.0):
    weights = _scores(reference, target).softmax(1) ** (1 / temperature)
    return weights / weights.sum(1, keepdim=True)


@wrong("video.colorization_attention")
def dropout_left_in(reference, target, temperature=1.0):
    return F.dropout((_scores(reference, target) / temperature).softmax(1), 0.1)


@wrong("video.colorization_attention")
def reference_scaled_in_place(reference, target, temperature=1.0):
    with torch.no_grad():
        reference /= temperature
    return _scores(reference, target).softmax(1)


# --- video.copy_colors: right ---------------------------------------------------------------------------------


@right("video.copy_colors")
def product_and_view(attention, colors, target_size):
    n, c = colors.shape[:2]
    return torch.bmm(colors.reshape(n, c, -1), attention).view(n, c, *target_size)


@right("video.copy_colors")
def transposed_product(attention, colors, target_size):
    copied = attention.transpose(1, 2) @ colors.flatten(2).transpose(1, 2)
    return copied.transpose(1, 2).reshape(len(colors), -1, target_size[0], target_size[1])


@right("video.copy_colors")
def five_letter_einsum(attention, colors, target_size):
    n, _, h, w = colors.shape
    return torch.einsum("nhwij,nchw->ncij", attention.reshape(n, h, w, *target_size), colors)


@right("video.copy_colors")
def broadcast_sum(attention, colors, target_size):
    return (colors.flatten(2)[..., None] * attention[:, None]).sum(2).unflatten(-1, target_size)


@right("video.copy_colors")
def position_by_position(attention, colors, target_size):
    n, c = colors.shape[:2]
    h2, w2 = target_size
    result = colors.new_zeros(n, c, h2, w2)
    for row in range(h2):
        for column in range(w2):
            weights = attention[:, :, row * w2 + column]
            result[:, :, row, column] = (colors.flatten(2) * weights[:, None]).sum(-1)
    return result


@right("video.copy_colors")
def clips_stacked(attention, colors, target_size):
    pairs = zip(attention, colors, strict=True)
    return torch.stack([(x.flatten(1) @ a).reshape(-1, *target_size) for a, x in pairs])


@right("video.copy_colors")
def added_up_over_the_reference(attention, colors, target_size):
    total = 0
    for weights, color in zip(attention.unbind(1), colors.flatten(2).unbind(2), strict=True):
        total = total + color[:, :, None] * weights[:, None]
    return total.unflatten(2, target_size)


@right("video.copy_colors")
def channels_moved_last_and_back(attention, colors, target_size):
    copied = attention.mT @ colors.permute(0, 2, 3, 1).flatten(1, 2)
    return copied.unflatten(1, target_size).permute(0, 3, 1, 2)


@right("video.copy_colors")
def colors_in_double(attention, colors, target_size):
    copied = colors.double().flatten(2) @ attention.double()
    return copied.reshape(*colors.shape[:2], *target_size).to(colors.dtype)


@right("video.copy_colors")
def linear_layer(attention, colors, target_size):
    rows = [F.linear(x.flatten(1), a.T) for a, x in zip(attention, colors, strict=True)]
    return torch.stack(rows).view(*colors.shape[:2], *target_size).contiguous()


# --- video.copy_colors: wrong ---------------------------------------------------------------------------------


def _copied(attention, colors, target_size):
    return (colors.flatten(2) @ attention).reshape(*colors.shape[:2], *target_size)


@wrong("video.copy_colors")
def colors_detached(attention, colors, target_size):
    return _copied(attention, colors.detach(), target_size)


@wrong("video.copy_colors")
def normalised_over_the_reference_again(attention, colors, target_size):
    return _copied(attention / attention.sum(1, keepdim=True), colors, target_size)


@wrong("video.copy_colors")
def sized_like_the_reference(attention, colors, target_size):
    return (colors.flatten(2) @ attention).view_as(colors)


@wrong("video.copy_colors")
def weights_squared(attention, colors, target_size):
    return _copied(attention**2, colors, target_size)


@wrong("video.copy_colors")
def small_weights_dropped(attention, colors, target_size):
    return _copied(attention * (attention > 0.01), colors, target_size)


@wrong("video.copy_colors")
def top_five(attention, colors, target_size):
    kept = attention.topk(min(5, attention.shape[1]), dim=1)
    return _copied(torch.zeros_like(attention).scatter(1, kept.indices, kept.values), colors, target_size)


@wrong("video.copy_colors")
def channels_in_reverse(attention, colors, target_size):
    return _copied(attention, colors.flip(1), target_size)


@wrong("video.copy_colors")
def sampled(attention, colors, target_size):
    n, _, m = attention.shape
    chosen = (
        torch.multinomial(attention.mT.reshape(n * m, -1), 1).view(n, 1, m).expand(-1, colors.shape[1], -1)
    )
    return colors.flatten(2).gather(2, chosen).unflatten(2, target_size)


@wrong("video.copy_colors")
def one_channel_at_most(attention, colors, target_size):
    return _copied(attention, colors[:, :3], target_size)


@wrong("video.copy_colors")
def colors_squashed(attention, colors, target_size):
    return torch.tanh(_copied(attention, colors, target_size))


@wrong("video.copy_colors")
def square_targets_only(attention, colors, target_size):
    side = math.isqrt(attention.shape[2])
    return (colors.flatten(2) @ attention)[..., : side * side].unflatten(2, (side, side))


@wrong("video.copy_colors")
def clips_joined(attention, colors, target_size):
    return _copied(attention, colors, target_size).squeeze()


@wrong("video.copy_colors")
def single_precision(attention, colors, target_size):
    return _copied(attention.float(), colors.float(), target_size)


@wrong("video.copy_colors")
def attention_normalised_in_place(attention, colors, target_size):
    with torch.no_grad():
        attention.div_(attention.sum(1, keepdim=True)).mul_(0.5)
    return 2 * _copied(attention, colors, target_size)


# --- the tests ------------------------------------------------------------------------------------------------

SECRETS = [f"variant {number}".encode() for number in range(10)]


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """Tensors this small are not worth a second thread, which on a busy machine costs five times the work."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@cache
def prepare(exercise: str, secret: bytes, with_bank: bool = False) -> PreparedExercise:
    found = EXERCISES[exercise]
    return (found if with_bank else replace(found, misconceptions=())).prepare(secret)


def verdict(function: Answer, prepared: PreparedExercise) -> Verdict:
    torch.manual_seed(0)
    seen = {check.id: [observe(function, case) for case in check.cases] for check in prepared.checks}
    return judge(prepared, seen)


def _names(answers: list[tuple[str, Answer]]) -> list[str]:
    return [f"{exercise}/{function.__name__}" for exercise, function in answers]


@pytest.mark.parametrize(("exercise", "function"), RIGHT, ids=_names(RIGHT))
def test_a_right_answer_gets_full_marks(exercise: str, function: Answer) -> None:
    for secret in SECRETS:
        found = verdict(function, prepare(exercise, secret))
        assert [(item.check.id, item.message, item.place) for item in found.checks if not item.passed] == []


@pytest.mark.parametrize(("exercise", "function"), WRONG, ids=_names(WRONG))
def test_a_wrong_answer_does_not(exercise: str, function: Answer) -> None:
    for secret in SECRETS[:4]:
        found = verdict(function, prepare(exercise, secret))
        assert found.score < found.max_score
    # With the bank as well: whatever a wrong answer looks like, its diagnosis must not fail.
    assert verdict(function, prepare(exercise, SECRETS[0], with_bank=True)).status != CORRECT


@pytest.mark.parametrize("exercise", EXERCISES)
def test_every_exercise_has_variants_of_both_kinds(exercise: str) -> None:
    for answers in (RIGHT, WRONG):
        assert sum(name == exercise for name, _ in answers) >= 8


@pytest.mark.parametrize(
    ("exercise", "function", "lost"),
    [
        ("moco.momentum_update", batch_counter_copied, {"buffers-stay"}),
        ("moco.momentum_update", running_statistics_reset, {"buffers-stay"}),
        ("moco.momentum_update", whole_state_averaged, {"buffers-stay"}),
        ("moco.enqueue", pointer_as_a_tensor, {"moves-the-pointer", "several-batches"}),
        ("moco.enqueue", wraps_to_the_second_column, {"wraps-around", "every-offset", "several-batches"}),
    ],
)
def test_one_small_fault_does_not_cost_everything(exercise: str, function: Answer, lost: set[str]) -> None:
    found = verdict(function, prepare(exercise, SECRETS[0]))
    assert {item.check.id for item in found.checks if not item.passed} == lost

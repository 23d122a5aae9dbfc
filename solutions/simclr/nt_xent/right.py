"""Right answers to `simclr.nt_xent` that are written otherwise than the reference."""

import math
from functools import lru_cache, partial, reduce
from itertools import pairwise

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from course_utils.checks import RightAnswer, right

# --- one anchor after the other ------------------------------------------------------------------------------------


@right
def one_anchor_after_the_other(z_i, z_j, temperature):
    views = list(F.normalize(z_i, dim=-1)) + list(F.normalize(z_j, dim=-1))
    n, loss = len(z_i), 0.0
    for a, anchor in enumerate(views):
        others = torch.stack([anchor @ views[b] / temperature for b in range(2 * n) if b != a])
        loss = loss - anchor @ views[(a + n) % (2 * n)] / temperature + torch.logsumexp(others, 0)
    return loss / (2 * n)


@right
def pairs_of_neighbours_in_loops(z_i, z_j, temperature):
    z = torch.empty(2 * len(z_i), z_i.shape[1], dtype=z_i.dtype, device=z_i.device)
    z[0::2], z[1::2] = F.normalize(z_i), F.normalize(z_j)
    scores = z @ z.t() / temperature

    def loss(i, j):
        return torch.cat([scores[i, :i], scores[i, i + 1 :]]).logsumexp(0) - scores[i, j]

    return sum(loss(2 * k, 2 * k + 1) + loss(2 * k + 1, 2 * k) for k in range(len(z_i))) / len(z)


@right
def sum_of_logs_added_up(z_i, z_j, temperature):
    z = F.normalize(torch.cat([z_i, z_j]), dim=1)
    losses = []
    for a in range(len(z)):
        others = [torch.dot(z[a], z[b]) / temperature for b in range(len(z)) if b != a]
        positive = torch.dot(z[a], z[(a + len(z_i)) % len(z)]) / temperature
        losses.append(reduce(torch.logaddexp, others) - positive)
    return torch.stack(losses).mean()


@right
def in_chunks(z_i, z_j, temperature):
    z = F.normalize(torch.cat([z_i, z_j]), dim=1)
    total = z.new_zeros(())
    edges = [*range(0, len(z), 4), len(z)]
    for first, last in pairwise(edges):
        logits = z[first:last] @ z.T / temperature
        rows = torch.arange(first, last, device=z.device)
        logits[rows - first, rows] = -torch.inf
        total = total + F.cross_entropy(logits, (rows + len(z_i)) % len(z), reduction="sum")
    return total / len(z)


@right
def vmap_over_anchors(z_i, z_j, temperature):
    z = F.normalize(torch.cat([z_i, z_j]), dim=1)
    numbers = torch.arange(len(z), device=z.device)

    def loss(anchor, number, partner):
        logits = torch.where(numbers == number, -torch.inf, z @ anchor / temperature)
        return logits.logsumexp(0) - anchor @ partner / temperature

    return torch.vmap(loss)(z, numbers, z.roll(len(z_i), 0)).mean()


# --- one classification of all views -------------------------------------------------------------------------------


@right
def guarded_norm(z_i, z_j, temperature):
    z = torch.cat([z_i, z_j])
    z = z / (z.norm(dim=1, keepdim=True) + 1e-8)
    scores = (z @ z.T / temperature).fill_diagonal_(-torch.inf)
    return F.cross_entropy(scores, torch.arange(len(z), device=z.device).roll(len(z_i)))


@right
def cosine_similarity_broadcast(z_i, z_j, temperature):
    z = torch.cat([z_i, z_j])
    similarity = F.cosine_similarity(z[:, None], z[None], dim=-1) / temperature
    n = len(z_i)
    positives = torch.cat([similarity.diag(n), similarity.diag(-n)])
    similarity = similarity.masked_fill(_eye(z), float("-inf"))
    return (similarity.logsumexp(1) - positives).mean()


@right
def positives_from_a_rolled_mask(z_i, z_j, temperature):
    # As in tutorials of PyTorch Lightning's kind.
    features = torch.cat([z_i, z_j], dim=0)
    similarity = F.cosine_similarity(features[:, None, :], features[None, :, :], dim=-1)
    own = torch.eye(similarity.shape[0], dtype=torch.bool, device=similarity.device)
    similarity = similarity.masked_fill(own, -9e15) / temperature
    return (torch.logsumexp(similarity, dim=-1) - similarity[own.roll(len(z_i), dims=0)]).mean()


@right
def lengths_divided_out(z_i, z_j, temperature):
    z = torch.cat([z_i, z_j])
    lengths = z.norm(dim=1)
    logits = z @ z.T / torch.outer(lengths, lengths).clamp_min(1e-12) / temperature
    target = torch.arange(len(z), device=z.device).roll(len(z_i))
    return F.cross_entropy(logits.masked_fill(_eye(z), -torch.inf), target)


@right
def diagonal_minus_a_billion(z_i, z_j, temperature):
    z = F.normalize(torch.cat([z_i, z_j], 0), p=2, dim=1)
    logits = torch.mm(z, z.t()) / temperature - 1e9 * torch.eye(len(z), dtype=z.dtype, device=z.device)
    n = torch.arange(len(z_i), device=z.device)
    return F.cross_entropy(logits, torch.cat([n + len(z_i), n]))


@right
def diagonal_cut_out(z_i, z_j, temperature):
    n = len(z_i)
    z = F.normalize(torch.cat((z_i, z_j)))
    similarity = (z @ z.mT)[~_eye(z)].view(2 * n, 2 * n - 1)
    numbers = torch.arange(n, device=z.device)
    return nn.CrossEntropyLoss()(similarity / temperature, torch.cat([numbers + n - 1, numbers]))


@right
def diagonal_cut_out_by_a_change_of_shape(z_i, z_j, temperature):
    z = F.normalize(torch.cat([z_i, z_j]), dim=1)
    logits, count = z @ z.T / temperature, len(z)
    others = logits.flatten()[1:].view(count - 1, count + 1)[:, :-1].reshape(count, count - 1)
    return (others.logsumexp(1) - (z * z.roll(len(z_i), 0)).sum(1) / temperature).mean()


@right
def others_by_index(z_i, z_j, temperature):
    z = F.normalize(torch.cat([z_i, z_j]), dim=1)
    count = len(z)
    # The partner first, then everybody else.
    order = [
        [(a + len(z_i)) % count, *(b for b in range(count) if b not in (a, (a + len(z_i)) % count))]
        for a in range(count)
    ]
    candidates = z[torch.tensor(order, device=z.device)]
    logits = torch.einsum("ad,abd->ab", z, candidates) / temperature
    return F.cross_entropy(logits, torch.zeros(count, dtype=torch.long, device=z.device))


@right
def interleaved_like_the_paper(z_i, z_j, temperature):
    z = torch.stack([z_i, z_j], 1).flatten(0, 1)
    z = z / z.norm(dim=1, keepdim=True).clamp_min(1e-12)
    logits = torch.einsum("ad,bd->ab", z, z).div(temperature).fill_diagonal_(float("-inf"))
    anchors = torch.arange(len(z), device=z.device)
    return -logits.log_softmax(1)[anchors, anchors ^ 1].mean()


@right
def images_and_views_in_four_dimensions(z_i, z_j, temperature):
    z = F.normalize(torch.stack([z_i, z_j], dim=1), dim=2)
    logits = torch.einsum("avd,bwd->avbw", z, z) / temperature
    own = torch.eye(2 * len(z_i), dtype=torch.bool, device=z.device).view(logits.shape)
    positives = (z[:, 0] * z[:, 1]).sum(1) / temperature
    return (logits.masked_fill(own, -torch.inf).logsumexp((2, 3)) - positives[:, None]).mean()


@right
def four_blocks_as_in_the_papers_code(z_i, z_j, temperature):
    a, b = F.normalize(z_i, dim=1), F.normalize(z_j, dim=1)
    masks = torch.eye(len(a), dtype=a.dtype, device=a.device) * 1e9
    aa, bb, ab = a @ a.T / temperature - masks, b @ b.T / temperature - masks, a @ b.T / temperature
    labels = torch.arange(len(a), device=a.device)
    first = F.cross_entropy(torch.cat([ab, aa], 1), labels)
    return (first + F.cross_entropy(torch.cat([ab.T, bb], 1), labels)) / 2


@right
def four_blocks_without_diagonals(z_i, z_j, temperature):
    # As in lightly: the diagonals of the two inner blocks are dropped, not filled.
    a, b = F.normalize(z_i, dim=1), F.normalize(z_j, dim=1)
    n = len(a)
    others = ~torch.eye(n, dtype=torch.bool, device=a.device)
    aa, ab, bb = (torch.einsum("nc,mc->nm", x, y) / temperature for x, y in ((a, a), (a, b), (b, b)))
    upper = torch.cat([ab, aa[others].view(n, -1)], dim=1)
    lower = torch.cat([ab.t(), bb[others].view(n, -1)], dim=1)
    return nn.CrossEntropyLoss()(torch.cat([upper, lower]), torch.arange(n, device=a.device).repeat(2))


@right
def positive_masks_as_in_supcontrast(z_i, z_j, temperature):
    n = len(z_i)
    features = F.normalize(torch.cat(torch.unbind(torch.stack([z_i, z_j], dim=1), dim=1)), dim=1)
    similarity = torch.div(torch.matmul(features, features.T), temperature)
    largest, _ = torch.max(similarity, dim=1, keepdim=True)
    logits = similarity - largest.detach()
    others = 1 - torch.eye(2 * n, dtype=logits.dtype, device=logits.device)
    positive = torch.eye(n, dtype=logits.dtype, device=logits.device).repeat(2, 2) * others
    log_probability = logits - torch.log((torch.exp(logits) * others).sum(1, keepdim=True))
    return -((positive * log_probability).sum(1) / positive.sum(1)).view(2, n).mean()


@right
def largest_taken_away_by_hand(z_i, z_j, temperature):
    z = torch.vstack([F.normalize(z_i), F.normalize(z_j)])
    logits = (z @ z.T / temperature).masked_fill(_eye(z), -torch.inf)
    logits = logits - logits.max(1, keepdim=True).values.detach()
    soft = torch.log(torch.exp(logits).sum(1))
    partners = torch.arange(len(z), device=z.device).roll(-len(z_i))
    return (soft - logits.gather(1, partners[:, None])[:, 0]).mean()


@right
def largest_possible_taken_away(z_i, z_j, temperature):
    z = F.normalize(torch.cat([z_i, z_j]), dim=1)
    exponentials = ((z @ z.T - 1) / temperature).exp()
    others = exponentials[~_eye(z)].view(len(z), -1).sum(1)
    positives = (z * z.roll(len(z_i), 0)).sum(1)
    return torch.mean(others.log() - (positives - 1) / temperature)


@right
def in_float64_inside(z_i, z_j, temperature):
    z = F.normalize(torch.cat([z_i, z_j]).double(), dim=1)
    logits = torch.diagonal_scatter(z @ z.T / temperature, z.new_full((len(z),), -torch.inf))
    loss = F.nll_loss(logits.log_softmax(1), torch.arange(len(z), device=z.device).roll(len(z_i)))
    return loss.to(z_i.dtype)


@right
def similarities_from_distances(z_i, z_j, temperature):
    z = F.normalize(torch.cat([z_i, z_j]), dim=1)
    logits = (1 - (z[:, None] - z[None]).square().sum(-1) / 2) / temperature
    logits = torch.where(_eye(z), -torch.inf, logits)
    return F.cross_entropy(logits, torch.roll(torch.arange(len(z), device=z.device), len(z_i)))


@right
def similarities_from_cdist(z_i, z_j, temperature):
    z = F.normalize(torch.cat([z_i, z_j]), dim=1)
    distances = torch.cdist(z, z, compute_mode="donot_use_mm_for_euclid_dist")
    logits = (-distances.pow(2) / (2 * temperature)).masked_fill(_eye(z), -torch.inf)
    return F.cross_entropy(logits, torch.arange(len(z), device=z.device).roll(len(z_i)))


@right
def embeddings_scaled_by_the_root(z_i, z_j, temperature):
    z = F.normalize(torch.cat([z_i, z_j]), dim=1) / math.sqrt(temperature)
    mask = z.new_zeros(len(z), len(z)).fill_diagonal_(torch.finfo(z.dtype).min)
    soft = F.one_hot(torch.arange(len(z), device=z.device).roll(len(z_i)), len(z)).to(z.dtype)
    return F.cross_entropy(z @ z.T + mask, soft)


@right
def numpy_labels_and_binary_targets(z_i, z_j, temperature):
    n = len(z_i)
    z = F.normalize(torch.cat([z_i, z_j]), dim=1)
    image = np.arange(2 * n) % n
    is_partner = np.equal.outer(image, image) & ~np.eye(2 * n, dtype=bool)
    logits = (z @ z.T / temperature).masked_fill(_eye(z), torch.finfo(z.dtype).min)
    return -F.log_softmax(logits, dim=1)[torch.from_numpy(is_partner).to(z.device)].sum() / (2 * n)


@right
def divergence_from_the_partners(z_i, z_j, temperature):
    z = F.normalize(torch.cat([z_i, z_j]), dim=1)
    logits = (z @ z.T / temperature).masked_fill(_eye(z), -1e6)
    target = torch.eye(len(z), dtype=z.dtype, device=z.device).roll(len(z_i), 0)
    return F.kl_div(logits.log_softmax(1), target, reduction="batchmean")


@right
def diagonals_of_the_log_softmax(z_i, z_j, temperature):
    z = torch.cat([F.normalize(z_i, dim=1), F.normalize(z_j, dim=1)])
    scores = z.matmul(z.transpose(0, 1)).div(temperature)
    scores.diagonal().fill_(-torch.inf)
    log_p, n = scores.log_softmax(-1), len(z_i)
    return -0.5 * (log_p.diagonal(n).mean() + log_p.diagonal(-n).mean())


# --- the form of the answer ----------------------------------------------------------------------------------------


@torch.no_grad()
def _eye(z):
    return torch.eye(len(z), dtype=torch.bool, device=z.device)


@right
def with_types_and_an_option(
    z_i: Float[Tensor, "n d"], z_j: Float[Tensor, "n d"], temperature: float = 0.5, *, reduction: str = "mean"
) -> Float[Tensor, ""]:
    z: Float[Tensor, "2*n d"] = F.normalize(torch.cat([z_i, z_j]), dim=1)
    logits = torch.addmm(torch.zeros_like(z[:1, :1]), z, z.T, beta=0, alpha=1 / temperature)
    logits = logits.masked_fill(_eye(z), -torch.inf)
    partner = torch.arange(len(z), device=z.device).roll(len(z_i))
    return F.cross_entropy(logits, partner, reduction=reduction)


@lru_cache
def _others(count, device):
    return ~torch.eye(count, dtype=torch.bool, device=device)


@right
def mask_kept_for_the_next_batch(z_i, z_j, temperature):
    z = F.normalize(torch.cat([z_i, z_j]), dim=1)
    logits = z @ z.T / temperature
    others = logits[_others(len(z), z.device)].view(len(z), -1)
    positives = torch.cat([logits.diagonal(len(z_i)), logits.diagonal(-len(z_i))])
    return torch.mean(others.logsumexp(1) - positives)


class _UnitLoss(torch.autograd.Function):
    """The loss of vectors of length one, with its gradient from paper and pencil."""

    @staticmethod
    def forward(ctx, z, temperature):
        logits = (z @ z.T / temperature).fill_diagonal_(-torch.inf)
        partner = torch.arange(len(z), device=z.device).roll(len(z) // 2)
        wanted = F.one_hot(partner, len(z)).to(z.dtype)
        ctx.save_for_backward(z, logits.softmax(1) - wanted)
        ctx.scale = 1 / (len(z) * temperature)
        return F.cross_entropy(logits, partner)

    @staticmethod
    def backward(ctx, gradient):
        z, surplus = ctx.saved_tensors
        return gradient * ctx.scale * (surplus + surplus.T) @ z, None


@right
def gradient_of_its_own(z_i, z_j, temperature):
    return _UnitLoss.apply(F.normalize(torch.cat([z_i, z_j]), dim=1), temperature)


class _NTXent:
    def __init__(self, eps=1e-12):
        self.eps = eps

    def similarity(self, z):
        z = F.normalize(z, dim=1, eps=self.eps)
        return z @ z.T

    def __call__(self, z_i, z_j, temperature):
        logits = self.similarity(torch.cat((z_i, z_j))) / temperature
        logits[range(len(logits)), range(len(logits))] = -torch.inf
        return F.cross_entropy(logits, torch.arange(len(logits), device=z_i.device).roll(len(z_i)))


class _NTXentModule(nn.Module):
    def __init__(self):
        super().__init__()
        self.similarity = nn.CosineSimilarity(dim=2)
        self.criterion = nn.CrossEntropyLoss(reduction="sum")

    def forward(self, z_i, z_j, temperature):
        n, z = len(z_i), torch.cat((z_i, z_j), dim=0)
        similarity = self.similarity(z.unsqueeze(1), z.unsqueeze(0)) / temperature
        positives = torch.cat((torch.diag(similarity, n), torch.diag(similarity, -n))).reshape(2 * n, 1)
        negative = ~torch.eye(n, dtype=torch.bool, device=z.device).repeat(2, 2)
        logits = torch.cat((positives, similarity[negative].reshape(2 * n, -1)), dim=1)
        return self.criterion(logits, torch.zeros(2 * n, device=z.device).long()) / (2 * n)


def _masked(z_i, z_j, temperature, own):
    z = F.normalize(torch.cat([z_i, z_j]), dim=1)
    logits = (z @ z.T / temperature).masked_fill(_eye(z), own)
    return F.cross_entropy(logits, torch.arange(len(z), device=z.device).roll(len(z_i)))


AN_OBJECT = RightAnswer("an-object-that-is-called", _NTXent())


A_MODULE = RightAnswer("a-module", _NTXentModule())


PARTIAL = RightAnswer("partial", partial(_masked, own=-torch.inf))


LAMBDA = RightAnswer(
    "lambda",
    lambda z_i, z_j, temperature: (
        _masked(z_i, z_j, temperature, -1e30) / 2 + _masked(z_j, z_i, temperature, -1e30) / 2
    ),
)

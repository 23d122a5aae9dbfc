"""Right answers to `moco.moco_logits` that are written otherwise than the reference."""

from functools import partial

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from course_utils.checks import RightAnswer, right

# --- products ------------------------------------------------------------------------------------------------------


@right
def guarded_norms(queries, keys, queue, temperature):
    queries = queries / (queries.norm(dim=1, keepdim=True) + 1e-8)
    keys = (keys / (keys.norm(dim=1, keepdim=True) + 1e-8)).detach()
    queue = (queue / (queue.norm(dim=0, keepdim=True) + 1e-8)).detach()
    return torch.cat([(queries * keys).sum(1, keepdim=True), queries @ queue], 1) / temperature


@right
def algorithm_one(queries, keys, queue, temperature):
    n, c = queries.shape
    q, k = F.normalize(queries, dim=1), F.normalize(keys, dim=1).detach()
    l_pos = torch.bmm(q.view(n, 1, c), k.view(n, c, 1)).squeeze(-1)
    l_neg = torch.mm(q.view(n, c), F.normalize(queue.detach(), dim=0).view(c, -1))
    return torch.cat([l_pos, l_neg], dim=1) / temperature


@right
def einsum_as_in_the_official_code(queries, keys, queue, temperature):
    q = nn.functional.normalize(queries, dim=1)
    with torch.no_grad():
        k, bank = nn.functional.normalize(keys, dim=1), nn.functional.normalize(queue, dim=0)
    positive = torch.einsum("nc,nc->n", [q, k]).unsqueeze(-1)
    logits = torch.cat([positive, torch.einsum("nc,ck->nk", [q, bank])], dim=1)
    logits /= temperature
    return logits


@right
def lengths_divided_out(queries, keys, queue, temperature):
    keys, queue = keys.data, queue.data
    rows = queries.norm(dim=1, keepdim=True)
    positives = (queries * keys).sum(1, keepdim=True) / keys.norm(dim=1, keepdim=True)
    negatives = queries @ queue / queue.norm(dim=0)
    return torch.hstack([positives, negatives]) / rows / temperature


@right
def lengths_by_the_pythagorean_theorem(queries, keys, queue, temperature):
    q = queries * queries.square().sum(1, keepdim=True).rsqrt()
    k = keys.detach() * keys.detach().pow(2).sum(1, keepdim=True).rsqrt()
    bank = queue.detach() / (queue.detach() ** 2).sum(0, keepdim=True) ** 0.5
    return torch.cat([(q * k).sum(-1)[:, None], q @ bank], dim=-1) / temperature


@right
def cosine_similarity_everywhere(queries, keys, queue, temperature):
    keys, queue = keys.detach(), queue.detach()
    positives = F.cosine_similarity(queries, keys)[:, None]
    negatives = F.cosine_similarity(queries[:, :, None], queue[None], dim=1)
    return torch.cat((positives, negatives), -1).div(temperature)


@right
def diagonal_of_a_product(queries, keys, queue, temperature):
    with torch.no_grad():
        candidates = F.normalize(torch.cat([keys.T, queue], dim=1), dim=0)
    similarity = F.normalize(queries) / temperature @ candidates
    return torch.cat([similarity.diagonal()[:, None], similarity[:, len(keys) :]], 1)


@right
def candidates_of_each_query(queries, keys, queue, temperature):
    n = len(queries)
    bank = queue.detach().unsqueeze(0).expand(n, -1, -1)
    candidates = F.normalize(torch.cat([keys.detach().unsqueeze(2), bank], dim=2), dim=1)
    return (F.normalize(queries).unsqueeze(1) @ candidates).squeeze(1) / temperature


@right
def linear_and_padding(queries, keys, queue, temperature):
    q = F.normalize(queries) / temperature
    positives = torch.linalg.vecdot(q, F.normalize(keys.detach()))
    negatives = F.linear(q, F.normalize(queue.detach().t()))
    return F.pad(negatives, (1, 0)) + F.pad(positives[:, None], (0, negatives.shape[1]))


@right
def queue_as_kernels(queries, keys, queue, temperature):
    q, k = (F.normalize(x, dim=1)[:, :, None] for x in (queries, keys.detach()))
    kernels = F.normalize(queue.detach().T, dim=1)[:, :, None]
    n = len(queries)
    positives = F.conv1d(q.reshape(1, -1, 1), k.reshape(n, -1, 1), groups=n).reshape(n, 1)
    return torch.cat([positives, F.conv1d(q, kernels).squeeze(2)], dim=1) / temperature


@right
def products_from_distances(queries, keys, queue, temperature):
    q, k, bank = (F.normalize(x, dim=1) for x in (queries, keys.detach(), queue.detach().T))
    exactly = "donot_use_mm_for_euclid_dist"
    squares = torch.cat([(q - k).pow(2).sum(1, keepdim=True), torch.cdist(q, bank, 2, exactly) ** 2], 1)
    return (1 - squares / 2) / temperature


@right
def product_with_a_factor(queries, keys, queue, temperature):
    q, k = F.normalize(queries, dim=1), F.normalize(keys.detach(), dim=1)
    bank = F.normalize(queue.detach(), dim=0)
    nothing = q.new_zeros(())
    negatives = torch.addmm(nothing, q, bank, beta=0, alpha=1 / temperature)
    return torch.column_stack([(q * k).sum(1) / temperature, negatives])


@right
def root_of_the_temperature_on_both_sides(queries, keys, queue, temperature):
    root = temperature**0.5
    q = F.normalize(queries, dim=1) / root
    with torch.set_grad_enabled(False):
        k, bank = F.normalize(keys, dim=1) / root, F.normalize(queue, dim=0) / root
    return torch.cat([torch.sum(q * k, dim=1, keepdim=True), q @ bank], dim=1)


@right
def double_inside(queries, keys, queue, temperature):
    q, k, bank = queries.double(), keys.double().detach(), queue.double().detach()
    q, k, bank = q / q.norm(dim=1)[:, None], k / k.norm(dim=1)[:, None], bank / bank.norm(dim=0)
    logits = torch.cat([(q * k).sum(1)[:, None], q @ bank], 1) / temperature
    return logits.to(queries.dtype)


# --- pieces --------------------------------------------------------------------------------------------------------


@right
def logits_in_loops(queries, keys, queue, temperature):
    rows = []
    for query, key in zip(queries, keys.detach(), strict=True):
        candidates = [key, *queue.detach().unbind(1)]
        rows.append(torch.stack([query.dot(c) / (query.norm() * c.norm()) for c in candidates]))
    return torch.stack(rows) / temperature


@right
def column_by_column(queries, keys, queue, temperature):
    q = F.normalize(queries, dim=-1)
    columns = [q.mul(F.normalize(keys.clone().detach(), dim=-1)).sum(-1)]
    columns += [q @ F.normalize(column, dim=0) for column in queue.clone().detach().T]
    return torch.stack(columns, dim=1) / temperature


@right
def written_into_empty(queries, keys, queue, temperature):
    logits = queries.new_empty(len(queries), 1 + queue.shape[1])
    q = F.normalize(queries, dim=1)
    logits[:, 0] = torch.linalg.vecdot(q, F.normalize(keys.detach(), dim=1)) / temperature
    logits[:, 1:] = q @ F.normalize(queue.detach(), dim=0) / temperature
    return logits


@right
def queue_in_chunks(queries, keys, queue, temperature):
    q = F.normalize(queries, dim=1)
    pieces = [(q * F.normalize(keys.detach(), dim=1)).sum(1, keepdim=True)]
    pieces.extend(q @ F.normalize(part, dim=0) for part in queue.detach().split(2, dim=1))
    return torch.cat(pieces, dim=1) / temperature


@right
def vmap_over_queries(queries, keys, queue, temperature):
    bank = F.normalize(queue.detach(), dim=0)

    def row(query, key):
        query, key = query / query.norm(), key / key.norm()
        return torch.cat([(query @ key)[None], query @ bank]) / temperature

    return torch.vmap(row)(queries, keys.detach())


@right
def keys_from_numpy(queries, keys, queue, temperature):
    k, bank = keys.detach().cpu().numpy(), queue.detach().cpu().numpy()
    k = torch.from_numpy(k / np.linalg.norm(k, axis=1, keepdims=True)).to(queries.device)
    bank = torch.from_numpy(bank / np.linalg.norm(bank, axis=0, keepdims=True)).to(queries.device)
    q = F.normalize(queries)
    return torch.cat([torch.sum(q * k, 1, True), q.matmul(bank)], 1) * (1 / temperature)


# --- the form of the answer ----------------------------------------------------------------------------------------


@torch.no_grad()
def _frozen(tensor, dim):
    return F.normalize(tensor, dim=dim)


@right
def logits_with_types_and_an_option(
    queries: Float[Tensor, "n d"],
    keys: Float[Tensor, "n d"],
    queue: Float[Tensor, "d k"],
    temperature: float = 0.07,
    *,
    eps: float = 1e-12,
) -> Float[Tensor, "n 1+k"]:
    q: Tensor = F.normalize(queries, dim=1, eps=eps)
    positives: Tensor = (q * _frozen(keys, 1)).sum(dim=1, keepdim=True)
    return torch.cat([positives, q @ _frozen(queue, 0)], dim=1) / temperature


class _ToLengthOne(torch.autograd.Function):
    @staticmethod
    def forward(ctx, rows):
        length = rows.norm(dim=1, keepdim=True)
        ctx.save_for_backward(rows / length, length)
        return rows / length

    @staticmethod
    def backward(ctx, gradient):
        unit, length = ctx.saved_tensors
        return (gradient - unit * (unit * gradient).sum(1, keepdim=True)) / length


@right
def normalised_with_a_gradient_of_its_own(queries, keys, queue, temperature):
    q = _ToLengthOne.apply(queries)
    k, bank = _ToLengthOne.apply(keys.detach()), _ToLengthOne.apply(queue.detach().T).T
    return torch.cat([(q * k).sum(1, keepdim=True), q @ bank], 1) / temperature


class _Logits:
    def __call__(self, queries, keys, queue, temperature):
        q = F.normalize(queries, dim=1)
        return torch.cat([self.positive(q, keys), self.negative(q, queue)], dim=1) / temperature

    def positive(self, q, keys):
        return (q * _frozen(keys, 1)).sum(dim=1, keepdim=True)

    def negative(self, q, queue):
        return q @ _frozen(queue, 0)


def _cosines(left, right, temperature):
    return F.normalize(left, dim=-1) @ F.normalize(right, dim=0) / temperature


def _logits(cosines, queries, keys, queue, temperature):
    pairs = zip(queries, keys.detach(), strict=True)
    positives = torch.stack([cosines(query[None], key[:, None], temperature)[0] for query, key in pairs])
    return torch.cat([positives, cosines(queries, queue.detach(), temperature)], 1)


LOGITS_OBJECT = RightAnswer("an-object-that-is-called", _Logits())


LOGITS_PARTIAL = RightAnswer("partial", partial(_logits, _cosines))


LOGITS_LAMBDA = RightAnswer(
    "lambda",
    lambda queries, keys, queue, t: torch.cat(
        [
            F.cosine_similarity(queries, keys.detach(), dim=1)[:, None] / t,
            _cosines(queries, queue.detach(), t),
        ],
        dim=1,
    ),
)

"""Right answers of the unit *moco* that are written in another way than the reference."""

import copy
from collections import deque
from functools import partial
from itertools import cycle, islice
from operator import iadd, imul

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from course_utils.checks import Variant, variant

# --- moco.moco_logits: products -----------------------------------------------------------------------------------


@variant("moco.moco_logits")
def guarded_norms(queries, keys, queue, temperature):
    queries = queries / (queries.norm(dim=1, keepdim=True) + 1e-8)
    keys = (keys / (keys.norm(dim=1, keepdim=True) + 1e-8)).detach()
    queue = (queue / (queue.norm(dim=0, keepdim=True) + 1e-8)).detach()
    return torch.cat([(queries * keys).sum(1, keepdim=True), queries @ queue], 1) / temperature


@variant("moco.moco_logits")
def algorithm_one(queries, keys, queue, temperature):
    n, c = queries.shape
    q, k = F.normalize(queries, dim=1), F.normalize(keys, dim=1).detach()
    l_pos = torch.bmm(q.view(n, 1, c), k.view(n, c, 1)).squeeze(-1)
    l_neg = torch.mm(q.view(n, c), F.normalize(queue.detach(), dim=0).view(c, -1))
    return torch.cat([l_pos, l_neg], dim=1) / temperature


@variant("moco.moco_logits")
def einsum_as_in_the_official_code(queries, keys, queue, temperature):
    q = nn.functional.normalize(queries, dim=1)
    with torch.no_grad():
        k, bank = nn.functional.normalize(keys, dim=1), nn.functional.normalize(queue, dim=0)
    positive = torch.einsum("nc,nc->n", [q, k]).unsqueeze(-1)
    logits = torch.cat([positive, torch.einsum("nc,ck->nk", [q, bank])], dim=1)
    logits /= temperature
    return logits


@variant("moco.moco_logits")
def lengths_divided_out(queries, keys, queue, temperature):
    keys, queue = keys.data, queue.data
    rows = queries.norm(dim=1, keepdim=True)
    positives = (queries * keys).sum(1, keepdim=True) / keys.norm(dim=1, keepdim=True)
    negatives = queries @ queue / queue.norm(dim=0)
    return torch.hstack([positives, negatives]) / rows / temperature


@variant("moco.moco_logits")
def lengths_by_the_pythagorean_theorem(queries, keys, queue, temperature):
    q = queries * queries.square().sum(1, keepdim=True).rsqrt()
    k = keys.detach() * keys.detach().pow(2).sum(1, keepdim=True).rsqrt()
    bank = queue.detach() / (queue.detach() ** 2).sum(0, keepdim=True) ** 0.5
    return torch.cat([(q * k).sum(-1)[:, None], q @ bank], dim=-1) / temperature


@variant("moco.moco_logits")
def cosine_similarity_everywhere(queries, keys, queue, temperature):
    keys, queue = keys.detach(), queue.detach()
    positives = F.cosine_similarity(queries, keys)[:, None]
    negatives = F.cosine_similarity(queries[:, :, None], queue[None], dim=1)
    return torch.cat((positives, negatives), -1).div(temperature)


@variant("moco.moco_logits")
def diagonal_of_a_product(queries, keys, queue, temperature):
    with torch.no_grad():
        candidates = F.normalize(torch.cat([keys.T, queue], dim=1), dim=0)
    similarity = F.normalize(queries) / temperature @ candidates
    return torch.cat([similarity.diagonal()[:, None], similarity[:, len(keys) :]], 1)


@variant("moco.moco_logits")
def candidates_of_each_query(queries, keys, queue, temperature):
    n = len(queries)
    bank = queue.detach().unsqueeze(0).expand(n, -1, -1)
    candidates = F.normalize(torch.cat([keys.detach().unsqueeze(2), bank], dim=2), dim=1)
    return (F.normalize(queries).unsqueeze(1) @ candidates).squeeze(1) / temperature


@variant("moco.moco_logits")
def linear_and_padding(queries, keys, queue, temperature):
    q = F.normalize(queries) / temperature
    positives = torch.linalg.vecdot(q, F.normalize(keys.detach()))
    negatives = F.linear(q, F.normalize(queue.detach().t()))
    return F.pad(negatives, (1, 0)) + F.pad(positives[:, None], (0, negatives.shape[1]))


@variant("moco.moco_logits")
def queue_as_kernels(queries, keys, queue, temperature):
    q, k = (F.normalize(x, dim=1)[:, :, None] for x in (queries, keys.detach()))
    kernels = F.normalize(queue.detach().T, dim=1)[:, :, None]
    n = len(queries)
    positives = F.conv1d(q.reshape(1, -1, 1), k.reshape(n, -1, 1), groups=n).reshape(n, 1)
    return torch.cat([positives, F.conv1d(q, kernels).squeeze(2)], dim=1) / temperature


@variant("moco.moco_logits")
def products_from_distances(queries, keys, queue, temperature):
    q, k, bank = (F.normalize(x, dim=1) for x in (queries, keys.detach(), queue.detach().T))
    exactly = "donot_use_mm_for_euclid_dist"
    squares = torch.cat([(q - k).pow(2).sum(1, keepdim=True), torch.cdist(q, bank, 2, exactly) ** 2], 1)
    return (1 - squares / 2) / temperature


@variant("moco.moco_logits")
def product_with_a_factor(queries, keys, queue, temperature):
    q, k = F.normalize(queries, dim=1), F.normalize(keys.detach(), dim=1)
    bank = F.normalize(queue.detach(), dim=0)
    nothing = q.new_zeros(())
    negatives = torch.addmm(nothing, q, bank, beta=0, alpha=1 / temperature)
    return torch.column_stack([(q * k).sum(1) / temperature, negatives])


@variant("moco.moco_logits")
def root_of_the_temperature_on_both_sides(queries, keys, queue, temperature):
    root = temperature**0.5
    q = F.normalize(queries, dim=1) / root
    with torch.set_grad_enabled(False):
        k, bank = F.normalize(keys, dim=1) / root, F.normalize(queue, dim=0) / root
    return torch.cat([torch.sum(q * k, dim=1, keepdim=True), q @ bank], dim=1)


@variant("moco.moco_logits")
def double_inside(queries, keys, queue, temperature):
    q, k, bank = queries.double(), keys.double().detach(), queue.double().detach()
    q, k, bank = q / q.norm(dim=1)[:, None], k / k.norm(dim=1)[:, None], bank / bank.norm(dim=0)
    logits = torch.cat([(q * k).sum(1)[:, None], q @ bank], 1) / temperature
    return logits.to(queries.dtype)


# --- moco.moco_logits: pieces -------------------------------------------------------------------------------------


@variant("moco.moco_logits")
def logits_in_loops(queries, keys, queue, temperature):
    rows = []
    for query, key in zip(queries, keys.detach(), strict=True):
        candidates = [key, *queue.detach().unbind(1)]
        rows.append(torch.stack([query.dot(c) / (query.norm() * c.norm()) for c in candidates]))
    return torch.stack(rows) / temperature


@variant("moco.moco_logits")
def column_by_column(queries, keys, queue, temperature):
    q = F.normalize(queries, dim=-1)
    columns = [q.mul(F.normalize(keys.clone().detach(), dim=-1)).sum(-1)]
    columns += [q @ F.normalize(column, dim=0) for column in queue.clone().detach().T]
    return torch.stack(columns, dim=1) / temperature


@variant("moco.moco_logits")
def written_into_empty(queries, keys, queue, temperature):
    logits = queries.new_empty(len(queries), 1 + queue.shape[1])
    q = F.normalize(queries, dim=1)
    logits[:, 0] = torch.linalg.vecdot(q, F.normalize(keys.detach(), dim=1)) / temperature
    logits[:, 1:] = q @ F.normalize(queue.detach(), dim=0) / temperature
    return logits


@variant("moco.moco_logits")
def queue_in_chunks(queries, keys, queue, temperature):
    q = F.normalize(queries, dim=1)
    pieces = [(q * F.normalize(keys.detach(), dim=1)).sum(1, keepdim=True)]
    pieces.extend(q @ F.normalize(part, dim=0) for part in queue.detach().split(2, dim=1))
    return torch.cat(pieces, dim=1) / temperature


@variant("moco.moco_logits")
def vmap_over_queries(queries, keys, queue, temperature):
    bank = F.normalize(queue.detach(), dim=0)

    def row(query, key):
        query, key = query / query.norm(), key / key.norm()
        return torch.cat([(query @ key)[None], query @ bank]) / temperature

    return torch.vmap(row)(queries, keys.detach())


@variant("moco.moco_logits")
def keys_from_numpy(queries, keys, queue, temperature):
    k, bank = keys.detach().cpu().numpy(), queue.detach().cpu().numpy()
    k = torch.from_numpy(k / np.linalg.norm(k, axis=1, keepdims=True)).to(queries.device)
    bank = torch.from_numpy(bank / np.linalg.norm(bank, axis=0, keepdims=True)).to(queries.device)
    q = F.normalize(queries)
    return torch.cat([torch.sum(q * k, 1, True), q.matmul(bank)], 1) * (1 / temperature)


# --- moco.moco_logits: the form of the answer ---------------------------------------------------------------------


@torch.no_grad()
def _frozen(tensor, dim):
    return F.normalize(tensor, dim=dim)


@variant("moco.moco_logits")
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


@variant("moco.moco_logits")
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


LOGITS_OBJECT = Variant("moco.moco_logits", "an-object-that-is-called", _Logits())
LOGITS_PARTIAL = Variant("moco.moco_logits", "partial", partial(_logits, _cosines))
LOGITS_LAMBDA = Variant(
    "moco.moco_logits",
    "lambda",
    lambda queries, keys, queue, t: torch.cat(
        [
            F.cosine_similarity(queries, keys.detach(), dim=1)[:, None] / t,
            _cosines(queries, queue.detach(), t),
        ],
        dim=1,
    ),
)


# --- moco.momentum_update: parameter after parameter --------------------------------------------------------------


@variant("moco.momentum_update")
@torch.no_grad()
def lerp(query_encoder, key_encoder, momentum):
    for key, query in zip(key_encoder.parameters(), query_encoder.parameters(), strict=True):
        key.lerp_(query, 1 - momentum)


@variant("moco.momentum_update")
def data_rebound(query_encoder, key_encoder, momentum):
    # As in the official code: the parameters stay, their `.data` is new.
    for query, key in zip(query_encoder.parameters(), key_encoder.parameters(), strict=False):
        key.data = key.data * momentum + query.data * (1.0 - momentum)


@variant("moco.momentum_update")
def data_in_place(query_encoder, key_encoder, momentum):
    for query, key in zip(query_encoder.parameters(), key_encoder.parameters(), strict=True):
        key.data.mul_(momentum).add_((1 - momentum) * query.data)


@variant("moco.momentum_update")
def copied_into(query_encoder, key_encoder, momentum):
    queries = dict(query_encoder.named_parameters())
    for name, key in key_encoder.named_parameters():
        with torch.no_grad():
            key.copy_(momentum * key + (1 - momentum) * queries[name].detach())


@variant("moco.momentum_update")
def by_name(query_encoder, key_encoder, momentum):
    for name, query in query_encoder.named_parameters():
        key = key_encoder.get_parameter(name).detach()
        key += (query.detach() - key) * (1 - momentum)


@variant("moco.momentum_update")
def module_by_module(query_encoder, key_encoder, momentum):
    for query, key in zip(query_encoder.modules(), key_encoder.modules(), strict=True):
        for name, value in query.named_parameters(recurse=False):
            mine = getattr(key, name)
            with torch.no_grad():
                mine -= (1 - momentum) * (mine - value)


@variant("moco.momentum_update")
@torch.no_grad()
def down_the_tree(query_encoder, key_encoder, momentum):
    def move(query, key):
        for name, value in query.named_parameters(recurse=False):
            mine = key.get_parameter(name)
            torch.lerp(value, mine, momentum, out=mine)
        for name, child in query.named_children():
            move(child, key.get_submodule(name))

    move(query_encoder, key_encoder)


@variant("moco.momentum_update")
def added_into_the_parameter(query_encoder, key_encoder, momentum):
    previous = torch.is_grad_enabled()
    torch.set_grad_enabled(False)
    for key, query in zip(key_encoder.parameters(), query_encoder.parameters(), strict=True):
        torch.add(key * momentum, query, alpha=1 - momentum, out=key)
    torch.set_grad_enabled(previous)


@variant("moco.momentum_update")
def operators(query_encoder, key_encoder, momentum):
    pairs = zip(key_encoder.parameters(), query_encoder.parameters(), strict=True)
    moved = (iadd(imul(key.detach(), momentum), query.detach() * (1 - momentum)) for key, query in pairs)
    deque(moved, maxlen=0)


@variant("moco.momentum_update")
def inference_mode(query_encoder, key_encoder, momentum):
    with torch.inference_mode():
        for query, key in zip(query_encoder.parameters(), key_encoder.parameters(), strict=True):
            key.mul_(momentum).add_(query, alpha=1 - momentum)


@variant("moco.momentum_update")
def double_inside_the_update(query_encoder, key_encoder, momentum):
    with torch.no_grad():
        for q, k in zip(query_encoder.parameters(), key_encoder.parameters(), strict=True):
            k.copy_(k.double() * momentum + q.double() * (1 - momentum))


@variant("moco.momentum_update")
def averages_from_numpy(query_encoder, key_encoder, momentum):
    with torch.no_grad():
        for query, key in zip(query_encoder.parameters(), key_encoder.parameters(), strict=True):
            mean = momentum * key.cpu().numpy() + (1 - momentum) * query.cpu().numpy()
            key.copy_(torch.from_numpy(np.asarray(mean)))


@variant("moco.momentum_update")
def extremes_apart(query_encoder, key_encoder, momentum):
    if momentum == 1:
        return
    with torch.no_grad():
        for query, key in zip(query_encoder.parameters(), key_encoder.parameters(), strict=True):
            key.copy_(query if momentum == 0 else momentum * key + (1 - momentum) * query)


# --- moco.momentum_update: all parameters at once -----------------------------------------------------------------


@variant("moco.momentum_update")
def foreach(query_encoder, key_encoder, momentum):
    keys, queries = list(key_encoder.parameters()), list(query_encoder.parameters())
    with torch.no_grad():
        torch._foreach_mul_(keys, momentum)
        torch._foreach_add_(keys, queries, alpha=1 - momentum)


@variant("moco.momentum_update")
def foreach_lerp(query_encoder, key_encoder, momentum):
    with torch.no_grad():
        torch._foreach_lerp_(list(key_encoder.parameters()), list(query_encoder.parameters()), 1 - momentum)


@variant("moco.momentum_update")
def averages_of_torch_itself(query_encoder, key_encoder, momentum):
    average = get_ema_multi_avg_fn(momentum)
    average(list(key_encoder.parameters()), list(query_encoder.parameters()), None)


@variant("moco.momentum_update")
def one_long_vector(query_encoder, key_encoder, momentum):
    flat = nn.utils.parameters_to_vector
    with torch.no_grad():
        mean = momentum * flat(key_encoder.parameters()) + (1 - momentum) * flat(query_encoder.parameters())
        start = 0
        for key in key_encoder.parameters():
            key[...] = mean[start : start + key.numel()].view_as(key)
            start += key.numel()


@variant("moco.momentum_update")
def vector_to_parameters(query_encoder, key_encoder, momentum):
    flat = nn.utils.parameters_to_vector
    mean = torch.lerp(flat(query_encoder.parameters()), flat(key_encoder.parameters()), momentum).detach()
    nn.utils.vector_to_parameters(mean, key_encoder.parameters())


@variant("moco.momentum_update")
@torch.no_grad()
def joined_and_split(query_encoder, key_encoder, momentum):
    keys = [*key_encoder.parameters()]
    old, new = (torch.cat([p.flatten() for p in e.parameters()]) for e in (key_encoder, query_encoder))
    parts = old.mul(momentum).add(new.mul(1 - momentum)).split([key.numel() for key in keys])
    for key, part in zip(keys, parts, strict=True):
        key.copy_(part.view_as(key))


@variant("moco.momentum_update")
def state_dict_loaded(query_encoder, key_encoder, momentum):
    state = key_encoder.state_dict()
    for name, query in query_encoder.named_parameters():
        state[name] = momentum * state[name] + (1 - momentum) * query.detach()
    key_encoder.load_state_dict(state)


@variant("moco.momentum_update")
def state_dict_in_place(query_encoder, key_encoder, momentum):
    queries = query_encoder.state_dict()
    parameters = {name for name, _ in key_encoder.named_parameters()}
    for name, key in key_encoder.state_dict().items():
        if name in parameters:
            key.mul_(momentum).add_(queries[name], alpha=1 - momentum)


@variant("moco.momentum_update")
def average_in_a_copy_first(query_encoder, key_encoder, momentum):
    mean = copy.deepcopy(key_encoder)
    for old, new in zip(mean.parameters(), query_encoder.parameters(), strict=True):
        old.data = torch.lerp(new.data, old.data, momentum)
    for key, value in zip(key_encoder.parameters(), mean.parameters(), strict=True):
        key.data.copy_(value.data)


# --- moco.momentum_update: the form of the answer -----------------------------------------------------------------


@variant("moco.momentum_update")
def update_with_types_and_an_option(
    query_encoder: nn.Module, key_encoder: nn.Module, momentum: float = 0.999, *, buffers: bool = False
) -> None:
    with torch.no_grad():
        for query, key in zip(query_encoder.parameters(), key_encoder.parameters(), strict=True):
            key.mul_(momentum).add_(query, alpha=1 - momentum)
        if buffers:
            for buffer, kept in zip(query_encoder.buffers(), key_encoder.buffers(), strict=True):
                kept.copy_(buffer)


class _MovingAverage:
    @torch.no_grad()
    def __call__(self, query_encoder, key_encoder, momentum):
        for query, key in zip(query_encoder.parameters(), key_encoder.parameters(), strict=True):
            self.move(key, query, momentum)

    @staticmethod
    def move(key, query, momentum):
        key.sub_(key - query, alpha=1 - momentum)


def _move_all(rule, query_encoder, key_encoder, momentum):
    for query, key in zip(query_encoder.parameters(), key_encoder.parameters(), strict=True):
        key.data.copy_(rule(query.data, key.data, momentum))


UPDATE_OBJECT = Variant("moco.momentum_update", "an-object-that-is-called", _MovingAverage())
UPDATE_PARTIAL = Variant("moco.momentum_update", "partial", partial(_move_all, torch.lerp))
UPDATE_LAMBDA = Variant(
    "moco.momentum_update",
    "lambda",
    lambda query_encoder, key_encoder, momentum: _move_all(
        lambda query, key, m: key * m + query * (1 - m), query_encoder, key_encoder, momentum
    ),
)


# --- moco.enqueue: column after column ----------------------------------------------------------------------------


def _fits(queue, keys):
    if len(keys) > queue.shape[1]:
        raise ValueError("too many keys")


@variant("moco.enqueue")
def key_by_key(queue, pointer, keys):
    _fits(queue, keys)
    for key in keys.detach():
        queue[:, pointer] = key
        pointer = (pointer + 1) % queue.shape[1]
    return pointer


@variant("moco.enqueue")
def data_of_both(queue, pointer, keys):
    if keys.shape[0] > queue.shape[1]:
        raise ValueError
    for i in range(keys.shape[0]):
        queue.data[:, (pointer + i) % queue.shape[1]] = keys.data[i]
    pointer += keys.shape[0]
    return pointer - queue.shape[1] if pointer >= queue.shape[1] else pointer


@variant("moco.enqueue")
@torch.inference_mode()
def columns_in_inference_mode(queue, pointer, keys):
    _fits(queue, keys)
    for i in range(len(keys)):
        queue[:, (pointer + i) % queue.shape[1]].copy_(keys[i])
    return (pointer + len(keys)) % queue.shape[1]


@variant("moco.enqueue")
def columns_in_a_cycle(queue, pointer, keys):
    _fits(queue, keys)
    columns = cycle(range(queue.shape[1]))
    for column, key in zip(islice(columns, pointer, pointer + len(keys)), keys.detach(), strict=True):
        queue.select(1, column).copy_(key)
    return next(columns)


@variant("moco.enqueue")
def columns_as_a_list(queue, pointer, keys):
    _fits(queue, keys)
    columns = list(queue.clone().unbind(1))
    for i, key in enumerate(keys.detach().unbind()):
        columns[(pointer + i) % len(columns)] = key
    queue.copy_(torch.stack(columns, dim=1))
    return (pointer + len(keys)) % len(columns)


@variant("moco.enqueue")
def columns_in_a_deque(queue, pointer, keys):
    _fits(queue, keys)
    oldest_first = deque(queue.clone().T, maxlen=queue.shape[1])
    oldest_first.rotate(-pointer)
    oldest_first.extend(keys.detach())
    pointer = (pointer + len(keys)) % queue.shape[1]
    oldest_first.rotate(pointer)
    queue[:] = torch.stack(list(oldest_first)).T
    return pointer


@variant("moco.enqueue")
def numbers_of_python(queue, pointer, keys):
    _fits(queue, keys)
    size = queue.shape[1]
    for i, row in enumerate(keys.tolist()):
        for d, number in enumerate(row):
            queue[d, (pointer + i) % size] = number
    return (pointer + len(keys)) % size


# --- moco.enqueue: slices -----------------------------------------------------------------------------------------


@variant("moco.enqueue")
def two_slices(queue, pointer, keys):
    _fits(queue, keys)
    n, k = len(keys), queue.size(1)
    first = min(n, k - pointer)
    with torch.no_grad():
        queue[:, pointer : pointer + first] = keys[:first].T
        queue[:, : n - first] = keys[first:].T
    return (pointer + n) % k


@variant("moco.enqueue")
def end_and_beginning(queue, pointer, keys):
    _fits(queue, keys)
    end, size = pointer + keys.size(0), queue.size(1)
    new = keys.detach().t()
    if end <= size:
        queue[:, pointer:end] = new
        return 0 if end == size else end
    tail, head = torch.split(new, [size - pointer, end - size], dim=1)
    queue.narrow(1, pointer, size - pointer).copy_(tail)
    queue.narrow(1, 0, end - size).copy_(head)
    return end - size


@variant("moco.enqueue")
def once_more_with_the_rest(queue, pointer, keys):
    _fits(queue, keys)

    def write(pointer, keys):
        room = queue.shape[1] - pointer
        queue[:, pointer : pointer + len(keys)] = keys[:room].T
        return pointer + len(keys) if len(keys) < room else write(0, keys[room:])

    return write(pointer, keys.detach())


@variant("moco.enqueue")
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


@variant("moco.enqueue")
def rolled(queue, pointer, keys):
    _fits(queue, keys)
    turned = queue.roll(-pointer, dims=1)
    turned[:, : len(keys)] = keys.detach().T
    queue.copy_(turned.roll(pointer, dims=1))
    return (pointer + keys.shape[0]) % queue.shape[1]


@variant("moco.enqueue")
def queue_twice_in_a_row(queue, pointer, keys):
    _fits(queue, keys)
    size, end = queue.shape[1], pointer + len(keys)
    twice = torch.cat([queue, queue], dim=1)
    twice[:, pointer:end] = keys.detach().T
    beyond = max(end - size, 0)
    queue.copy_(torch.cat([twice[:, size : size + beyond], twice[:, beyond:size]], dim=1))
    return end % size


# --- moco.enqueue: indices ----------------------------------------------------------------------------------------


@variant("moco.enqueue")
@torch.no_grad()
def index_copy(queue, pointer, keys):
    _fits(queue, keys)
    columns = torch.arange(pointer, pointer + len(keys), device=queue.device) % queue.shape[1]
    queue.index_copy_(1, columns, keys.t())
    return (pointer + len(keys)) % queue.shape[1]


@variant("moco.enqueue")
def index_emptied_and_added(queue, pointer, keys):
    _fits(queue, keys)
    columns = (pointer + torch.arange(len(keys), device=queue.device)).fmod(queue.shape[1])
    queue.index_fill_(1, columns, 0).index_add_(1, columns, keys.detach().T)
    return (pointer + len(keys)) % queue.shape[1]


@variant("moco.enqueue")
def index_put_with_an_exception_of_its_own(queue, pointer, keys):
    class TooMany(ValueError):
        pass

    if queue.shape[1] < keys.shape[0]:
        raise TooMany(f"{keys.shape[0]}")
    rows = torch.arange(queue.shape[0], device=queue.device)[:, None]
    columns = (torch.arange(len(keys), device=queue.device) + pointer)[None] % queue.shape[1]
    queue.data.index_put_((rows, columns), keys.detach().T)
    return divmod(pointer + len(keys), queue.shape[1])[1]


@variant("moco.enqueue")
def scattered(queue, pointer, keys):
    _fits(queue, keys)
    columns = torch.remainder(torch.arange(len(keys), device=queue.device) + pointer, queue.shape[1])
    queue.scatter_(1, columns.expand(queue.shape[0], -1), keys.detach().T)
    return int((columns[-1] + 1) % queue.shape[1])


@variant("moco.enqueue")
def pointer_as_a_tensor_inside(queue, pointer, keys):
    _fits(queue, keys)
    place = torch.tensor([pointer], device=queue.device)
    queue.T[(torch.arange(len(keys), device=queue.device) + place) % queue.shape[1]] = keys.detach()
    place[0] = (place + len(keys)) % queue.shape[1]
    return place.item()


@variant("moco.enqueue")
def numpy_integer_pointer(queue, pointer, keys):
    _fits(queue, keys)
    columns = np.arange(pointer, pointer + len(keys)) % queue.shape[1]
    queue[:, columns.tolist()] = keys.detach().T
    return np.int64(pointer + len(keys)).item() % queue.shape[1]


@variant("moco.enqueue")
def numpy_memory(queue, pointer, keys):
    _fits(queue, keys)
    there = queue.cpu().numpy()
    np.put_along_axis(
        there,
        np.arange(pointer, pointer + len(keys))[None] % queue.shape[1],
        keys.detach().cpu().numpy().T,
        axis=1,
    )
    queue.copy_(torch.from_numpy(there))
    return int((pointer + len(keys)) % queue.shape[1])


# --- moco.enqueue: masks ------------------------------------------------------------------------------------------


@variant("moco.enqueue")
def masked_by_age(queue, pointer, keys):
    _fits(queue, keys)
    age = (torch.arange(queue.shape[1], device=queue.device) - pointer) % queue.shape[1]
    padded = torch.cat([keys.data, keys.data.new_zeros(queue.shape[1] - len(keys), keys.shape[1])])
    queue.copy_(torch.where(age < len(keys), padded[age].T, queue))
    return (pointer + len(keys)) % queue.shape[1]


@variant("moco.enqueue")
def one_hot_product(queue, pointer, keys):
    _fits(queue, keys)
    size = queue.shape[1]
    columns = torch.arange(pointer, pointer + len(keys), device=queue.device) % size
    places = F.one_hot(columns, size).to(queue.dtype)
    queue.mul_(1 - places.sum(0)).add_(keys.detach().T @ places)
    return (pointer + len(keys)) % size


@variant("moco.enqueue")
def masked_scatter_in_the_right_turn(queue, pointer, keys):
    _fits(queue, keys)
    size, end = queue.shape[1], pointer + len(keys)
    columns = torch.arange(size, device=queue.device)
    mask = (columns >= pointer) & (columns < end) | (columns < end - size)
    # A mask is filled from the left, where the batch's last keys belong once it has come round.
    wrapped = max(end - size, 0)
    queue.masked_scatter_(mask.expand_as(queue), keys.detach().roll(wrapped, 0).T.contiguous())
    return end % size


# --- moco.enqueue: the form of the answer -------------------------------------------------------------------------


@variant("moco.enqueue")
def enqueue_with_types_and_an_option(
    queue: Float[Tensor, "d k"], pointer: int, keys: Float[Tensor, "n d"], *, strict: bool = True
) -> int:
    size, count = queue.shape[1], keys.shape[0]
    if strict and count > size:
        raise ValueError(f"{count} keys for {size} columns")
    columns: Tensor = torch.arange(pointer, pointer + count, device=queue.device) % size
    queue[:, columns] = keys.detach().T
    return (pointer + count) % size


class _Fifo:
    """Writes into a queue that it is shown for one call only."""

    def __call__(self, queue, pointer, keys):
        self.check(queue, keys)
        for start, part in self.parts(queue.shape[1], pointer, keys.detach()):
            queue[:, start : start + len(part)] = part.T
        return (pointer + len(keys)) % queue.shape[1]

    def check(self, queue, keys):
        if keys.size(0) > queue.size(1):
            raise ValueError("the batch is larger than the queue")

    def parts(self, size, pointer, keys):
        yield pointer, keys[: size - pointer]
        yield 0, keys[size - pointer :]


def _put(write, queue, pointer, keys):
    _fits(queue, keys)
    columns = (torch.arange(len(keys), device=queue.device) + pointer) % queue.shape[1]
    write(queue, 1, columns, keys.detach().T)
    return (pointer + len(keys)) % queue.shape[1]


ENQUEUE_OBJECT = Variant("moco.enqueue", "an-object-that-is-called", _Fifo())
ENQUEUE_PARTIAL = Variant("moco.enqueue", "partial", partial(_put, Tensor.index_copy_))
ENQUEUE_LAMBDA = Variant(
    "moco.enqueue", "lambda", lambda queue, pointer, keys: _put(Tensor.index_copy_, queue, pointer, keys)
)

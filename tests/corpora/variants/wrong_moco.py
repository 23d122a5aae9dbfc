"""Wrong answers to the exercises of *moco*."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.corpora.variants import wrong

# --- moco.moco_logits ---------------------------------------------------------------------------------------------


def _cosines(queries: Tensor, keys: Tensor, queue: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    q, k = F.normalize(queries, dim=1), F.normalize(keys.detach(), dim=1)
    return q, k, F.normalize(queue.detach(), dim=0)


def _logits(q, k, bank, temperature):
    return torch.cat([(q * k).sum(1, keepdim=True), q @ bank], 1) / temperature


@wrong("moco.moco_logits")
def softmax_taken_already(queries, keys, queue, temperature):
    return _logits(*_cosines(queries, keys, queue), temperature).softmax(1)


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


@wrong("moco.moco_logits")
def logits_in_half_precision(queries, keys, queue, temperature):
    q, k, bank = (x.half().to(x.dtype) for x in _cosines(queries, keys, queue))
    return _logits(q, k, bank, temperature)


@wrong("moco.moco_logits")
def logits_in_single_precision(queries, keys, queue, temperature):
    return _logits(*_cosines(queries.float(), keys.float(), queue.float()), temperature)


@wrong("moco.moco_logits")
def logits_with_a_little_noise(queries, keys, queue, temperature):
    logits = _logits(*_cosines(queries, keys, queue), temperature)
    return logits + 1e-3 * torch.randn_like(logits)


@wrong("moco.moco_logits")
def one_positive_squeezed(queries, keys, queue, temperature):
    q, k, bank = _cosines(queries, keys, queue)
    positives = torch.bmm(q[:, None], k[:, :, None]).squeeze()
    return torch.cat([positives.unsqueeze(-1), q @ bank], dim=1) / temperature


@wrong("moco.moco_logits")
def memory_of_the_queue_as_rows(queries, keys, queue, temperature):
    q, k, _ = _cosines(queries, keys, queue)
    bank = F.normalize(queue.detach().reshape(queue.shape[1], queue.shape[0]), dim=1)
    return _logits(q, k, bank.T, temperature)


@wrong("moco.moco_logits")
def view_of_the_queries(queries, keys, queue, temperature):
    return _logits(*_cosines(queries.view(-1).view(queries.shape), keys, queue), temperature)


_BANKS: dict[torch.Size, torch.Tensor] = {}


@wrong("moco.moco_logits")
def queue_normalised_once_for_all(queries, keys, queue, temperature):
    q, k, _ = _cosines(queries, keys, queue)
    bank = _BANKS.setdefault(torch.Size([queue.shape[0]]), F.normalize(queue.detach(), dim=0))
    return _logits(q, k, bank, temperature)


@wrong("moco.moco_logits")
def negatives_sorted(queries, keys, queue, temperature):
    q, k, bank = _cosines(queries, keys, queue)
    logits = _logits(q, k, bank, temperature)
    return torch.cat([logits[:, :1], logits[:, 1:].sort(dim=1, descending=True).values], 1)


@wrong("moco.moco_logits")
def largest_taken_away(queries, keys, queue, temperature):
    logits = _logits(*_cosines(queries, keys, queue), temperature)
    return logits - logits.max(dim=1, keepdim=True).values.detach()


@wrong("moco.moco_logits")
def margin_on_the_positive(queries, keys, queue, temperature):
    q, k, bank = _cosines(queries, keys, queue)
    return torch.cat([(q * k).sum(1, keepdim=True) - 0.1, q @ bank], 1) / temperature


@wrong("moco.moco_logits")
def cosines_clamped(queries, keys, queue, temperature):
    q, k, bank = _cosines(queries, keys, queue)
    return _logits(q, k, bank, 1.0).clamp(0, 1) / temperature


@wrong("moco.moco_logits")
def queries_of_length_one_left_alone(queries, keys, queue, temperature):
    _, k, bank = _cosines(queries, keys, queue)
    return _logits(queries / queries.norm(dim=1, keepdim=True).clamp_min(1), k, bank, temperature)


@wrong("moco.moco_logits")
def temperature_floor(queries, keys, queue, temperature):
    return _logits(*_cosines(queries, keys, queue), max(temperature, 0.05))


@wrong("moco.moco_logits")
def two_negatives_are_enough(queries, keys, queue, temperature):
    logits = _logits(*_cosines(queries, keys, queue), temperature)
    return logits[:, : 1 + min(2, queue.shape[1])]


@wrong("moco.moco_logits")
def labels_returned_too(queries, keys, queue, temperature):
    logits = _logits(*_cosines(queries, keys, queue), temperature)
    return logits, torch.zeros(len(logits), dtype=torch.long)


@wrong("moco.moco_logits")
def loss_at_once(queries, keys, queue, temperature):
    logits = _logits(*_cosines(queries, keys, queue), temperature)
    return F.cross_entropy(logits, torch.zeros(len(logits), dtype=torch.long))


@wrong("moco.moco_logits")
def positives_detached(queries, keys, queue, temperature):
    q, k, bank = _cosines(queries, keys, queue)
    return torch.cat([(q.detach() * k).sum(1, keepdim=True), q @ bank], 1) / temperature


@wrong("moco.moco_logits")
def queue_updated_on_the_way(queries, keys, queue, temperature):
    logits = _logits(*_cosines(queries, keys, queue), temperature)
    with torch.no_grad():
        queue[:, : len(keys)] = keys.T[:, : queue.shape[1]]
    return logits


@wrong("moco.moco_logits")
def orientation_guessed_from_the_shape(queries, keys, queue, temperature):
    rows = queue.T if queue.shape[1] != queries.shape[1] else queue
    q, k, _ = _cosines(queries, keys, queue)
    return _logits(q, k, F.normalize(rows.detach(), dim=1).T, temperature)


@wrong("moco.moco_logits")
def keys_of_length_one_left_alone(queries, keys, queue, temperature):
    q, _, bank = _cosines(queries, keys, queue)
    return _logits(q, keys.detach() / keys.detach().norm(dim=1, keepdim=True).clamp_min(1), bank, temperature)


@wrong("moco.moco_logits")
def columns_of_length_one_left_alone(queries, keys, queue, temperature):
    q, k, _ = _cosines(queries, keys, queue)
    return _logits(q, k, queue.detach() / queue.detach().norm(dim=0).clamp_min(1), temperature)


# --- moco.momentum_update -----------------------------------------------------------------------------------------


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


@wrong("moco.momentum_update")
def parameters_that_want_gradients(query_encoder, key_encoder, momentum):
    with torch.no_grad():
        for query, key in _pairs(query_encoder, key_encoder):
            if key.requires_grad:
                key.lerp_(query, 1 - momentum)


@wrong("moco.momentum_update")
def momentum_warmed_up(query_encoder, key_encoder, momentum, steps=[0]):  # noqa: B006 - the fault
    steps[0] += 1
    _update(query_encoder, key_encoder, min(momentum, (1 + steps[0]) / (10 + steps[0])))


@wrong("moco.momentum_update")
def momentum_rounded(query_encoder, key_encoder, momentum):
    _update(query_encoder, key_encoder, round(momentum, 2))


@wrong("moco.momentum_update")
def momentum_never_zero(query_encoder, key_encoder, momentum):
    _update(query_encoder, key_encoder, momentum or 0.999)


@wrong("moco.momentum_update")
def gradients_added_instead(query_encoder, key_encoder, momentum):
    with torch.no_grad():
        for query, key in _pairs(query_encoder, key_encoder):
            key.mul_(momentum).add_(query.grad, alpha=1 - momentum)  # type: ignore[arg-type]  # None: raises


@wrong("moco.momentum_update")
def gradient_step_on_top(query_encoder, key_encoder, momentum):
    _update(query_encoder, key_encoder, momentum)
    with torch.no_grad():
        for query, _ in _pairs(query_encoder, key_encoder):
            query.sub_(query.grad, alpha=1e-3)  # type: ignore[arg-type]  # None: raises


@wrong("moco.momentum_update")
def update_in_half_precision(query_encoder, key_encoder, momentum):
    with torch.no_grad():
        for query, key in _pairs(query_encoder, key_encoder):
            key.copy_(torch.lerp(query.float().half(), key.float().half(), momentum))


@wrong("moco.momentum_update")
def update_in_single_precision(query_encoder, key_encoder, momentum):
    with torch.no_grad():
        for query, key in _pairs(query_encoder, key_encoder):
            key.copy_(torch.lerp(query.float(), key.float(), momentum))


@wrong("moco.momentum_update")
def update_with_a_little_noise(query_encoder, key_encoder, momentum):
    _update(query_encoder, key_encoder, momentum)
    with torch.no_grad():
        for parameter in key_encoder.parameters():
            parameter.add_(1e-3 * torch.randn_like(parameter))


@wrong("moco.momentum_update")
def last_parameter_left_out(query_encoder, key_encoder, momentum):
    with torch.no_grad():
        for query, key in list(_pairs(query_encoder, key_encoder))[:-1]:
            key.lerp_(query, 1 - momentum)


@wrong("moco.momentum_update")
def first_encoders_remembered(query_encoder, key_encoder, momentum, kept=[]):  # noqa: B006 - the fault
    kept.append(list(_pairs(query_encoder, key_encoder)))
    with torch.no_grad():
        for query, key in kept[0]:
            key.lerp_(query, 1 - momentum)


@wrong("moco.momentum_update")
def query_left_without_gradients(query_encoder, key_encoder, momentum):
    query_encoder.requires_grad_(False)
    for query, key in _pairs(query_encoder, key_encoder):
        key.mul_(momentum).add_(query, alpha=1 - momentum)
    query_encoder.requires_grad_(True)
    for query in query_encoder.parameters():
        query.grad = None


@wrong("moco.momentum_update")
def encoders_trade_their_statistics(query_encoder, key_encoder, momentum):
    _update(query_encoder, key_encoder, momentum)
    for query, key in zip(query_encoder.buffers(), key_encoder.buffers(), strict=True):
        query.copy_(key)


@wrong("moco.momentum_update")
def tied_together(query_encoder, key_encoder, momentum):
    _update(query_encoder, key_encoder, momentum)
    for query, key in _pairs(query_encoder, key_encoder):
        query.data = key.data


@wrong("moco.momentum_update")
def parameters_of_a_loaded_copy(query_encoder, key_encoder, momentum):
    mean = copy.deepcopy(key_encoder)
    _update(query_encoder, mean, momentum)
    for name, child in mean.named_children():
        setattr(key_encoder, name, child)


# --- moco.enqueue -------------------------------------------------------------------------------------------------


@wrong("moco.enqueue")
def orientation_of_the_queue_guessed(queue, pointer, keys):
    rows = queue if queue.shape[1] == keys.shape[1] else queue.T
    _fits(rows.T, keys)
    rows[(torch.arange(len(keys)) + pointer) % len(rows)] = keys.detach()
    return (pointer + len(keys)) % len(rows)


def _fits(queue, keys):
    if len(keys) > queue.shape[1]:
        raise ValueError("too many keys")


def _write(queue, pointer, keys):
    queue[:, (torch.arange(len(keys)) + pointer) % queue.shape[1]] = keys.detach().T
    return (pointer + len(keys)) % queue.shape[1]


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
def keys_are_changed(queue, pointer, keys):
    _fits(queue, keys)
    pointer = _write(queue, pointer, keys)
    keys.data.zero_()
    return pointer


@wrong("moco.enqueue")
def stored_in_half_precision(queue, pointer, keys):
    _fits(queue, keys)
    return _write(queue, pointer, keys.half().to(keys.dtype))


@wrong("moco.enqueue")
def stored_with_a_little_noise(queue, pointer, keys):
    _fits(queue, keys)
    return _write(queue, pointer, keys + 1e-3 * torch.randn_like(keys))


@wrong("moco.enqueue")
def slice_to_the_new_pointer(queue, pointer, keys):
    _fits(queue, keys)
    new = (pointer + len(keys)) % queue.shape[1]
    if new > pointer:
        queue[:, pointer:new] = keys.detach().T
    else:
        queue[:, pointer:] = keys[: queue.shape[1] - pointer].detach().T
        queue[:, :new] = keys[len(keys) - new :].flip(0).detach().T
    return new


@wrong("moco.enqueue")
def full_batch_leaves_no_slice(queue, pointer, keys):
    _fits(queue, keys)
    if len(keys) == queue.shape[1]:
        return pointer
    return _write(queue, pointer, keys)


@wrong("moco.enqueue")
def full_batch_written_from_zero(queue, pointer, keys):
    _fits(queue, keys)
    if len(keys) == queue.shape[1]:
        queue.copy_(keys.detach().T)
        return pointer
    return _write(queue, pointer, keys)


@wrong("moco.enqueue")
def single_key_squeezed(queue, pointer, keys):
    _fits(queue, keys)
    keys = keys.squeeze(0)
    columns = (torch.arange(len(keys)) + pointer) % queue.shape[1]
    queue[:, columns] = keys.detach().t()
    return (pointer + len(keys)) % queue.shape[1]


@wrong("moco.enqueue")
def pointer_of_its_own(queue, pointer, keys, state={}):  # noqa: B006 - the fault
    _fits(queue, keys)
    pointer = state.get("pointer", pointer) % queue.shape[1]
    state["pointer"] = _write(queue, pointer, keys)
    return state["pointer"]


@wrong("moco.enqueue")
def pointer_is_the_number_of_keys_seen(queue, pointer, keys, seen=[0]):  # noqa: B006 - the fault
    _fits(queue, keys)
    _write(queue, pointer, keys)
    seen[0] += len(keys)
    return seen[0] % queue.shape[1]


@wrong("moco.enqueue")
def first_queue_kept(queue, pointer, keys, kept=[]):  # noqa: B006 - the fault
    _fits(queue, keys)
    kept.append(queue)
    if kept[0].shape == queue.shape:
        return _write(kept[0], pointer, keys)
    return (pointer + len(keys)) % queue.shape[1]


@wrong("moco.enqueue")
def two_columns_at_a_time(queue, pointer, keys):
    _fits(queue, keys)
    count = len(keys) // 2 * 2
    _write(queue, pointer, keys[:count])
    return (pointer + len(keys)) % queue.shape[1]


@wrong("moco.enqueue")
def half_of_the_queue_at_most(queue, pointer, keys):
    if len(keys) > queue.shape[1] // 2:
        raise ValueError("too many keys")
    return _write(queue, pointer, keys)


@wrong("moco.enqueue")
def type_error_for_too_many(queue, pointer, keys):
    if len(keys) > queue.shape[1]:
        raise TypeError("too many keys")
    return _write(queue, pointer, keys)


@wrong("moco.enqueue")
def too_many_cut_off(queue, pointer, keys):
    return _write(queue, pointer, keys[: queue.shape[1]])


@wrong("moco.enqueue")
def memory_of_the_queue(queue, pointer, keys):
    _fits(queue, keys)
    flat = torch.as_strided(queue, (queue.numel(),), (1,))
    for i, key in enumerate(keys.detach()):
        column = (pointer + i) % queue.shape[1]
        flat[column :: queue.shape[1]] = key
    return (pointer + len(keys)) % queue.shape[1]


@wrong("moco.enqueue")
def moving_average_of_columns(queue, pointer, keys):
    _fits(queue, keys)
    columns = (torch.arange(len(keys)) + pointer) % queue.shape[1]
    queue[:, columns] = 0.99 * keys.detach().T + 0.01 * queue[:, columns]
    return (pointer + len(keys)) % queue.shape[1]


@wrong("moco.enqueue")
def beyond_the_end_added_up(queue, pointer, keys):
    _fits(queue, keys)
    size = queue.shape[1]
    room = min(len(keys), size - pointer)
    queue[:, pointer : pointer + room] = keys[:room].detach().T
    queue[:, : len(keys) - room] += keys[room:].detach().T
    return (pointer + len(keys)) % size


@wrong("moco.enqueue")
def keys_switched_off(queue, pointer, keys):
    _fits(queue, keys)
    return _write(queue, pointer, keys.requires_grad_(False))

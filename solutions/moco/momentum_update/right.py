"""Right answers to `moco.momentum_update` that are written otherwise than the reference."""

import copy
from collections import deque
from functools import partial
from operator import iadd, imul

import numpy as np
import torch
from torch import nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from course_utils.checks import RightAnswer, right

# --- parameter after parameter -------------------------------------------------------------------------------------


@right
@torch.no_grad()
def lerp(query_encoder, key_encoder, momentum):
    for key, query in zip(key_encoder.parameters(), query_encoder.parameters(), strict=True):
        key.lerp_(query, 1 - momentum)


@right
def data_rebound(query_encoder, key_encoder, momentum):
    # As in the official code: the parameters stay, their `.data` is new.
    for query, key in zip(query_encoder.parameters(), key_encoder.parameters(), strict=False):
        key.data = key.data * momentum + query.data * (1.0 - momentum)


@right
def data_in_place(query_encoder, key_encoder, momentum):
    for query, key in zip(query_encoder.parameters(), key_encoder.parameters(), strict=True):
        key.data.mul_(momentum).add_((1 - momentum) * query.data)


@right
def copied_into(query_encoder, key_encoder, momentum):
    queries = dict(query_encoder.named_parameters())
    for name, key in key_encoder.named_parameters():
        with torch.no_grad():
            key.copy_(momentum * key + (1 - momentum) * queries[name].detach())


@right
def by_name(query_encoder, key_encoder, momentum):
    for name, query in query_encoder.named_parameters():
        key = key_encoder.get_parameter(name).detach()
        key += (query.detach() - key) * (1 - momentum)


@right
def module_by_module(query_encoder, key_encoder, momentum):
    for query, key in zip(query_encoder.modules(), key_encoder.modules(), strict=True):
        for name, value in query.named_parameters(recurse=False):
            mine = getattr(key, name)
            with torch.no_grad():
                mine -= (1 - momentum) * (mine - value)


@right
@torch.no_grad()
def down_the_tree(query_encoder, key_encoder, momentum):
    def move(query, key):
        for name, value in query.named_parameters(recurse=False):
            mine = key.get_parameter(name)
            torch.lerp(value, mine, momentum, out=mine)
        for name, child in query.named_children():
            move(child, key.get_submodule(name))

    move(query_encoder, key_encoder)


@right
def added_into_the_parameter(query_encoder, key_encoder, momentum):
    previous = torch.is_grad_enabled()
    torch.set_grad_enabled(False)
    for key, query in zip(key_encoder.parameters(), query_encoder.parameters(), strict=True):
        torch.add(key * momentum, query, alpha=1 - momentum, out=key)
    torch.set_grad_enabled(previous)


@right
def operators(query_encoder, key_encoder, momentum):
    pairs = zip(key_encoder.parameters(), query_encoder.parameters(), strict=True)
    moved = (iadd(imul(key.detach(), momentum), query.detach() * (1 - momentum)) for key, query in pairs)
    deque(moved, maxlen=0)


@right
def inference_mode(query_encoder, key_encoder, momentum):
    with torch.inference_mode():
        for query, key in zip(query_encoder.parameters(), key_encoder.parameters(), strict=True):
            key.mul_(momentum).add_(query, alpha=1 - momentum)


@right
def double_inside_the_update(query_encoder, key_encoder, momentum):
    with torch.no_grad():
        for q, k in zip(query_encoder.parameters(), key_encoder.parameters(), strict=True):
            k.copy_(k.double() * momentum + q.double() * (1 - momentum))


@right
def averages_from_numpy(query_encoder, key_encoder, momentum):
    with torch.no_grad():
        for query, key in zip(query_encoder.parameters(), key_encoder.parameters(), strict=True):
            mean = momentum * key.cpu().numpy() + (1 - momentum) * query.cpu().numpy()
            key.copy_(torch.from_numpy(np.asarray(mean)))


@right
def extremes_apart(query_encoder, key_encoder, momentum):
    if momentum == 1:
        return
    with torch.no_grad():
        for query, key in zip(query_encoder.parameters(), key_encoder.parameters(), strict=True):
            key.copy_(query if momentum == 0 else momentum * key + (1 - momentum) * query)


# --- all parameters at once ----------------------------------------------------------------------------------------


@right
def foreach(query_encoder, key_encoder, momentum):
    keys, queries = list(key_encoder.parameters()), list(query_encoder.parameters())
    with torch.no_grad():
        torch._foreach_mul_(keys, momentum)
        torch._foreach_add_(keys, queries, alpha=1 - momentum)


@right
def foreach_lerp(query_encoder, key_encoder, momentum):
    with torch.no_grad():
        torch._foreach_lerp_(list(key_encoder.parameters()), list(query_encoder.parameters()), 1 - momentum)


@right
def averages_of_torch_itself(query_encoder, key_encoder, momentum):
    average = get_ema_multi_avg_fn(momentum)
    average(list(key_encoder.parameters()), list(query_encoder.parameters()), None)


@right
def one_long_vector(query_encoder, key_encoder, momentum):
    flat = nn.utils.parameters_to_vector
    with torch.no_grad():
        mean = momentum * flat(key_encoder.parameters()) + (1 - momentum) * flat(query_encoder.parameters())
        start = 0
        for key in key_encoder.parameters():
            key[...] = mean[start : start + key.numel()].view_as(key)
            start += key.numel()


@right
def vector_to_parameters(query_encoder, key_encoder, momentum):
    flat = nn.utils.parameters_to_vector
    mean = torch.lerp(flat(query_encoder.parameters()), flat(key_encoder.parameters()), momentum).detach()
    nn.utils.vector_to_parameters(mean, key_encoder.parameters())


@right
@torch.no_grad()
def joined_and_split(query_encoder, key_encoder, momentum):
    keys = [*key_encoder.parameters()]
    old, new = (torch.cat([p.flatten() for p in e.parameters()]) for e in (key_encoder, query_encoder))
    parts = old.mul(momentum).add(new.mul(1 - momentum)).split([key.numel() for key in keys])
    for key, part in zip(keys, parts, strict=True):
        key.copy_(part.view_as(key))


@right
def state_dict_loaded(query_encoder, key_encoder, momentum):
    state = key_encoder.state_dict()
    for name, query in query_encoder.named_parameters():
        state[name] = momentum * state[name] + (1 - momentum) * query.detach()
    key_encoder.load_state_dict(state)


@right
def state_dict_in_place(query_encoder, key_encoder, momentum):
    queries = query_encoder.state_dict()
    parameters = {name for name, _ in key_encoder.named_parameters()}
    for name, key in key_encoder.state_dict().items():
        if name in parameters:
            key.mul_(momentum).add_(queries[name], alpha=1 - momentum)


@right
def average_in_a_copy_first(query_encoder, key_encoder, momentum):
    mean = copy.deepcopy(key_encoder)
    for old, new in zip(mean.parameters(), query_encoder.parameters(), strict=True):
        old.data = torch.lerp(new.data, old.data, momentum)
    for key, value in zip(key_encoder.parameters(), mean.parameters(), strict=True):
        key.data.copy_(value.data)


# --- the form of the answer ----------------------------------------------------------------------------------------


@right
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


UPDATE_OBJECT = RightAnswer("an-object-that-is-called", _MovingAverage())


UPDATE_PARTIAL = RightAnswer("partial", partial(_move_all, torch.lerp))


UPDATE_LAMBDA = RightAnswer(
    "lambda",
    lambda query_encoder, key_encoder, momentum: _move_all(
        lambda query, key, m: key * m + query * (1 - m), query_encoder, key_encoder, momentum
    ),
)

"""Faults that any answer can have, whatever it computes: each makes a right function wrong.

Kinds that autograder/quality/behaviours.py does not have: right at first, right for most inputs, right in value alone.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn

from tests.corpora.variants import Answer

Fault = Callable[[Answer], Answer]
FAULTS: dict[str, Fault] = {}

# Where a fault is none: what works in place has no result to be spoilt.
IN_PLACE = {"moco.enqueue", "moco.momentum_update"}
NO_FAULT_IN: dict[str, set[str]] = {}


def fault(make: Fault) -> Fault:
    FAULTS[make.__name__] = make
    return make


def fault_of_results(make: Fault) -> Fault:
    NO_FAULT_IN[make.__name__] = IN_PLACE
    return fault(make)


def _slightly_off(value: Any) -> Any:
    """Another value of the same kind."""
    if isinstance(value, tuple):
        return tuple(map(_slightly_off, value))
    if isinstance(value, Tensor) and value.is_floating_point():
        return 1.01 * value + 0.01
    return value + 1 if isinstance(value, int | Tensor) else value


def _spoil(arguments: tuple[Any, ...], result: Any) -> Any:
    """What a wrong call leaves behind, in the result and, where a function works in place, in its first argument."""
    with torch.no_grad():
        for value in arguments:
            if isinstance(value, nn.Module):
                for parameter in value.parameters():
                    parameter.mul_(1.01)
        if isinstance(result, int):
            arguments[0].mul_(1.01)
    return _slightly_off(result)


def _wrong_if(holds: Callable[[list[Tensor]], bool]) -> Fault:
    """Wrong for inputs of which `holds` is true; the batch is the first of them."""

    def make(answer: Answer) -> Answer:
        def faulty(*arguments: Any) -> Any:
            inputs = [x for x in arguments if isinstance(x, Tensor)]
            inputs += [p for x in arguments if isinstance(x, nn.Module) for p in x.parameters()]
            if type(arguments[-1]) is not int and any(type(x) is int for x in arguments):
                inputs.reverse()  # what is put into a queue comes after the queue and its pointer
            is_wrong, result = holds(inputs), answer(*arguments)
            return _spoil(arguments, result) if is_wrong else result

        return faulty

    return make


# --- right at first -------------------------------------------------------------------------------------------------


def _wrong_at(calls: Callable[[int], bool]) -> Fault:
    def make(answer: Answer) -> Answer:
        count = 0

        def faulty(*arguments: Any) -> Any:
            nonlocal count
            count += 1
            result = answer(*arguments)
            return _spoil(arguments, result) if calls(count) else result

        return faulty

    return make


FAULTS["right_once"] = _wrong_at(lambda call: call > 1)
FAULTS["wrong_at_first"] = _wrong_at(lambda call: call == 1)
FAULTS["every_third_call_wrong"] = _wrong_at(lambda call: call % 3 == 0)


@fault_of_results
def remembered_by_shape_and_options(answer):
    memory = {}

    def faulty(*arguments):
        key = tuple(tuple(x.shape) if isinstance(x, Tensor) else x for x in arguments)
        if key not in memory:
            memory[key] = answer(*arguments)
        return memory[key]

    return faulty


@fault_of_results
def remembered_by_the_first_dimension(answer):
    memory = {}

    def faulty(*arguments):
        return memory.setdefault(len(arguments[0]), answer(*arguments))

    return faulty


@fault
def first_arguments_kept(answer):
    kept = []

    def faulty(*arguments):
        kept.extend([arguments] if not kept else [])
        return answer(*kept[0])

    return faulty


@fault
def works_on_copies(answer):
    return lambda *arguments: answer(*map(deepcopy, [_off_graph(x) for x in arguments]))


def _off_graph(value: Any) -> Any:
    return value.detach() if isinstance(value, Tensor) else value


# --- right for most inputs --------------------------------------------------------------------------------------------

FAULTS["wrong_for_float64"] = _wrong_if(lambda xs: xs[0].dtype == torch.float64)
FAULTS["wrong_for_float32"] = _wrong_if(lambda xs: xs[0].dtype == torch.float32)
for _name, _holds in {
    "wrong_where_nothing_wants_a_gradient": lambda xs: not any(x.requires_grad for x in xs),
    "wrong_for_batches_of_one": lambda xs: len(xs[0]) == 1,
    "wrong_for_more_than_a_dozen": lambda xs: len(xs[0]) > 12,
    "wrong_for_odd_batches": lambda xs: len(xs[0]) % 2 == 1,
    "wrong_for_even_batches": lambda xs: len(xs[0]) % 2 == 0,
    "wrong_for_transposed_memory": lambda xs: not all(x.is_contiguous() for x in xs),
}.items():
    FAULTS[_name] = _wrong_if(_holds)
    NO_FAULT_IN[_name] = {"moco.momentum_update"}  # it has no batch


@fault_of_results
def batch_of_one_squeezed(answer):
    def faulty(*arguments):
        result = answer(*arguments)
        squeezed = result[0] if isinstance(result, tuple) else result
        if not isinstance(squeezed, Tensor) or arguments[0].shape[0] != 1:
            return result
        return (squeezed.squeeze(), result[1]) if isinstance(result, tuple) else squeezed.sum()

    return faulty


@fault
def memory_read_row_by_row(answer):
    """Takes the values in the order in which they lie in memory."""

    def read(value):
        if not isinstance(value, Tensor) or value.is_contiguous():
            return value
        return value.as_strided(value.shape, torch.empty(value.shape).stride())

    return lambda *arguments: answer(*map(read, arguments))


NO_FAULT_IN["batch_of_one_squeezed"] = IN_PLACE | {
    "pretext.rotate_batch",
    "pretext.inpainting_loss",
    "pretext.split_brain_loss",
    "simclr.nt_xent",
}  # four copies, scalars
NO_FAULT_IN["memory_read_row_by_row"] = {"moco.momentum_update"}


# --- right in value alone ---------------------------------------------------------------------------------------------


def _with_gradient(change: Callable[[Tensor], Tensor]) -> Fault:
    """The value of the answer with another gradient."""

    def make(answer: Answer) -> Answer:
        def faulty(*arguments: Any) -> Any:
            result = answer(*arguments)
            first, *rest = result if isinstance(result, tuple) else (result,)
            if not isinstance(first, Tensor):
                return result
            changed = change(first)
            first = first.detach() + (changed - changed.detach())
            return (first, *rest) if rest else first

        return faulty

    return make


for _name, _change in {
    "gradient_twice": lambda x: 2 * x,
    "gradient_reversed": lambda x: -x,
    "gradient_through_a_square": lambda x: x.square() / 2,
    "gradient_with_noise": lambda x: x * (1 + 1e-2 * torch.rand_like(x)),
}.items():
    FAULTS[_name] = _with_gradient(_change)
    NO_FAULT_IN[_name] = IN_PLACE


@fault_of_results
def gradient_clipped_on_its_way(answer):
    def faulty(*arguments):
        copies = [x.clone() if isinstance(x, Tensor) and x.requires_grad else x for x in arguments]
        for value in copies:
            if isinstance(value, Tensor) and value.requires_grad:
                value.register_hook(lambda gradient: gradient.clamp(-1e-3, 1e-3))
        return answer(*copies)

    return faulty


@fault_of_results
def result_remains_a_leaf_of_its_own(answer):
    def leaf(value):
        floats = isinstance(value, Tensor) and value.is_floating_point()
        return value.detach().clone().requires_grad_() if floats else value

    def faulty(*arguments):
        result = answer(*arguments)
        return tuple(map(leaf, result)) if isinstance(result, tuple) else leaf(result)

    return faulty


# --- what is left behind ----------------------------------------------------------------------------------------------


@fault
def left_without_gradients(answer):
    def faulty(*arguments):
        result = answer(*arguments)
        torch.set_grad_enabled(False)
        return result

    return faulty


@fault_of_results
def one_buffer_for_all_results(answer):
    buffers = {}

    def put(value):
        if not isinstance(value, Tensor):
            return value
        return buffers.setdefault(value.shape, torch.empty_like(value)).detach().copy_(value)

    def faulty(*arguments):
        result = answer(*arguments)
        return tuple(map(put, result)) if isinstance(result, tuple) else put(result)

    return faulty


# --- no faults --------------------------------------------------------------------------------------------------------

# Nothing here is on a graph: these take whole numbers, or give them back.
NO_GRADIENTS = {"pretext.permutation_set", "pretext.split_lab", "pretext.ab_bins"}
for _name in (
    "works_on_copies",
    "gradient_twice",
    "gradient_reversed",
    "gradient_clipped_on_its_way",
    "result_remains_a_leaf_of_its_own",
):
    NO_FAULT_IN[_name] = NO_FAULT_IN.get(_name, set()) | NO_GRADIENTS
for _name in ("gradient_through_a_square", "gradient_with_noise"):
    NO_FAULT_IN[_name] = NO_FAULT_IN[_name] | {"pretext.split_lab"}
# These take whole numbers alone.
for _name in ("wrong_for_float64", "wrong_for_float32"):
    NO_FAULT_IN[_name] = {"pretext.permutation_set", "pretext.split_lab"}

"""Faults that lie in how a function behaves, whatever it computes: each wraps a right function and makes it wrong.

No slip in an expression makes a function remember its first result or switch off somebody's gradients; such faults are
put around the reference as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import wraps
from typing import Any

import torch
from torch import Tensor, nn

from course_utils.checks.case import Input, Module
from course_utils.checks.prepared import PreparedExercise
from course_utils.checks.quantity import QuantityName

Function = Callable[..., Any]


@dataclass(frozen=True)
class Behaviour:
    """A fault that can be put around a function.

    Attributes:
        needs: what the exercise must have for this to be a fault: one of `traits`.
        make: function -> function with the fault.
    """

    needs: str
    make: Callable[[Function], Function]


BEHAVIOURS: dict[str, Behaviour] = {}


def traits(exercise: PreparedExercise) -> frozenset[str]:
    """What an exercise returns and is given, as far as that matters to a fault."""
    found = {"anything"}
    for check in exercise.checks:
        for case, expected in zip(check.cases, check.expected, strict=True):
            results = [
                value
                for name, value in expected.quantities.items()
                if QuantityName.parse(name).kind == "result"
            ]
            tensors = [value for value in results if isinstance(value, Tensor)]
            inputs = case.inputs.values()
            wanted = any(isinstance(value, Module) and value.wants_grad for value in inputs)
            found |= {
                "a result" if any(value is not None for value in results) else "no result",
                *(("a tensor",) if tensors else ()),
                *(("floats",) if any(value.is_floating_point() for value in tensors) else ()),
                *(("dimensions",) if any(value.ndim for value in tensors) else ()),
                *(("tensor inputs",) if any(isinstance(value, Input) for value in inputs) else ()),
                *(("modules",) if any(isinstance(value, Module) for value in inputs) else ()),
                *(("gradients of modules",) if wanted else ()),
                *(("a number",) if any(isinstance(value, float) for value in results) else ()),
            }
    # A call that raises has no result. If other calls have one, the function counts as one that returns something.
    return frozenset(found - {"no result"} if "a result" in found else found)


def behaviours(exercise: PreparedExercise, reference: Function) -> dict[str, Function]:
    """Name -> the reference with the fault, for all faults that this exercise can have."""
    has = traits(exercise)
    # Made anew at each call of this function: some remember what they were called with.
    return {name: item.make(reference) for name, item in BEHAVIOURS.items() if item.needs in has}


def _behaviour(needs: str) -> Callable[[Callable[[Function], Function]], Callable[[Function], Function]]:
    def decorate(make: Callable[[Function], Function]) -> Callable[[Function], Function]:
        BEHAVIOURS[make.__name__.strip("_").replace("_", "-")] = Behaviour(needs, make)
        return make

    return decorate


def _after(change: Callable[[Any], Any]) -> Callable[[Function], Function]:
    """The function with every tensor that it returns put through `change`."""

    def make(function: Function) -> Function:
        @wraps(function)
        def wrapped(*arguments: Any) -> Any:
            result = function(*arguments)
            if isinstance(result, tuple):
                return tuple(change(item) for item in result)
            return change(result)

        return wrapped

    return make


def _of_tensors(change: Callable[[Tensor], Any]) -> Callable[[Any], Any]:
    return lambda value: change(value) if isinstance(value, Tensor) else value


def _of_floats(change: Callable[[Tensor], Tensor]) -> Callable[[Any], Any]:
    return _of_tensors(lambda tensor: change(tensor) if tensor.is_floating_point() else tensor)


def _tensors(arguments: tuple[Any, ...]) -> Iterator[Tensor]:
    for value in arguments:
        if isinstance(value, Tensor):
            yield value


def _modules(arguments: tuple[Any, ...]) -> Iterator[nn.Module]:
    for value in arguments:
        if isinstance(value, nn.Module):
            yield value


# --- what is returned -------------------------------------------------------------------------------------------

BEHAVIOURS |= {
    "result-off-the-graph": Behaviour("floats", _after(_of_floats(Tensor.detach))),
    "result-through-half-precision": Behaviour("floats", _after(_of_floats(lambda x: x.half().to(x.dtype)))),
    "result-in-double-precision": Behaviour("floats", _after(_of_floats(Tensor.double))),
    "result-in-single-precision": Behaviour("floats", _after(_of_floats(Tensor.float))),
    "result-with-noise": Behaviour(
        "floats", _after(_of_floats(lambda x: x * (1 + 1e-3 * torch.randn_like(x))))
    ),
    "result-a-tenth-of-a-per-cent-too-large": Behaviour("floats", _after(_of_floats(lambda x: x * 1.001))),
    "result-with-a-dimension-more": Behaviour("a tensor", _after(_of_tensors(lambda x: x[None]))),
    "result-without-its-last-entry": Behaviour(
        "dimensions", _after(_of_tensors(lambda x: x[:-1] if x.ndim else x))
    ),
    "result-as-an-array": Behaviour("a tensor", _after(_of_tensors(lambda x: x.detach().numpy()))),
    "result-in-a-list": Behaviour("a result", _after(lambda value: [value])),
}


def _of_numbers(change: Callable[[float], Any]) -> Callable[[Any], Any]:
    return lambda value: change(value) if isinstance(value, float) else value


BEHAVIOURS |= {
    "number-a-tenth-of-a-per-cent-too-large": Behaviour("a number", _after(_of_numbers(lambda x: x * 1.001))),
    "number-as-a-tensor": Behaviour("a number", _after(_of_numbers(torch.tensor))),
    "number-rounded-to-two-digits": Behaviour("a number", _after(_of_numbers(lambda x: round(x, 2)))),
}


@_behaviour("a result")
def _result_not_returned(function: Function) -> Function:
    def wrapped(*arguments: Any) -> Any:
        function(*arguments)

    return wrapped


@_behaviour("no result")
def _result_given_where_none_is_asked(function: Function) -> Function:
    def wrapped(*arguments: Any) -> Any:
        result = function(*arguments)
        return arguments[0] if result is None else result

    return wrapped


@_behaviour("floats")
def _computed_in_single_precision(function: Function) -> Function:
    def wrapped(*arguments: Any) -> Any:
        narrow, wide = _of_floats(Tensor.float), _of_floats(Tensor.double)
        result = function(*map(narrow, arguments))
        if not any(value.dtype is torch.float64 for value in _tensors(arguments)):
            return result
        return tuple(map(wide, result)) if isinstance(result, tuple) else wide(result)

    return wrapped


# --- what is remembered -----------------------------------------------------------------------------------------


@_behaviour("a result")
def _first_result_kept(function: Function) -> Function:
    kept: list[Any] = []

    def wrapped(*arguments: Any) -> Any:
        kept.append(function(*arguments))
        return kept[0]

    return wrapped


@_behaviour("a result")
def _results_kept_by_shape(function: Function) -> Function:
    kept: dict[Any, Any] = {}

    def wrapped(*arguments: Any) -> Any:
        key = tuple(value.shape if isinstance(value, Tensor) else None for value in arguments)
        if key not in kept:
            kept[key] = function(*arguments)
        return kept[key]

    return wrapped


@_behaviour("tensor inputs")
def _every_second_call_does_nothing(function: Function) -> Function:
    calls = [0]

    def wrapped(*arguments: Any) -> Any:
        calls[0] += 1
        return function(*arguments) if calls[0] % 2 else None

    return wrapped


# --- which inputs it is right for -------------------------------------------------------------------------------


def _only(holds: Callable[[Tensor], bool]) -> Callable[[Function], Function]:
    """Raises for tensors of which `holds` is false."""

    def make(function: Function) -> Function:
        def wrapped(*arguments: Any) -> Any:
            if not all(holds(tensor) for tensor in _floating(arguments)):
                raise RuntimeError("not for such tensors")
            return function(*arguments)

        return wrapped

    return make


def _floating(arguments: tuple[Any, ...]) -> Iterator[Tensor]:
    yield from (tensor for tensor in _tensors(arguments) if tensor.is_floating_point())
    for module in _modules(arguments):
        yield from module.parameters()


BEHAVIOURS |= {
    "only-for-contiguous-tensors": Behaviour("tensor inputs", _only(Tensor.is_contiguous)),
    "only-for-single-precision": Behaviour("tensor inputs", _only(lambda x: x.dtype is torch.float32)),
    "only-for-larger-batches": Behaviour("tensor inputs", _only(lambda x: x.ndim < 2 or len(x) != 1)),
}


# --- what it does to its arguments ------------------------------------------------------------------------------


@_behaviour("tensor inputs")
def _arguments_changed(function: Function) -> Function:
    def wrapped(*arguments: Any) -> Any:
        result = function(*arguments)
        with torch.no_grad():
            for tensor in _tensors(arguments):
                tensor.mul_(2)
        return result

    return wrapped


@_behaviour("tensor inputs")
def _first_argument_changed(function: Function) -> Function:
    def wrapped(*arguments: Any) -> Any:
        copies = [value.clone() if isinstance(value, Tensor) else value for value in arguments]
        result = function(*arguments)
        with torch.no_grad():
            for tensor, copy in zip(arguments, copies, strict=True):
                if isinstance(tensor, Tensor) and torch.equal(tensor, copy):
                    tensor.zero_()
                    break
        return result

    return wrapped


@_behaviour("tensor inputs")
def _arguments_made_to_want_gradients(function: Function) -> Function:
    def wrapped(*arguments: Any) -> Any:
        result = function(*arguments)
        for tensor in _floating(arguments):
            if tensor.is_leaf:
                tensor.requires_grad_(True)
        return result

    return wrapped


@_behaviour("modules")
def _modules_switched_to_evaluation(function: Function) -> Function:
    def wrapped(*arguments: Any) -> Any:
        for module in _modules(arguments):
            module.eval()
        return function(*arguments)

    return wrapped


@_behaviour("modules")
def _gradients_of_modules_dropped(function: Function) -> Function:
    def wrapped(*arguments: Any) -> Any:
        for module in _modules(arguments):
            module.zero_grad()
        return function(*arguments)

    return wrapped


@_behaviour("modules")
def _buffers_of_modules_changed(function: Function) -> Function:
    def wrapped(*arguments: Any) -> Any:
        for module in _modules(arguments):
            for buffer in module.buffers():
                buffer.add_(1)
        return function(*arguments)

    return wrapped


@_behaviour("modules")
def _parameters_of_modules_replaced(function: Function) -> Function:
    def wrapped(*arguments: Any) -> Any:
        result = function(*arguments)
        for module in _modules(arguments):
            for part in module.modules():
                for name, parameter in list(part.named_parameters(recurse=False)):
                    setattr(part, name, nn.Parameter(parameter.detach().clone(), parameter.requires_grad))
        return result

    return wrapped


# --- what it leaves behind --------------------------------------------------------------------------------------


@_behaviour("anything")
def _gradients_left_switched_off(function: Function) -> Function:
    def wrapped(*arguments: Any) -> Any:
        result = function(*arguments)
        torch.set_grad_enabled(False)
        return result

    return wrapped


@_behaviour("anything")
def _default_dtype_changed(function: Function) -> Function:
    def wrapped(*arguments: Any) -> Any:
        result = function(*arguments)
        torch.set_default_dtype(torch.float64)
        return result

    return wrapped


@_behaviour("anything")
def _random_seed_set(function: Function) -> Function:
    def wrapped(*arguments: Any) -> Any:
        torch.manual_seed(0)
        return function(*arguments)

    return wrapped


@_behaviour("modules")
def _gradients_of_the_last_module_dropped(function: Function) -> Function:
    def wrapped(*arguments: Any) -> Any:
        list(_modules(arguments))[-1].zero_grad()
        return function(*arguments)

    return wrapped


@_behaviour("gradients of modules")
def _modules_off_the_graph(function: Function) -> Function:
    def wrapped(*arguments: Any) -> Any:
        flags = [
            (parameter, parameter.requires_grad)
            for module in _modules(arguments)
            for parameter in module.parameters()
        ]
        for parameter, _ in flags:
            parameter.requires_grad_(False)
        result = function(*arguments)
        for parameter, flag in flags:
            parameter.requires_grad_(flag)
        return result

    return wrapped


@_behaviour("modules")
def _parts_of_modules_switched_to_evaluation(function: Function) -> Function:
    def wrapped(*arguments: Any) -> Any:
        for module in _modules(arguments):
            for part in module.children():
                part.eval()
        return function(*arguments)

    return wrapped


@_behaviour("modules")
def _buffer_added_to_modules(function: Function) -> Function:
    def wrapped(*arguments: Any) -> Any:
        for module in _modules(arguments):
            module.register_buffer("steps", torch.zeros(()))
        return function(*arguments)

    return wrapped


@_behaviour("tensor inputs")
def _arguments_moved_to_other_memory(function: Function) -> Function:
    def wrapped(*arguments: Any) -> Any:
        result = function(*arguments)
        for tensor in _tensors(arguments):
            tensor.data = tensor.data.clone()
        return result

    return wrapped

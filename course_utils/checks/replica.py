"""The modules that cases hand over, made anew for each call.

`course_utils.models.build` draws initial values, which takes most of the time that it takes to make a small module; a
case has values of its own for all of them. So each kind of model is built once in a process, and copied.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor, nn

from course_utils.checks.case import Module
from course_utils.models import build

_TENSORS = ("_parameters", "_buffers", "_modules")
# Tables of hooks and the like, which each module has for itself; empty in a model that nobody has used yet.
_TABLES = tuple(
    key for key, value in vars(nn.Module()).items() if isinstance(value, dict | set) and key not in _TENSORS
)
_VALUES = (type(None), bool, int, float, str, type)


def make(description: Module, device: str) -> tuple[nn.Module, dict[str, Tensor]]:
    """The module that a case describes, and its parameters and buffers by name; nothing of either is shared.

    Torch's random generator is left as it is, unless the description does not name all of the module's values: then
    the others are drawn from it.

    Args:
        description: the model, and the values of its parameters and buffers.
        device: where they are to live.
    """
    floating = [tensor.dtype for tensor in description.state.values() if tensor.is_floating_point()]
    dtype = floating[0] if floating else torch.float32
    settings = tuple((key, type(value), value) for key, value in sorted(description.config.items()))
    prototype = _prototype(description.name, settings)
    if prototype is not None and prototype.shapes == _shapes(description.state):

        def fill(name: str, own: Tensor) -> Tensor:
            value = description.state[name].detach().contiguous()
            return value.to(device, dtype if own.is_floating_point() else own.dtype, copy=True)

        module = _copy(prototype.model, fill)
    else:
        module = _build(description.name, settings).to(device, dtype)
        state = {name: tensor.clone() for name, tensor in description.state.items()}
        module.load_state_dict(state, strict=bool(state))
    tensors = named_tensors(module)
    for name, tensor in tensors.items():
        if not isinstance(tensor, nn.Parameter):
            continue
        # A model may freeze some of its parameters itself.
        if description.frozen:
            tensor.requires_grad_(False)
        if name in description.grads:
            tensor.grad = description.grads[name].to(device, copy=True)
    return module, tensors


def named_tensors(module: nn.Module) -> dict[str, Tensor]:
    """Parameters, then buffers, by name: what `named_parameters` and `named_buffers` find, in one walk."""
    parameters: dict[str, Tensor] = {}
    buffers: dict[str, Tensor] = {}
    known: tuple[set[int], set[int]] = (set(), set())
    for place, part in module.named_modules():
        prefix = f"{place}." if place else ""
        kinds = ((parameters, part._parameters), (buffers, part._buffers))
        for (found, held), seen in zip(kinds, known, strict=True):
            for name, tensor in held.items():
                # Each tensor once, under its first name.
                if tensor is not None and id(tensor) not in seen:
                    seen.add(id(tensor))
                    found[prefix + name] = tensor
    return {**parameters, **buffers}


def _build(name: str, settings: tuple[tuple[str, type, Any], ...]) -> nn.Module:
    return build(name, **{key: value for key, _, value in settings})


@dataclass(frozen=True)
class _Prototype:
    """A model to be copied, which nobody else sees, and the shapes of its tensors."""

    model: nn.Module
    shapes: dict[str, torch.Size]


@lru_cache(maxsize=64)
def _prototype(name: str, settings: tuple[tuple[str, type, Any], ...]) -> _Prototype | None:
    """None if a copy could share something with it, or not be the same."""
    generator = torch.get_rng_state()
    try:
        model = _build(name, settings)
    finally:
        torch.set_rng_state(generator)
    parts = [part for _, part in model.named_modules(remove_duplicate=False)]
    held = [
        tensor
        for part in parts
        for tensor in (*part._parameters.values(), *part._buffers.values())
        if tensor is not None
    ]
    is_tree = len(set(map(id, parts))) == len(parts) and len(set(map(id, held))) == len(held)
    if not (is_tree and all(map(_is_plain, parts))):
        return None
    return _Prototype(model, _shapes(named_tensors(model)))


def _shapes(tensors: Mapping[str, Tensor]) -> dict[str, torch.Size]:
    return {name: tensor.shape for name, tensor in tensors.items()}


def _is_plain(module: nn.Module) -> bool:
    """Whether a module has nothing but parameters, buffers, parts, empty tables and values that never change."""
    return all(
        (isinstance(value, dict | set) and not value) if key in _TABLES else _never_changes(value)
        for key, value in vars(module).items()
        if key not in _TENSORS
    )


def _never_changes(value: object) -> bool:
    if isinstance(value, tuple):
        return all(map(_never_changes, value))
    return isinstance(value, _VALUES)


def _copy(module: nn.Module, fill: Callable[[str, Tensor], Tensor], prefix: str = "") -> nn.Module:
    """The same module with other values; `fill` says them, given the full name and what the module has itself."""
    copy = object.__new__(type(module))
    # Past `nn.Module.__setattr__`, which would look at each value, and at each hook that might want to know of it.
    members = vars(copy)
    members.update(vars(module))
    for key in _TABLES:
        members[key] = members[key].copy()
    members["_parameters"] = {
        name: own if own is None else nn.Parameter(fill(prefix + name, own), own.requires_grad)
        for name, own in module._parameters.items()
    }
    members["_buffers"] = {
        name: own if own is None else fill(prefix + name, own) for name, own in module._buffers.items()
    }
    members["_modules"] = {
        name: part if part is None else _copy(part, fill, f"{prefix}{name}.")
        for name, part in module._modules.items()
    }
    return copy

"""What a function is called with: a *case*, made of values only.

A case can be written to a file or sent to another process, because it holds nothing but numbers, short
strings, tensors and *descriptions* of modules. `solutions/*/checks.py` makes cases, the grader sends
them, `course_utils.checks.observe` carries them out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

Scalar = None | bool | int | float | str


@dataclass(frozen=True)
class Input:
    """A tensor argument and how it is handed over.

    Attributes:
        tensor: the values; floating-point tensors are cast to the dtype of the case, all others (indices, labels,
            bytes, masks) keep theirs.
        wants_grad: the tensor is a leaf with `requires_grad=True`, and its gradient is observed.
        contiguous: if false, the same values are laid out with the dimensions in reverse order in memory.

    Raises:
        ValueError: a gradient is wanted of what is not floating-point.
    """

    tensor: Tensor
    wants_grad: bool = False
    contiguous: bool = True

    def __post_init__(self) -> None:
        if self.wants_grad and not (self.tensor.is_floating_point() or self.tensor.is_complex()):
            raise ValueError(f"a tensor of {self.tensor.dtype} cannot want a gradient")


@dataclass(frozen=True)
class Module:
    """A module argument: a named model of `course_utils.models` with its state, so that no code travels.

    Attributes:
        name: the model's name, as in `course_utils.models.build(name, **config)`.
        config: its settings; numbers and strings only.
        state: what `load_state_dict` receives.
        grads: values put into `.grad` of the named parameters before the call.
        frozen: every parameter has `requires_grad=False`.
        wants_grad: the gradients of its parameters are observed, as `gradient.<argument>.<parameter>`; they are not
            written into `.grad`.

    Raises:
        ValueError: gradients are wanted of frozen parameters.
    """

    name: str
    config: Mapping[str, Scalar] = field(default_factory=dict)
    state: Mapping[str, Tensor] = field(default_factory=dict)
    grads: Mapping[str, Tensor] = field(default_factory=dict)
    frozen: bool = False
    wants_grad: bool = False

    def __post_init__(self) -> None:
        if self.wants_grad and self.frozen:
            raise ValueError(f"{self.name} is frozen, so its parameters have no gradients to want")


Argument = Scalar | Input | Module | tuple[int, ...]


@dataclass(frozen=True)
class Case:
    """A short list of calls of one exercise.

    Attributes:
        inputs: named values, made once per case, so that later calls see what earlier ones changed.
        calls: for each call the names of its arguments in the order of the signature. `"result"` is what the
            previous call returned. Left empty, there is one call with all inputs in their order.
    """

    inputs: Mapping[str, Argument]
    calls: tuple[tuple[str, ...], ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "calls", self.calls or (tuple(self.inputs),))
        for number, names in enumerate(self.calls):
            allowed = {*self.inputs, "result"} if number else set(self.inputs)
            if unknown := set(names) - allowed:
                raise ValueError(
                    f"call {number} of the case uses {sorted(unknown)}, which are no inputs of it"
                )

    @classmethod
    def of(cls, /, **inputs: Argument | Tensor) -> Case:
        """A case of one call with these arguments, in the order of the signature; tensors become plain inputs."""
        return cls(
            {name: Input(value) if isinstance(value, Tensor) else value for name, value in inputs.items()}
        )

    def wanting_gradients(self, *names: str) -> Case:
        """The same case, but these inputs are leaves whose gradients are observed.

        Ask for gradients where a check looks at them and nowhere else: torch refuses to change a leaf that wants them
        in place, and whoever does that should see what comes of it.

        Args:
            names: inputs that are floating-point tensors; all of those if none is named.

        Raises:
            ValueError: one of them is no floating-point tensor of this case.
        """
        floating = [name for name, value in self.tensors.items() if value.tensor.is_floating_point()]
        return self._changed(names or floating, floating, "floating-point tensor", wants_grad=True)

    def strided(self, *names: str) -> Case:
        """The same case, but these tensors lie in memory with their dimensions in reverse order (`Input.contiguous`).

        Args:
            names: inputs that are tensors; all of those if none is named.

        Raises:
            ValueError: one of them is no tensor of this case.
        """
        return self._changed(names or list(self.tensors), list(self.tensors), "tensor", contiguous=False)

    @property
    def size(self) -> int:
        """How many numbers its inputs hold."""
        return sum(
            value.tensor.numel()
            if isinstance(value, Input)
            else sum(tensor.numel() for tensor in value.state.values())
            if isinstance(value, Module)
            else 1
            for value in self.inputs.values()
        )

    @property
    def tensors(self) -> dict[str, Input]:
        """The inputs that are tensors."""
        return {name: value for name, value in self.inputs.items() if isinstance(value, Input)}

    def _changed(self, names: Sequence[str], allowed: Sequence[str], kind: str, **changes: Any) -> Case:
        if unknown := [name for name in names if name not in allowed]:
            raise ValueError(
                f"{unknown[0]!r} is no {kind} of the case: there are {', '.join(allowed) or 'none'}"
            )
        changed = {name: replace(self.tensors[name], **changes) for name in names}
        return replace(self, inputs={**self.inputs, **changed})

    def then(self, other: Case) -> Case:
        """Both, one after the other: whoever keeps something of the first call is found out by the second."""
        later = {f"other_{name}": value for name, value in other.inputs.items()}
        calls = tuple(
            tuple(name if name == "result" else f"other_{name}" for name in names) for names in other.calls
        )
        return Case({**self.inputs, **later}, (*self.calls, *calls))

    def to(self, dtype: torch.dtype) -> Case:
        """The same case with every floating-point tensor in `dtype`."""
        return replace(self, inputs={name: _cast(value, dtype) for name, value in self.inputs.items()})


def _cast(value: Argument, dtype: torch.dtype) -> Argument:
    def cast(tensor: Tensor) -> Tensor:
        return tensor.to(dtype) if tensor.is_floating_point() else tensor

    if isinstance(value, Input):
        return replace(value, tensor=cast(value.tensor))
    if isinstance(value, Module):
        return replace(
            value,
            state={name: cast(tensor) for name, tensor in value.state.items()},
            grads={name: cast(tensor) for name, tensor in value.grads.items()},
        )
    return value

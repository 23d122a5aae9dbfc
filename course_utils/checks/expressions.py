"""Numbers that can be made of what a function is given: what a factor or an offset may be, in words and in value."""

from __future__ import annotations

import math

from torch import Tensor

from course_utils.checks.case import Case, Input, Module


def factors_of(case: Case) -> dict[str, float]:
    """Name -> value of what a factor may be: numbers and sizes among the inputs, and their reciprocals."""
    found: dict[str, float] = {}
    for name, value in case.inputs.items():
        if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
            found[name] = float(value)
        elif isinstance(value, Input):
            for dim, size in enumerate(value.tensor.shape):
                found[f"{name}.shape[{dim}]"] = float(size)
                found[f"2 * {name}.shape[{dim}]"] = 2.0 * size
                found[f"1 + {name}.shape[{dim}]"] = 1.0 + size
                found[f"sqrt({name}.shape[{dim}])"] = size**0.5
    found |= {
        f"1 / {name}" if " " not in name else f"1 / ({name})": 1 / value
        for name, value in found.items()
        if value
    }
    return found


def offsets_of(case: Case) -> dict[str, float]:
    """Name -> value of what may have been added or left out: numbers, sizes, their logarithms; all above zero."""
    found = {"1": 1.0, "log(2)": math.log(2)}
    for name, value in factors_of(case).items():
        found[name] = value
        if "sqrt" not in name and value > 1:
            found[f"log({name})"] = math.log(value)
    return {name: value for name, value in found.items() if value > 0}


def tensors_of(case: Case, shape: tuple[int, ...]) -> dict[str, Tensor]:
    """Name -> the values of every tensor of this shape that the function is given, those of modules among them."""
    found: dict[str, Tensor] = {}
    for name, value in case.inputs.items():
        if isinstance(value, Input):
            found[name] = value.tensor
        elif isinstance(value, Module):
            found |= {f"{name}.{member}": tensor for member, tensor in value.state.items()}
    return {
        name: tensor
        for name, tensor in found.items()
        if tuple(tensor.shape) == shape and tensor.is_floating_point()
    }

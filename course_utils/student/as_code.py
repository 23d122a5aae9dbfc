"""An argument of a case as a line of Python that a student can copy into a cell."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from course_utils.checks.case import Argument, Case, Input, Module
from course_utils.checks.expectation import Expectation
from course_utils.checks.quantity import QuantityName

_FEWEST_COUNTED = 4
# Nested lists of more numbers say less than the shape does.
_MOST_NESTED = 64
_LONGEST_LINE = 70


def argument_as_code(name: str, value: Argument) -> str:
    """`queue = torch.tensor([[0., 1.], [2., 3.]])`: numbers have all digits that they need to be the same again.

    Args:
        name: of the argument.
        value: a tensor or a plain value; no module.
    """
    if not isinstance(value, Input):
        return f"{name} = {value!r}"
    tensor = value.tensor
    code = f"{name} = {_tensor(tensor)}" + (".requires_grad_()" if value.wants_grad else "")
    return code + ("" if value.contiguous else "  # not contiguous in memory")


def call_as_code(function: str, case: Case, expected: Expectation, name: str) -> list[str]:
    """The calls of a case as lines of Python, the last of which shows what is told of the case.

    Args:
        function: its name.
        case: its inputs have their names already.
        expected: what a right function shows.
        name: of the quantity that is told, `"gradient.keys"`; empty if none is.
    """
    told = QuantityName.parse(name)
    calls = [f"{function}({', '.join(names)})" for names in case.calls]
    if told.kind == "gradient":
        return [f"result = {call}" for call in calls] + _gradient_as_code(told, case, expected)
    shown = _after_the_call(told, case)
    if len(calls) > 1:
        calls = [f"result = {call}" for call in calls]
        shown = shown or "result"
    return [*calls, shown] if shown else calls


def _after_the_call(told: QuantityName, case: Case) -> str:
    if told.kind not in ("after", "module", "buffer"):
        return ""
    if isinstance(case.inputs.get(told.argument), Module):
        return f'{told.argument}.state_dict()["{told.member}"]'
    return told.argument


def _gradient_as_code(told: QuantityName, case: Case, expected: Expectation) -> list[str]:
    """What is differentiated, along fixed weights as `observe.cotangent` makes them, and the gradient."""
    names = [
        name
        for name, value in expected.quantities.items()
        if QuantityName.parse(name).kind == "result"
        and isinstance(value, Tensor)
        and value.is_floating_point()
    ]
    shown = f"{told.argument}.grad"
    if isinstance(case.inputs.get(told.argument), Module):
        shown = f'dict({told.argument}.named_parameters())["{told.member}"].grad'
    if len(case.calls) > 1 or not names:
        return [shown]
    sums = []
    for name in names:
        number = QuantityName.parse(name).of
        value = f"result[{number}]" if number else "result"
        sums.append(f"({value} * fixed_weights({value})).sum()")
    return [
        "# The gradient is that of a sum of all entries, each times a fixed weight between 0.5 and 1.5.",
        "def fixed_weights(x):",
        "    steps = torch.arange(1, x.numel() + 1, dtype=torch.float64) * 0.6180339887498949",
        "    return (0.5 + steps.frac()).reshape(x.shape).to(x)",
        f"total = {' + '.join(sums)}",
        "if total.requires_grad:",
        "    total.backward()",
        shown,
    ]


def _tensor(tensor: Tensor) -> str:
    # Counted numbers (images 0 to 8) are easier to follow as what they are.
    flat = tensor.flatten()
    start = flat[0].item() if flat.numel() else 0
    usual = tensor.dtype in (torch.float32, torch.int64, torch.bool)
    dtype = "" if usual else f", dtype={tensor.dtype}"
    shape = ", ".join(map(str, tensor.shape))
    if flat.numel() >= _FEWEST_COUNTED and not tensor.is_complex() and tensor.dtype != torch.bool:
        counted = start + torch.arange(flat.numel(), dtype=torch.float64)
        if bool((flat.double() == counted).all()) and float(start).is_integer():
            point = "." if tensor.is_floating_point() else ""
            first = f"{start:.0f}{point}, " if start else ""
            made = f"torch.arange({first}{start + flat.numel():.0f}{point}{dtype})"
            return made if tensor.ndim == 1 else f"{made}.reshape({shape})"
    single = tensor.is_floating_point() and tensor.dtype != torch.float64
    numbers = [_number(item, single=single) for item in flat.tolist()]
    if tensor.ndim == 0:
        return f"torch.tensor({numbers[0]}{dtype})"
    if tensor.ndim == 2 and 0 < len(numbers) <= _MOST_NESTED:  # noqa: PLR2004 - a matrix
        width = tensor.shape[1]
        rows = [f"[{', '.join(numbers[i : i + width])}]" for i in range(0, len(numbers), width)]
        between = ",\n    " if sum(map(len, rows)) > _LONGEST_LINE else ", "
        return f"torch.tensor([{between.join(rows)}]{dtype})"
    made = f"torch.tensor([{', '.join(numbers)}]{dtype})"
    return made if tensor.ndim == 1 and numbers else f"{made}.reshape({shape})"


def _number(value: object, *, single: bool) -> str:
    if not isinstance(value, float):
        return repr(value)
    if not math.isfinite(value):
        return f"float('{value}')"
    # The shortest text that gives the number back: of float32 as well, where 0.2 is 0.20000000298.
    text = str(np.float32(value) if single else value)
    return text.removesuffix("0") if text.endswith(".0") else text

"""An argument of a case as a line of Python that a student can copy into a cell."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from course_utils.checks.case import Argument, Input

_FEWEST_COUNTED = 4
# Nested lists of more numbers say less than the shape does.
_MOST_NESTED = 64
_LONGEST_LINE = 70


def argument_as_code(name: str, value: Argument) -> str:
    """`queue = torch.tensor([[0., 1.], [2., 3.]])`: numbers are rounded to four digits, and a comment says so.

    Args:
        name: of the argument.
        value: a tensor or a plain value; no module.
    """
    if not isinstance(value, Input):
        return f"{name} = {value!r}"
    tensor = value.tensor
    code = f"{name} = {_tensor(tensor)}" + (".requires_grad_()" if value.wants_grad else "")
    notes = [] if value.contiguous else ["not contiguous in memory"]
    if tensor.is_floating_point() and any(_is_rounded(item) for item in tensor.flatten().tolist()):
        notes.append("rounded")
    return code + (f"  # {', '.join(notes)}" if notes else "")


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
    numbers = [_number(item) for item in flat.tolist()]
    if tensor.ndim == 0:
        return f"torch.tensor({numbers[0]}{dtype})"
    if tensor.ndim == 2 and 0 < len(numbers) <= _MOST_NESTED:  # noqa: PLR2004 - a matrix
        width = tensor.shape[1]
        rows = [f"[{', '.join(numbers[i : i + width])}]" for i in range(0, len(numbers), width)]
        between = ",\n    " if sum(map(len, rows)) > _LONGEST_LINE else ", "
        return f"torch.tensor([{between.join(rows)}]{dtype})"
    made = f"torch.tensor([{', '.join(numbers)}]{dtype})"
    return made if tensor.ndim == 1 and numbers else f"{made}.reshape({shape})"


def _number(value: object) -> str:
    if not isinstance(value, float):
        return repr(value)
    if not math.isfinite(value):
        return f"float('{value}')"
    text = f"{value:.4g}"
    # A point makes it a float, and 10 stays 10.
    return text if set(text) & set(".e") else f"{text}."


def _is_rounded(value: float) -> bool:
    # float32 has seven digits: 0.2 is 0.20000000298 there.
    return math.isfinite(value) and float(f"{value:.4g}") != float(f"{value:.6g}")

"""What can be seen of a case: an *observation*, a flat table of named quantities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

Quantity = Tensor | None | bool | int | float | str


@dataclass(frozen=True)
class Failure:
    """An exception that the function raised.

    Attributes:
        kind: the name of the first built-in class among the exception's classes, e.g. `"ValueError"`.
        message: one line, `Type: text`.
        line: number of the line in the student's cell, counted from 1, if it is known.
        code: the text of that line.
        cell: which cell of the slice the line is in, where the sandbox gave cells their names.
    """

    kind: str
    message: str
    line: int | None = None
    code: str = ""
    cell: str = ""


@dataclass(frozen=True)
class Observation:
    """Everything that was seen of one case.

    Attributes:
        quantities: name -> value; `quantity.QuantityName` has the parts of a name, and the words for it.
        failure: the exception, if there was one that no `try` of the function caught.
    """

    quantities: Mapping[str, Quantity]
    failure: Failure | None = field(default=None, compare=False)


def dtype_name(dtype: torch.dtype) -> str:
    """`torch.float32` -> `"float32"`."""
    return str(dtype).removeprefix("torch.")

"""What a right, or a known wrong, implementation shows on a case."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from course_utils.checks.case import Case
from course_utils.checks.closeness import largest
from course_utils.checks.observation import Quantity, dtype_name
from course_utils.checks.observe import observe
from course_utils.checks.quantity import QuantityName


@dataclass(frozen=True)
class Expectation:
    """What a right (or a known wrong) implementation shows on a case.

    Attributes:
        quantities: name -> value; floating-point tensors hold float64 values computed from the case's inputs,
            upcast, so that they are as good as exact. So do Python floats.
        dtypes: name -> dtype that the implementation returns in the case's own dtype, e.g. `"float32"`.
    """

    quantities: Mapping[str, Quantity]
    dtypes: Mapping[str, str]

    @cached_property
    def largest_gradients(self) -> dict[str, float]:
        """Module (its argument's name) -> the largest magnitude among the gradients of its parameters."""
        found: dict[str, float] = {}
        for name, value in self.quantities.items():
            parts = QuantityName.parse(name)
            if parts.kind == "gradient" and parts.member and isinstance(value, Tensor):
                found[parts.argument] = max(largest(value), found.get(parts.argument, 0.0))
        return found


_ONE_AT_A_TIME = threading.Lock()


def expect(function: Callable[..., Any], case: Case, dtype: torch.dtype) -> Expectation:
    """Run a trusted implementation twice: in `dtype` for types and exceptions, in float64 for values.

    Where the run in `dtype` is not finite it is kept: a wrong implementation that overflows in float32 is told
    by its overflow, which float64 hides.
    """
    low = case.to(dtype)
    # Torch has one random generator and one default dtype for all threads.
    with _ONE_AT_A_TIME, torch.random.fork_rng(devices=[]):
        in_dtype = observe(function, low)
        exact = observe(function, low.to(torch.float64))
    quantities = dict(in_dtype.quantities)
    dtypes: dict[str, str] = {}
    for name, value in in_dtype.quantities.items():
        if isinstance(value, Tensor):
            dtypes[name] = dtype_name(value.dtype)
            better = exact.quantities.get(name)
            if (
                value.is_floating_point()
                and isinstance(better, Tensor)
                and better.shape == value.shape
                and bool(value.isfinite().all())
            ):
                quantities[name] = better
        elif isinstance(value, float) and math.isfinite(value):
            better = exact.quantities.get(name)
            if isinstance(better, float):
                quantities[name] = better
    return Expectation(quantities, dtypes)

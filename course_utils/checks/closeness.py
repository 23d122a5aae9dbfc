"""How far one quantity lies from what is expected, and whether that is near enough."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from course_utils.checks.observation import Quantity, dtype_name
from course_utils.checks.quantity import QuantityName

# What a check may leave free, and the dimension along which one sign is shared.
COLUMNS, ROWS = "columns", "rows"
SIGNS = {COLUMNS: -2, ROWS: -1}


def absolute_error(expected: Tensor, got: Tensor) -> Tensor:
    """How far apart the entries of two tensors of one shape are, in float64; infinitely far where one is no number."""
    wanted, value = comparable(expected), comparable(got)
    if _is_whole(expected) and _is_whole(got):
        # float64 takes integers above 2**53 for one another.
        return torch.where(got == expected, 0.0, (value - wanted).abs().clamp(min=1))
    # Equal infinities differ by NaN, so equality is asked first.
    error = torch.where(value == wanted, 0.0, (value - wanted).abs())
    return error.nan_to_num(nan=math.inf, posinf=math.inf)


def largest(tensor: Tensor) -> float:
    """The largest magnitude among what is finite."""
    finite = tensor[tensor.isfinite()]
    return float(finite.abs().max()) if finite.numel() else 0.0


def allowed_error(expected: Tensor, tolerance: float, scale: float | None = None) -> float:
    """How far from `expected` an entry may lie: `tolerance` times its `largest` one (`scale`, if that is known)."""
    if _is_whole(expected):
        return 0.0
    return tolerance * (largest(expected) if scale is None else scale)


def comparable(tensor: Tensor) -> Tensor:
    """The values in float64, complex ones in complex128."""
    return tensor.to(torch.complex128 if tensor.is_complex() else torch.float64)


def aligned(name: str, expected: Quantity, got: Quantity, signs: str) -> Quantity:
    """`got` with the sign of each column (or row) turned where that brings it nearer to the expected one.

    Args:
        name: of the quantity. Only what was returned is turned, and of several returned values only those with columns:
            singular values beside the singular vectors have signs of their own.
        expected, got: only real floating-point tensors of one shape are turned; all else is returned as it is.
        signs: a key of `SIGNS`, or empty for no freedom. Columns are those of the last two dimensions: a batch of
            matrices has a sign for each column of each of them. A vector has one sign for all of it.
    """
    parts = QuantityName.parse(name)
    if not signs or parts.kind != "result" or not isinstance(expected, Tensor) or not isinstance(got, Tensor):
        return got
    if got.shape != expected.shape or got.ndim < (2 if parts.of else 1) or not got.numel():
        return got
    if not (got.is_floating_point() and expected.is_floating_point()):
        return got
    wanted, value = comparable(expected), comparable(got)
    dim = SIGNS[signs] if got.ndim > 1 else 0
    stay, turn = ((value - sign * wanted).abs().amax(dim, keepdim=True) for sign in (1, -1))
    return torch.where(turn < stay, -got, got)


def is_right(
    expected: Quantity, dtype: str | None, got: Quantity, tolerance: float, nan_matches: bool = False
) -> bool:
    """Whether a quantity is as expected.

    Integers, truth values, texts and types are compared exactly, and so is what should be zero everywhere; NaN never
    matches.

    Args:
        expected, got: what should be seen, and what was.
        dtype: the name of the dtype that a tensor should have; None for any.
        tolerance: allowed error relative to the largest expected magnitude.
        nan_matches: NaN equals NaN.
    """
    if isinstance(expected, float) and isinstance(got, float):
        return _is_right_number(expected, got, tolerance, nan_matches)
    if not isinstance(expected, Tensor) or not isinstance(got, Tensor):
        return type(expected) is type(got) and expected == got
    if got.shape != expected.shape or (dtype is not None and dtype_name(got.dtype) != dtype):
        return False
    if _is_whole(expected) and _is_whole(got):
        return bool((got == expected).all())
    wanted, value = comparable(expected), comparable(got)
    if torch.equal(value, wanted):
        return True
    scale = float(wanted.abs().max())
    if not math.isfinite(scale):
        return not bool(wrong_entries(expected, got, tolerance, nan_matches)[0].any())
    limit = allowed_error(expected, tolerance, scale)
    # "<=" and not "not >": NaN must count as wrong.
    return limit > 0 and float((value - wanted).abs().max()) <= limit


def quantity_error(expected: Quantity, dtype: str | None, got: Quantity, tolerance: float) -> float:
    """The error of one quantity in units of what is allowed; infinite for what is not a matter of size."""
    if is_right(expected, dtype, got, 0.0):
        return 0.0
    if isinstance(expected, float) and isinstance(got, float):
        expected, got = (torch.tensor(value, dtype=torch.float64) for value in (expected, got))
    if not isinstance(expected, Tensor) or not isinstance(got, Tensor) or got.shape != expected.shape:
        return math.inf
    limit = allowed_error(expected, tolerance)
    if not limit or (dtype is not None and dtype_name(got.dtype) != dtype):
        return math.inf
    return float(absolute_error(expected, got).max()) / limit


def relative_distance(expected: Quantity, got: Quantity) -> float:
    """How far a quantity is from what is expected, between 0 (equal) and 1 (another kind of thing, or no nearer)."""
    if isinstance(expected, float) and isinstance(got, float):
        expected, got = (torch.tensor(value, dtype=torch.float64) for value in (expected, got))
    if not isinstance(expected, Tensor) or not isinstance(got, Tensor):
        return 0.0 if type(expected) is type(got) and expected == got else 1.0
    if got.shape != expected.shape:
        return 1.0
    error = absolute_error(expected, got)
    worst = float(error.max()) if error.numel() else 0.0
    scale = largest(comparable(expected))
    return min(1.0, worst / scale) if scale else float(worst > 0)


def wrong_entries(
    expected: Tensor, got: Tensor, tolerance: float, nan_matches: bool = False
) -> tuple[Tensor, float]:
    """Where two tensors of one shape differ, and how far apart their entries may lie."""
    limit = allowed_error(expected, tolerance)
    wrong = absolute_error(expected, got) > limit
    if nan_matches:
        wrong &= ~(comparable(got).isnan() & comparable(expected).isnan())
    return wrong, limit


def _is_right_number(expected: float, got: float, tolerance: float, nan_matches: bool) -> bool:
    if got == expected or (nan_matches and math.isnan(got) and math.isnan(expected)):
        return True
    return math.isfinite(expected) and abs(got - expected) <= tolerance * abs(expected)


def _is_whole(tensor: Tensor) -> bool:
    return not (tensor.is_floating_point() or tensor.is_complex())

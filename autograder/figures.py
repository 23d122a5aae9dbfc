"""Figures of a failed check for the pages: for students a window of what was got beside what was expected, for the
staff how far off an answer is.

Visible checks are graded with hidden seeds like all others. What a window shows therefore comes from another run, of
the cases that ship with the notebook, in a process that has never seen a hidden one (`autograder.grading`).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from course_utils.checks.case import Case, Input, Module
from course_utils.checks.judge import CheckVerdict
from course_utils.checks.observation import Quantity, describe
from course_utils.checks.tolerance import relative_tolerance

# Rows and columns of a window.
MOST = 8

# An answer that is off by a larger share is another answer, and not the right one badly rounded.
NEAR = 0.01

# Significant digits: as few as tell a wrong number from the right one.
_DIGITS = (4, 7, 10, 17)


def window(verdict: CheckVerdict, device: str = "cpu") -> dict[str, Any] | None:
    """A few numbers around the first wrong one, as JSON takes them.

    Args:
        verdict: on a visible check, of a public case: its values are told.
        device: where the function ran.

    Returns:
        `quantity` in words; `called` with what; `part`, the leading indices in a tensor of more than two dimensions;
        the indices of `rows` and `columns` and `of` how many; `got`, `expected` and where they are `wrong`, row by
        row. None if the check did not fail by its values.
    """
    pair = _compared(verdict, device)
    if pair is None:
        return None
    expected, got, limit = pair
    wrong = _error(expected, got) > limit
    if not bool(wrong.any()):
        return None
    first = wrong.nonzero()[0].tolist()
    part = first[:-2]
    # A number is a matrix of one row and one column, a vector one of one row.
    matrices = [tensor[tuple(part)] for tensor in (got, expected, wrong)]
    shape = (1, 1, *expected.shape)[-2:]
    centre = (0, 0, *first)[-2:]
    rows, columns = map(_around, centre, shape)
    got, expected, wrong = (matrix.reshape(shape)[rows][:, columns] for matrix in matrices)
    pairs = [
        [_pair(*cell) for cell in zip(*row, strict=True)]
        for row in zip(got.tolist(), expected.tolist(), wrong.tolist(), strict=True)
    ]
    assert verdict.difference
    return {
        "quantity": describe(verdict.difference.quantity),
        "called": _called(verdict.check.cases[verdict.case]),
        "part": str(part) if part else "",
        "rows": rows,
        "columns": columns,
        "of": list(shape),
        "got": [[one for one, _ in row] for row in pairs],
        "expected": [[other for _, other in row] for row in pairs],
        "wrong": wrong.tolist(),
    }


def off_by(verdict: CheckVerdict, device: str = "cpu") -> float | None:
    """How far off the worst number is, as a share of the largest that is expected; None beyond `NEAR`.

    Not in units of the tolerance: whoever computes in float32 what is asked for in float64 is as near as can be, and a
    billion tolerances off.
    """
    pair = _compared(verdict, device)
    if pair is None:
        return None
    expected, got, limit = pair
    if not expected.is_floating_point():
        return None
    scale, worst = _largest(expected), float(_error(expected, got).max())
    return float(f"{worst / scale:.2g}") if limit < worst <= NEAR * scale else None


def _compared(verdict: CheckVerdict, device: str) -> tuple[Tensor, Tensor, float] | None:
    """Expected and got of the quantity that failed, and how far apart they may lie, if it is one of numbers."""
    if verdict.passed or verdict.difference is None or verdict.observation is None:
        return None
    name = verdict.difference.quantity
    expected = _numbers(verdict.check.expected[verdict.case].quantities.get(name))
    got = _numbers(verdict.observation.quantities.get(name))
    if expected is None or got is None or expected.shape != got.shape or not expected.numel():
        return None
    if not expected.is_floating_point():
        return expected, got, 0.0
    tolerance = relative_tolerance(verdict.check.accuracy, verdict.check.dtype, device)
    return expected, got, tolerance * _largest(expected)


def _largest(tensor: Tensor) -> float:
    finite = tensor[tensor.isfinite()].abs()
    return float(finite.max()) if finite.numel() else 0.0


def _numbers(value: Quantity) -> Tensor | None:
    if isinstance(value, Tensor):
        return None if value.is_complex() else value
    # Of what is true or false the fact says all.
    return (
        torch.tensor(float(value)) if isinstance(value, int | float) and not isinstance(value, bool) else None
    )


def _error(expected: Tensor, got: Tensor) -> Tensor:
    """How far apart, in float64; what is no number is infinitely far off."""
    wanted, value = expected.to(torch.float64), got.to(torch.float64)
    # Equal infinities differ by NaN.
    return torch.where(value == wanted, 0.0, (value - wanted).abs()).nan_to_num(nan=torch.inf)


def _around(centre: int, size: int) -> list[int]:
    start = min(max(0, centre - MOST // 2), max(0, size - MOST))
    return list(range(start, min(size, start + MOST)))


def _pair(got: Any, expected: Any, wrong: bool) -> tuple[Any, Any]:
    """Both as short as they can be without looking the same where they are not."""
    for digits in _DIGITS:
        pair = _short(got, digits), _short(expected, digits)
        if not wrong or pair[0] != pair[1]:
            break
    return pair


def _short(value: Any, digits: int) -> Any:
    if not isinstance(value, float):
        return value
    # JSON has no word for NaN and the infinities.
    return float(f"{value:.{digits}g}") if abs(value) < torch.inf else f"{value}"


def _called(case: Case) -> str:
    """The arguments in a few words: `queue 5×13, pointer 12, keys 4×5`."""

    def words(name: str) -> str:
        value = case.inputs[name]
        if isinstance(value, Input):
            shape = "×".join(map(str, value.tensor.shape)) or "one number"
            return f"{name} {shape}" + ("" if value.contiguous else " (not contiguous)")
        return f"{name} (a module)" if isinstance(value, Module) else f"{name} {value}"

    return ", ".join(map(words, case.inputs))

"""Figures of a failed check for the pages: for students a window of what was got beside what was expected, for the
staff how far off an answer is.

Visible checks are graded with hidden seeds like all others. What a window shows therefore comes from another run, of
the cases that ship with the notebook, in a process that has never seen a hidden one (`autograder.grading.grader`).
"""

from __future__ import annotations

import math

from autograder.results import Window
from course_utils.checks.case import Case, Input, Module
from course_utils.checks.closeness import largest
from course_utils.checks.excerpt import around, failed_pair, unlike
from course_utils.checks.judge import CheckVerdict

# Rows and columns of a window.
MOST = 8

# An answer that is off by a larger share is another answer, and not the right one badly rounded.
_NEAR = 0.01


def window(verdict: CheckVerdict, device: str = "cpu") -> Window | None:
    """A few numbers around the first wrong one.

    Args:
        verdict: on a visible check, of a public case: its values are told.
        device: where the function ran.

    Returns:
        The numbers; None if the check did not fail by its values.
    """
    pair = failed_pair(verdict, device)
    if pair is None:
        return None
    wrong = pair.wrong
    if not bool(wrong.any()):
        return None
    first = wrong.nonzero()[0].tolist()
    part = first[:-2]
    # A number is a matrix of one row and one column, a vector one of one row.
    matrices = [tensor[tuple(part)] for tensor in (pair.got, pair.expected, wrong)]
    shape = (1, 1, *wrong.shape)[-2:]
    centre = (0, 0, *first)[-2:]
    rows, columns = (tuple(around(*along, MOST)) for along in zip(centre, shape, strict=True))
    got, expected, wrong = (matrix.reshape(shape)[list(rows)][:, list(columns)] for matrix in matrices)
    pairs = [
        [_cell(*cell) for cell in zip(*row, strict=True)]
        for row in zip(got.tolist(), expected.tolist(), wrong.tolist(), strict=True)
    ]
    assert verdict.difference
    return Window(
        quantity=verdict.difference.subject,
        called=_called(verdict.check.cases[verdict.case]),
        part=str(part) if part else "",
        rows=rows,
        columns=columns,
        of=shape,
        got=tuple(tuple(one for one, _ in row) for row in pairs),
        expected=tuple(tuple(other for _, other in row) for row in pairs),
        wrong=tuple(map(tuple, wrong.tolist())),
    )


def off_by(verdict: CheckVerdict, device: str = "cpu") -> float | None:
    """How far off the worst number is, as a share of the largest that is expected; None beyond `_NEAR`.

    Not in units of the tolerance: whoever computes in float32 what is asked for in float64 is as near as can be, and a
    billion tolerances off.
    """
    pair = failed_pair(verdict, device)
    if pair is None or not pair.expected.is_floating_point():
        return None
    scale, worst = largest(pair.expected), float(pair.error.max())
    return float(f"{worst / scale:.2g}") if pair.limit < worst <= _NEAR * scale else None


def _cell(got: float, expected: float, wrong: bool) -> tuple[float | str, float | str]:
    one, other = unlike(got, expected, wrong=wrong)
    return _as_json(got, one), _as_json(expected, other)


def _as_json(value: float, text: str) -> float | str:
    if isinstance(value, int):
        return value
    # JSON has no word for NaN and the infinities.
    return float(text) if math.isfinite(value) else text


def _called(case: Case) -> str:
    """The arguments in a few words: `queue 5×13, pointer 12, keys 4×5`."""

    def words(name: str) -> str:
        value = case.inputs[name]
        if isinstance(value, Input):
            shape = "×".join(map(str, value.tensor.shape)) or "one number"
            return f"{name} {shape}" + ("" if value.contiguous else " (not contiguous)")
        return f"{name} (a module)" if isinstance(value, Module) else f"{name} {value}"

    return ", ".join(map(words, case.inputs))

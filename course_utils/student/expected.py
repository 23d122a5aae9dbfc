"""What a right function shows on a case, in text: for a call that raised, which leaves nothing to compare with it."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from course_utils.checks.case import Case, Input, Module
from course_utils.checks.compare import selected
from course_utils.checks.excerpt import around, unlike
from course_utils.checks.expectation import Expectation
from course_utils.checks.judge import CheckVerdict
from course_utils.checks.observation import Quantity
from course_utils.checks.quantity import QuantityName

_VALUES = ("result", "after", "module", "buffer", "gradient")
_MOST_QUANTITIES, _MOST_ROWS, _MOST_COLUMNS, _MOST_INTEGERS = 3, 8, 6, 10


def expected_in_text(verdict: CheckVerdict) -> str:
    """What a failed visible check expected of a call that raised; empty if it did not raise, or nothing is recorded.

    Returns:
        The exception, or the values that the check looks at, one after the other, large ones in part.
    """
    raised = verdict.observation is not None and verdict.observation.failure is not None
    if verdict.passed or not raised or verdict.case >= len(verdict.check.expected):
        return ""
    wanted = verdict.check.expected[verdict.case]
    kind = wanted.quantities.get("exception", "none")
    if kind != "none":
        return f"an exception: {kind}"
    names = list(_told(wanted, verdict.check.looks_at, verdict.check.cases[verdict.case]))
    lines = [
        line
        for name in names[:_MOST_QUANTITIES]
        for line in _lines(name, wanted.quantities[name], wanted.dtypes.get(name))
    ]
    if len(names) > _MOST_QUANTITIES:
        lines.append(f"and {len(names) - _MOST_QUANTITIES} more")
    return "\n".join(lines)


def _told(wanted: Expectation, looks_at: tuple[str, ...], case: Case) -> Iterator[str]:
    for name in selected(wanted, looks_at):
        kind = QuantityName.parse(name).kind
        if kind == "result" or (kind in _VALUES and not _is_as_before(name, wanted.quantities[name], case)):
            yield name


def _is_as_before(name: str, value: Quantity, case: Case) -> bool:
    """Whether an argument, or a tensor of a module, is after the call what it was before."""
    parts = QuantityName.parse(name)
    owner = case.inputs.get(parts.argument)
    before = owner.tensor if isinstance(owner, Input) else None
    if isinstance(owner, Module):
        before = owner.state.get(parts.member)
    if parts.kind == "gradient" or before is None or not isinstance(value, Tensor):
        return False
    return before.shape == value.shape and torch.equal(before.to(value.dtype), value)


def _lines(name: str, value: Quantity, dtype: str | None) -> Iterator[str]:
    title = QuantityName.parse(name).describe()
    if not isinstance(value, Tensor):
        yield f"{title}: {value}"
    elif value.is_complex() or not value.numel():
        yield f"{title}: {dtype} tensor of shape {tuple(value.shape)}"
    elif not value.ndim:
        yield f"{title}: {_number(value)}"
    else:
        yield from _table(f"{title}: {dtype} tensor of shape {tuple(value.shape)}", value)


def _table(title: str, value: Tensor) -> Iterator[str]:
    if value.ndim > 2:
        title += f", part {[0] * (value.ndim - 2)}"
        value = value[(0,) * (value.ndim - 2)]
    value = value[None] if value.ndim == 1 else value
    rows = around(0, value.shape[0], _MOST_ROWS)
    columns = around(0, value.shape[1], _MOST_COLUMNS if value.is_floating_point() else _MOST_INTEGERS)
    for word, part, size in zip(("rows", "columns"), (rows, columns), value.shape, strict=True):
        title += f", {word} 0 to {len(part) - 1} of {size}" if len(part) < size else ""
    yield title
    cells = [[_number(value[i, j]) for j in columns] for i in rows]
    width = max(len(cell) for row in cells for cell in row)
    yield from ("  " + "  ".join(cell.rjust(width) for cell in row) for row in cells)


def _number(value: Tensor) -> str:
    number = value.item()
    return unlike(number, number, wrong=False)[0]

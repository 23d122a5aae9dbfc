"""Numbers got beside those expected, as a table in plain text that fits into a narrow notebook."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from course_utils.checks.excerpt import Pair, around, unlike

# So many characters a cell of a notebook shows in a window of 700 pixels, beside its number and our margins.
TABLE_WIDTH = 66
_ROWS, _COLUMNS, _COLUMNS_OF_INTEGERS = 8, 5, 10


def got_and_expected(pair: Pair, subject: str) -> tuple[str, str]:
    """Title and lines of a table around the first wrong entry.

    Each entry is `got (expected)`. Where that is too wide, expected stands below got, with fewer columns if need be.

    Args:
        pair: tensors of more than one entry, at least one of them wrong.
        subject: what they are, in words.
    """
    expected, got, wrong = pair.expected, pair.got, pair.wrong
    first = wrong.nonzero()[0].tolist()
    if expected.ndim > 2:
        leading = tuple(first[:-2])
        expected, got, wrong, first = expected[leading], got[leading], wrong[leading], first[-2:]
        subject += f", part {list(leading)}"
    elif expected.ndim == 1:
        expected, got, wrong, first = expected[None], got[None], wrong[None], [0, *first]
    rows = around(first[0], expected.shape[0], _ROWS)
    most = _COLUMNS if expected.is_floating_point() else _COLUMNS_OF_INTEGERS
    columns = around(first[1], expected.shape[1], most)
    lines = _beside((got, expected, wrong), rows, columns)
    how = "Got (expected)"
    if _width(lines) > TABLE_WIDTH:
        how = "Got, with expected below it"
        while True:
            lines = _below((got, expected, wrong), rows, columns)
            if _width(lines) <= TABLE_WIDTH or len(columns) == 1:
                break
            columns = around(first[1], expected.shape[1], len(columns) - 1)
    parts = [
        f"{word} {part.start} to {part.stop - 1} of {size}"
        for word, part, size in zip(("rows", "columns"), (rows, columns), expected.shape, strict=True)
        if len(part) < size
    ]
    return f"{how}, wrong ones with a star: {', '.join([subject, *parts])}", "\n".join(lines)


def _beside(tensors: tuple[Tensor, Tensor, Tensor], rows: range, columns: range) -> list[str]:
    cells = [["", *(f"column {j}" for j in columns)]]
    for i in rows:
        entries = (_entry(tensors, i, j) for j in columns)
        cells.append([f"row {i}", *(f"{one} ({other}){star}" for one, other, star in entries)])
    return _lines(cells)


def _below(tensors: tuple[Tensor, Tensor, Tensor], rows: range, columns: range) -> list[str]:
    # The numbers of the columns alone: words would be wider than most entries.
    cells = [["", "column", *(f"{j} " for j in columns)]]
    for i in rows:
        entries = [_entry(tensors, i, j) for j in columns]
        cells.append([f"row {i}", "got", *(f"{one}{star}" for one, _, star in entries)])
        cells.append(["", "expected", *(f"{other} " for _, other, _ in entries)])
    return _lines(cells)


def _entry(tensors: tuple[Tensor, Tensor, Tensor], i: int, j: int) -> tuple[str, str, str]:
    got, expected, wrong = (tensor[i, j].item() for tensor in tensors)
    return *unlike(got, expected, wrong=bool(wrong)), "*" if wrong else " "


def _lines(cells: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[k]) for row in cells) for k in range(len(cells[0]))]
    return ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in cells]


def _width(lines: Sequence[str]) -> int:
    return max(map(len, lines))

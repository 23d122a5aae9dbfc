"""`grades.csv`: one row for each student and unit, for a person with a spreadsheet."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from autograder.errors import writing
from autograder.results import Line

_NAME = "grades.csv"
_COLUMNS = ("student", "unit", "score", "max_score", "late_days", "status")
# What makes a spreadsheet take a text for a formula; the wide forms are those of East Asian keyboards.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def write_table(folder: Path, lines: Iterable[Line]) -> Path:
    """Write the table beside `grades.jsonl`.

    In UTF-8 with a byte order mark: without one Excel reads the file in the machine's old code page and breaks every
    name that is not plain English. Programs read `grades.jsonl`.

    Args:
        folder: where the journal lies.
        lines: what it says: the last line of each student and unit.

    Returns:
        The table's path.

    Raises:
        WriteError: it cannot be written.
    """
    rows = sorted(lines, key=lambda line: (line.unit, line.student))
    exercises = list(dict.fromkeys(name for line in rows for name in line.exercises))
    path = folder / _NAME
    unfinished = path.with_suffix(".csv.part")
    with (
        writing(folder),
        unfinished.open("w", encoding="utf-8-sig", newline="", errors="replace") as file,
    ):
        # Quotes around every text: where the list separator is a semicolon, "a;=b" must stay one cell as well.
        writer = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC)
        writer.writerow([harmless(name) for name in (*_COLUMNS, *exercises)])
        for line in rows:
            scores = [getattr(line.exercises.get(name), "score", None) for name in exercises]
            writer.writerow(
                [harmless(value) for value in (*(getattr(line, name) for name in _COLUMNS), *scores)]
            )
    # A table that somebody looks at is the old one or the new one, never half of one.
    with writing(folder):
        unfinished.replace(path)
    return path


def harmless(value: Any) -> Any:
    """A text that a spreadsheet would take for a formula, with an apostrophe before it; numbers stay numbers."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, int | float):
        text = str(value)
        # Spreadsheets skip spaces, and what cannot be seen, before they look for a formula.
        seen = text.lstrip(" \u00a0\u200b\ufeff\0")
        return f"'{text}" if seen.startswith(_FORMULA) else text
    return value

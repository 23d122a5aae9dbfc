"""`grades.csv`: one row for each student and unit, for a person with a spreadsheet."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from autograder.errors import writing
from autograder.results import Line
from autograder.shown import one_line

_NAME = "grades.csv"
_COLUMNS = ("student", "unit", "score", "max_score", "late_days", "status")
# Who that is, for programs: names are for reading. Those are left out that say nothing more.
_OF_PERSON = ("key", "name", "email", "section")
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
    # Most courses give none: the column is there if somebody has one.
    columns = (*_COLUMNS, "extension") if any(line.extension for line in rows) else _COLUMNS
    of_person = [
        name
        for name in _OF_PERSON
        if any(getattr(line.person, name) not in (None, line.student) for line in rows)
    ]
    path = folder / _NAME
    unfinished = path.with_suffix(".csv.part")
    with (
        writing(folder),
        unfinished.open("w", encoding="utf-8-sig", newline="", errors="replace") as file,
    ):
        # Quotes around every text: where the list separator is a semicolon, "a;=b" must stay one cell as well.
        writer = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC)
        writer.writerow([harmless(name) for name in (*columns, *of_person, *exercises)])
        for line in rows:
            scores = [getattr(line.exercises.get(name), "score", None) for name in exercises]
            person = [getattr(line.person, name) for name in of_person]
            told = [getattr(line, name) for name in columns]
            writer.writerow([harmless(value) for value in (*told, *person, *scores)])
    # A table that somebody looks at is the old one or the new one, never half of one.
    with writing(folder):
        unfinished.replace(path)
    return path


def harmless(value: Any) -> Any:
    """A text on one line, with an apostrophe if a spreadsheet would take it for a formula; numbers stay numbers."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, int | float):
        text = one_line(str(value))
        # Spreadsheets skip spaces, and what cannot be seen, before they look for a formula.
        seen = text.lstrip(" \u00a0\N{REPLACEMENT CHARACTER}")
        return f"'{text}" if seen.startswith(_FORMULA) else text
    return value

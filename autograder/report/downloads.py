"""The tables of the class report as CSV files that lie in the page itself."""

from __future__ import annotations

import base64
import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from autograder.export.table import harmless
from autograder.report.attention import reasons
from autograder.report.summary import UnitSummary, hints_asked
from autograder.results import texts

_OF_GRADE = (
    *("student", "status", "score", "max_score", "late_days", "late_penalty"),
    *("submitted_at", "attempt", "seconds", "sandbox"),
)
_OF_EXERCISE = ("score", "status")


@dataclass(frozen=True)
class Download:
    """A link to a table.

    Attributes:
        title: what it holds.
        file: the name under which a browser saves it.
        link: the whole file, as a `data:` address.
    """

    title: str
    file: str
    link: str


def downloads(unit: UnitSummary) -> list[Download]:
    """The tables of a unit."""
    tables = {
        "students": students(unit),
        "checks": checks(unit),
        "misconceptions": misconceptions(unit),
        "attention": attention(unit),
    }
    return [Download(name, f"{unit.unit}-{name}.csv", _link(rows)) for name, rows in tables.items()]


def students(unit: UnitSummary) -> Iterable[Sequence[Any]]:
    """A row for each student."""
    names = [exercise.id for exercise in unit.exercises]
    of_exercises = (f"{name} {what}" for name in names for what in _OF_EXERCISE)
    yield [*_OF_GRADE, "hints_asked", "flags", *of_exercises]
    for grade in unit.grades:
        row = [getattr(grade, name) for name in _OF_GRADE]
        found = [grade.exercises.get(name) for name in names]
        row += [hints_asked(grade), texts(grade.flags)]
        yield [*row, *(getattr(item, what, None) for item in found for what in _OF_EXERCISE)]


def checks(unit: UnitSummary) -> Iterable[Sequence[Any]]:
    """A row for each exercise, with an empty check, and for each of its checks."""
    yield [
        "exercise", "check", "title", "visible", "passed", "tried", "share", "discrimination", "no_discrimination",
    ]  # fmt: skip
    for exercise in unit.exercises:
        named = [("", "the whole exercise", "", exercise.item)]
        named += [(check.id, check.title, str(check.visible), check.item) for check in exercise.checks]
        for id_, title, visible, item in named:
            share = round(item.share, 4) if item.tried else None
            value = None if item.discrimination is None else round(item.discrimination, 4)
            yield [exercise.id, id_, title, visible, item.passed, item.tried, share, value, item.reason]


def misconceptions(unit: UnitSummary) -> Iterable[Sequence[Any]]:
    """A row for each misconception and student."""
    yield ["exercise", "misconception", "hint", "student"]
    for found in unit.misconceptions:
        for student in found.students:
            yield [found.exercise, found.id, found.hint, student]


def attention(unit: UnitSummary) -> Iterable[Sequence[Any]]:
    """A row for each student and reason to look at the submission."""
    yield ["student", "kind", "reason"]
    for grade in unit.grades:
        for kind, reason in dict.fromkeys(reasons(grade)):
            yield [grade.student, kind, reason]


def _link(rows: Iterable[Sequence[Any]]) -> str:
    file = io.StringIO(newline="")
    # As in grades.csv: quotes around every text, a byte order mark for Excel, nothing that a spreadsheet would run.
    csv.writer(file, quoting=csv.QUOTE_NONNUMERIC).writerows(map(harmless, row) for row in rows)
    data = base64.b64encode(file.getvalue().encode("utf-8-sig", "replace")).decode()
    return f"data:text/csv;charset=utf-8;base64,{data}"

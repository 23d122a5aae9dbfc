"""The table for spreadsheets: what a student has chosen stays a text there."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from autograder.cli import app
from autograder.export.table import harmless, write_table
from autograder.intake.collect import collect
from autograder.results import from_json
from autograder.shown import one_line
from tests.attacks.corpus import HERE, read
from tests.support.lines import result, unreadable, write_journal


def test_the_table(tmp_path: Path) -> None:
    other = {"aaa.first": {"score": 0.25, "max_score": 1.0, "status": "wrong"}}
    write_journal(
        tmp_path,
        result("bob", late_days=2),
        result("Zoë, Ångström"),
        result("=HYPERLINK(1)"),
        result("x;=1+1\n=2"),
        result("ada", unit="aaa", exercises=other),
        unreadable("carl", "no cells"),
    )
    done = CliRunner().invoke(app, ["export", "csv", str(tmp_path)])
    assert done.exit_code == 0, done.output
    data = (tmp_path / "grades.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(data.decode("utf-8-sig").splitlines(keepends=True)))
    assert rows[0] == [
        "student", "unit", "score", "max_score", "late_days", "status", "aaa.first", "tiny.scale", "tiny.clear"
    ]  # fmt: skip
    by_name = {row[0]: row[1:] for row in rows[1:]}
    assert by_name["ada"] == ["aaa", "1.5", "5.0", "0", "graded", "0.25", "", ""]
    assert by_name["bob"] == ["tiny", "1.5", "5.0", "2", "graded", "", "1.5", "0.0"]
    assert by_name["carl"] == ["tiny", "", "5.0", "0", "unreadable", "", "", ""]
    assert {"'=HYPERLINK(1)", "Zoë, Ångström", "x;=1+1 =2"} <= by_name.keys()
    # Where a semicolon separates, quotes keep what follows it from being a cell.
    assert b'"x;=1+1 =2"' in data
    assert not list(tmp_path.glob("*.part"))


def test_extensions_have_a_column_where_there_are_any(tmp_path: Path) -> None:
    until = "2026-12-03T23:59:00+01:00"
    path = write_table(tmp_path, [result("ada", extension=until), result("bob", late_days=2)])
    rows = list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))
    assert [(row["student"], row["late_days"], row["extension"], row["tiny.scale"]) for row in rows] == [
        ("ada", "0", until, "1.5"),
        ("bob", "2", "", "1.5"),
    ]


def test_tables_are_inert(tmp_path: Path) -> None:
    """No name becomes a formula in a spreadsheet, whatever its separator is."""
    submitted = tmp_path / "submitted"
    submitted.mkdir()
    read(HERE / "files/formulas_in_names.py").build(submitted)
    students = [item.student for item in collect([submitted], "moco")]
    assert any(name.startswith("=") for name in students)
    made = {"unit": "moco", "status": "graded", "score": 0, "max_score": 5, "exercises": {}}
    lines = [from_json({"person": {"key": name, "name": name}, "student": name, **made}) for name in students]
    text = write_table(tmp_path, lines).read_text(encoding="utf-8-sig")
    cells = [cell for row in csv.reader(text.splitlines(keepends=True)) for cell in row]
    assert len(cells) >= 6 * len(students)
    assert not [cell for cell in cells if cell.strip().startswith(("=", "+", "-", "@"))]


@pytest.mark.parametrize(
    "text", ["=1", "+1", "-1", "@sum(1)", "\t=1", "\r=1", "\n=1", " =1", "＝1", "\u200b=1"]
)
def test_a_formula_is_made_a_text(text: str) -> None:
    assert harmless(text) == f"'{one_line(text)}"


@pytest.mark.parametrize("value", [-1.5, 0, 3.0, "ada", "a-b", "1", ""])
def test_what_is_no_formula_stays(value: Any) -> None:
    assert harmless(value) == value
    assert type(harmless(value)) is type(value)

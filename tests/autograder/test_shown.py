"""No character of a student's steers a terminal, turns a line or hides in a report, a table or a file's name."""

from __future__ import annotations

import base64
import re
import unicodedata
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

from autograder.cli import app
from autograder.cli.terminal import console, messages, tell
from autograder.grading import journal
from autograder.nbgrader.preprocessors import verdict_html
from autograder.report.pages import FEEDBACK, write_report
from autograder.report.table import class_table
from autograder.results import ExerciseLine
from autograder.shown import one_line, visible
from tests.support.lines import result, unreadable, write_journal

STEERING = (
    "\x00\x07\x08\x0b\x0c\x1b[2J\x7f\x85\x90\x9b31m\x9d\xad\u061c\u180e\u200b\u200d\u200e\u200f\u2028\u2029\u202a\u202e\u2060"
    "\u2066\u2069\u206f\ufeff\ufff9\u034f\u3164\ud800\udfff\U000e0041"
)
NAME = f"ada{STEERING}\r\n\tlovelace"
ALLOWED = "\n"


def steering(text: str) -> list[str]:
    """What must not be in a text, by its number."""
    found = [
        char
        for char in text
        if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") and char not in ALLOWED
    ]
    return sorted({f"U+{ord(char):04X}" for char in found} | set(re.findall("[\u034f\u3164]", text)))


def lines() -> list[Any]:
    check = {
        "id": f"c{STEERING}", "passed": False, "points": 0.0, "message": f"says {STEERING}", "title": f"t{STEERING}",
        "visible": True, "max_points": 1.0,
    }  # fmt: skip
    exercise = {"score": 0.0, "max_score": 3.0, "status": "error", "checks": [check]}
    flag = {"kind": "renamed-file", "text": f"the file {STEERING} was taken", "audience": "student"}
    return [
        result(NAME, exercises={"tiny.scale": exercise}, flags=[flag], file=f"in/{NAME}.ipynb"),
        unreadable(f"eve{STEERING}", f"the file is {STEERING}"),
        result("ada"),
    ]


def test_reports_tables_and_names_of_files(tmp_path: Path) -> None:
    # The journal itself is data, and keeps what can be kept.
    write_journal(tmp_path, *lines())
    kept = journal.read_journal(tmp_path).lines.values()
    assert any("\u202e\u2060" in line.person.key for line in kept)
    report = write_report(tmp_path, list(kept))
    pages = [report, *(tmp_path / FEEDBACK).rglob("*.html")]
    assert len(pages) == 4
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert steering(text) == [], page
        for data in re.findall(r"data:text/csv;charset=utf-8;base64,([\w+/=]+)", text):
            assert steering(base64.b64decode(data).decode("utf-8-sig").replace("\r\n", "\n")) == []
    for path in tmp_path.rglob("*"):
        assert steering(str(path.relative_to(tmp_path))) == []
    assert CliRunner().invoke(app, ["export", "csv", str(tmp_path)]).exit_code == 0
    table = (tmp_path / "grades.csv").read_bytes().decode("utf-8-sig")
    assert "lovelace" in table
    assert steering(table.replace("\r\n", "\n")) == []
    assert table.count("\r\n") == 4, "a line for each, and one above them"


def test_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    tell(console, NAME)
    tell(messages, NAME)
    console.print(NAME, highlight=False)
    messages.print(f"[bold]not graded:[/bold] {NAME}")
    console.print(class_table("tiny", [line for line in lines() if line.exercises]))
    said = capsys.readouterr()
    for text in (said.out, said.err):
        assert "lovelace" in text
        assert steering(re.sub(r"\x1b\[[\d;]*m", "", text)) == []


def test_what_nbgrader_shows() -> None:
    check = {"id": "c", "passed": False, "points": 0.0, "title": "t", "visible": True, "max_points": 1.0}
    made = {
        "score": 0.0,
        "max_score": 1.0,
        "status": "error",
        "checks": [{**check, "message": f"says {STEERING}"}],
    }
    page = verdict_html("tiny.scale", msgspec.convert(made, ExerciseLine), 1.0, notes=[f"a note {STEERING}"])
    assert "says" in page
    assert steering(page) == []


def test_scripts_that_need_joiners_keep_them() -> None:
    for text in ("می\u200cخواهم", "क्\u200dष", "👩\u200d💻", "Zoë Ångström", "日本語"):
        assert one_line(text) == visible(text) == text
    assert one_line("ad\u200da") == one_line("ad\u200ca") == "ad\ufffda"
    assert one_line("\u200dada\u200d") == "\ufffdada\ufffd"
    assert visible("a\r\nb\tc\n") == "a\nb\tc\n"
    assert one_line("a\r\nb\tc") == "a b c"

"""The table of a class on the terminal, with names as students choose them."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from autograder.report.table import class_table
from autograder.results import Line, from_json


def result(student: str, exercises: int = 3, late_days: int = 0, **changes: Any) -> Line:
    entry = {"score": 1.5, "max_score": 2.0, "status": "correct"}
    told = {"ideas": [{"name": "pointer-does-not-wrap", "hint": ""}]}
    wrong = {**entry, "status": "wrong", "diagnosis": told}
    entries = {f"moco.exercise_{number}": entry for number in range(exercises - 1)}
    named = {"person": {"key": student, "name": student}, "student": student, "unit": "moco"}
    made = {"status": "graded", "score": 14.5, "max_score": 14.5, "late_days": late_days}
    return from_json({**named, **made, "exercises": {**entries, "moco.last_one": wrong}, **changes})


def shown(results: list[Line], width: int = 80) -> str:
    console = Console(file=io.StringIO(), width=width, force_terminal=False)
    console.print(class_table("moco", results, width))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert max(map(cell_len, text.splitlines())) <= width
    return text


def test_an_ordinary_class() -> None:
    text = shown([result("ada"), result("bob", score=None, status="unreadable", late_days=2)])
    assert "moco: 1 graded, 1 unreadable" in text
    assert "14.5 of 14.5" in text
    assert "2 days" in text
    assert "1.5 pointer" in text


@pytest.mark.parametrize("width", [60, 80, 200])
@pytest.mark.parametrize("name", ["x" * 300, "ada lovelace " * 30, "[bold]" * 40, "愛" * 120])
def test_a_long_name_leaves_room_for_the_rest(name: str, width: int) -> None:
    text = shown([result("ada"), result(name)], width)
    assert text.count("14.5 of 14.5") == 2
    assert len(text.splitlines()) < 24
    assert "pointer" in text


def test_long_names_that_differ_at_one_end_are_told_apart() -> None:
    text = shown(
        [result(f"{number}{'x' * 300}") for number in range(2)]
        + [result(f"{'x' * 300}{number}") for number in (7, 8)]
    )
    for digit in "0178":
        assert f"│ {digit}x" in text or f"x{digit} " in text


def test_many_exercises_become_a_list_of_what_is_not_right() -> None:
    text = shown([result("ada", exercises=12)])
    assert "last_one: pointer does not wrap" in " ".join(text.split())
    assert "exercise_0" not in text
    assert "exer" in shown([result("ada", exercises=12)], width=240)


def test_a_name_cannot_steer_the_terminal() -> None:
    text = shown([result("a\x1b[2Jb\u202ec\rd[red]e")])
    assert not {"\x1b", "\u202e", "\r"} & set(text)
    assert "[red]" in text
    assert "می\u200cخواهم" in shown([result("می\u200cخواهم")])
    assert "\u200d" not in shown([result("a\u200db")])

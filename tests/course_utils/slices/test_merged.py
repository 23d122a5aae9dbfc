from __future__ import annotations

import time

import pytest

from course_utils.slices.cells import Cell, without_conflicts
from course_utils.slices.merged import conflicts, named_lines
from course_utils.slices.slicing import NoSlice, Program, Slice

BOTH = "<<<<<<< HEAD\nx = 1\n=======\nx = 2\n>>>>>>> main\n"


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        (BOTH, [(1, 5)]),
        ("a\n" + BOTH + "b\n" + BOTH, [(2, 6), (8, 12)]),
        (BOTH.replace("\n", "\r\n"), [(1, 5)]),
        ("<<<<<<<\na\n||||||| base\nb\n=======\nc\n>>>>>>>", [(1, 7)]),
        ("a\n<<<<<<< HEAD\nb\n=======\nc", [(2, 4)]),
        ("a\n=======\nb\n>>>>>>> main\nc", [(2, 4)]),
        ("a\n>>>>>>> main", [(2, 2)]),
        ("<<<<<<< one\n<<<<<<< two\n>>>>>>> two\n", [(1, 1), (2, 3)]),
        ("Heading\n=======\n", []),
        ("print('<<<<<<< HEAD')\n>>> x\n<<<<<<<<", []),
        ("", []),
    ],
)
def test_conflicts_and_their_lines(text: str, spans: list[tuple[int, int]]) -> None:
    assert conflicts(text) == spans


def test_lines_in_a_sentence() -> None:
    assert named_lines([(40, 44)]) == "lines 40–44"
    assert named_lines([(7, 7)]) == "line 7"
    assert named_lines([(7, 7), (9, 12)]) == "lines 7, 9–12"
    assert named_lines([(number, number) for number in range(9)]).endswith("and 4 more")


@pytest.mark.parametrize("line", ["<<<<<<< a", ">>>>>>> a", "=======", "<<<<<<<", "<" * 100])
def test_a_hundred_thousand_marks_take_no_time(line: str) -> None:
    start = time.process_time()
    conflicts(f"{line}\n" * 100_000)
    conflicts(line * 100_000)
    assert time.process_time() - start < 2


BROKEN = f"def f(x):\n    y = 1\n{BOTH}    return y\n".replace("x = ", "    x = ")


def test_an_exercise_in_two_versions_is_told_as_such() -> None:
    cell = without_conflicts(Cell(1, BROKEN, frozenset({"u-f"})))
    helper = without_conflicts(Cell(2, BOTH, frozenset()))
    other = without_conflicts(Cell(3, "def g(x):\n    return x", frozenset({"u-g"})))
    program = Program((cell, helper, other))
    found = program.slice("u.f")
    assert isinstance(found, NoSlice)
    assert found.attempted
    assert (
        "code cell 1 (it begins with: def f(x):) is left out: two versions were merged: lines 3–7"
        in found.reason
    )
    assert isinstance(program.slice("u.g"), Slice)
    # Found by the function's name too.
    assert "two versions" in getattr(
        Program((without_conflicts(Cell(1, BROKEN, frozenset())),)).slice("u.f"), "reason", ""
    )


def test_marks_in_a_text_in_quotes_are_a_text() -> None:
    cell = Cell(1, f'def f(x):\n    """What git writes:\n\n{BOTH}"""\n    return x', frozenset({"u-f"}))
    assert without_conflicts(cell) is cell

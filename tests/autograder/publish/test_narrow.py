"""Stubs fit into a narrow window, and say what the references say."""

from __future__ import annotations

import ast
import re
import textwrap

import pytest

from autograder.course.units import load_unit
from autograder.publish.narrow import STUB_WIDTH, narrowed
from autograder.publish.stub import BEGIN, solution_cell, solved_cell
from tests.support import ROOT, UNITS


def made(source: str) -> str:
    source = textwrap.dedent(source).strip("\n")
    definition = ast.parse(source).body[0]
    assert isinstance(definition, ast.FunctionDef)
    return "\n".join(narrowed(source.splitlines(), definition))


@pytest.mark.parametrize("unit", UNITS)
def test_every_stub_is_narrow_and_says_the_same(unit: str) -> None:
    for id_, exercise in load_unit(ROOT, unit).exercises.items():
        stub = solution_cell(exercise.reference, id_).partition(f"    {BEGIN}")[0]
        assert max(map(len, stub.splitlines())) <= STUB_WIDTH, id_
        before, after = (
            ast.parse(text).body[0] for text in (solved_cell(exercise.reference), f"{stub}    pass")
        )
        assert isinstance(before, ast.FunctionDef)
        assert isinstance(after, ast.FunctionDef)
        assert ast.dump(before.args) == ast.dump(after.args)
        words = [re.sub(r"\s+", " ", ast.get_docstring(item) or "") for item in (before, after)]
        assert words[0] == words[1]


def test_paragraphs_and_entries_are_filled_and_formulas_left() -> None:
    text = made(
        f'''
        def f(x: int) -> int:
            """{"word " * 20}end.

            {"first " * 16}line
            goes on here.

                L = {"a + " * 25}a formula of its own

            Args:
                x: {"entry " * 15}ends
                    and goes on.
                y: short.

            - {"point " * 16}ends
            - second.
            """
        '''
    )
    lines = text.splitlines()
    assert [len(line) for line in lines if len(line) > STUB_WIDTH] == [
        len(f"        L = {'a + ' * 25}a formula of its own")
    ]
    assert "    first first line goes on here." in lines
    assert any(line.startswith("            entry") and line.endswith("and goes on.") for line in lines)
    assert "        y: short." in lines
    assert any(line.startswith("      point") for line in lines)
    assert "    - second." in lines


def test_a_signature_that_is_too_long_has_a_line_for_each_parameter() -> None:
    text = made(
        '''
        def colours(attention: Float[Tensor, "n h*w"], größe: tuple[int, int] = (3, 4), more: str = "é") -> tuple[int, int]:
            """What it does."""
        '''
    )
    assert text.splitlines()[:5] == [
        "def colours(",
        '    attention: Float[Tensor, "n h*w"],',
        "    größe: tuple[int, int] = (3, 4),",
        '    more: str = "é",',
        ") -> tuple[int, int]:",
    ]


@pytest.mark.parametrize(
    "signature",
    [
        "def f(x): ",
        "def f(x, *, key_word_only_argument_with_a_long_name, another_of_these_arguments_, third=1):",
    ],
)
def test_other_signatures_stay(signature: str) -> None:
    assert made(f'{signature}\n    """What it does."""').splitlines()[0] == signature


def test_words_in_backticks_stay_together() -> None:
    text = made(f'def f():\n    """{"word " * 14}becomes ``1 - momentum`` times."""')
    assert "``1 - momentum``" in text

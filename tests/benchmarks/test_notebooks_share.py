"""How much of a notebook's code carries its idea."""

from __future__ import annotations

import nbformat
import pytest

from benchmarks.notebooks import code_lines, idea_share
from tests.support import ROOT


def test_only_code_counts() -> None:
    source = '''# a comment
def f(x):
    """Says something.

    In several lines.
    """
    return "not a docstring"

f(1)  # called
'''
    assert code_lines(source) == 3
    assert code_lines("%matplotlib inline\nx = 1\n") == 2


def test_set_up_and_plumbing_are_not_the_idea() -> None:
    cells = [
        nbformat.v4.new_code_cell("a\nb", metadata={"course": {"setup": True}}),
        nbformat.v4.new_code_cell("c", metadata={"course": {"plumbing": True}}),
        nbformat.v4.new_code_cell("d\ne\nf", metadata={"course": {"exercise": "u.f"}}),
        nbformat.v4.new_code_cell('cu.check("u.f")', metadata={"course": {"check": "u.f"}}),
        nbformat.v4.new_code_cell("g"),
        nbformat.v4.new_markdown_cell("words"),
    ]
    assert idea_share(nbformat.v4.new_notebook(cells=cells)) == pytest.approx(4 / 7)


@pytest.mark.parametrize("unit", ["pretext", "simclr", "video"])
def test_half_of_the_code_carries_the_idea(unit: str) -> None:
    notebook = nbformat.read(ROOT / "source" / unit / f"{unit}.ipynb", as_version=4)
    assert idea_share(notebook) >= 0.5
    hidden = [cell for cell in notebook.cells if cell.metadata.get("course", {}).get("plumbing")]
    assert hidden and all(cell.metadata["jupyter"] == {"source_hidden": True} for cell in hidden)

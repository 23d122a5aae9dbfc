"""The code cells of a notebook that was handed in, as many and as much as is looked at."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from course_utils.slices import notebook_json
from course_utils.slices.merged import conflicts, named_lines
from course_utils.slices.plain import LONGEST, clip, several
from course_utils.slices.python_text import MAX_CELL_CODE, MAX_CELLS, MAX_CODE, Unparsable, parse_python

_LONGEST_FIRST_LINE = 40
_MOST_CELLS = 3


@dataclass(frozen=True)
class Cell:
    """A code cell as handed in, or a cell of another type that holds an exercise's code.

    Attributes:
        number: its place among these cells of the notebook, from 1.
        source: its text.
        ids: every name it carries: nbgrader's `grade_id`, our own metadata, the notebook format's cell id.
        left_out: why it is not executed: its text is too long to be looked at, and not here, or it is two versions at
            once.
        kind: `"code"`, or the other type.
        first_line: of its text, where that is not here.
    """

    number: int
    source: str
    ids: frozenset[str]
    left_out: str = ""
    kind: str = "code"
    first_line: str = ""

    @property
    def title(self) -> str:
        """The cell in a sentence: by its number, and by its first line, as nothing in a notebook shows the number."""
        first = self.first_line or _first_line(self.source)
        begins = f" (it begins with: {clip(first, _LONGEST_FIRST_LINE)})" if first else ""
        return f"{type_in_words(self.kind)} cell {self.number}{begins}"


def several_cells(titles: Iterable[str]) -> str:
    """The first few of many titles of cells and files."""
    return several(titles, _MOST_CELLS, LONGEST)


def type_in_words(kind: str) -> str:
    """A type of cell in a sentence: Markdown is a name."""
    return kind.capitalize() if kind == "markdown" else kind


def parse_notebook(data: bytes) -> tuple[Cell, ...]:
    """The cells with code of a notebook of any format version.

    Raises:
        ValueError: with a reason that a student can act on.
    """
    return cells_in(notebook_json.read_notebook(data))


def cells_in(notebook: notebook_json.JsonNotebook) -> tuple[Cell, ...]:
    """The cells with code of a notebook whose JSON was read."""
    found = ((cell.number, cell.source(MAX_CELL_CODE), cell.ids, cell.kind) for cell in notebook.cells)
    return tuple(map(without_conflicts, limited(found)))


def without_conflicts(cell: Cell, line: int = 0) -> Cell:
    """The cell; left out if git's marks of a merge stand in it, outside of a text in quotes.

    Args:
        cell: the cell.
        line: the line of a script on which it begins, from 1; 0 for a cell of a notebook, whose lines count by
            themselves.
    """
    spans = conflicts(cell.source)
    if not spans:
        return cell
    try:
        parse_python(cell.source)
    except Unparsable:
        pass
    else:
        return cell
    begin = max(line, 1) - 1
    where = named_lines([(begin + first, begin + last) for first, last in spans])
    why = f"left out: two versions were merged: {where} of the {'file' if line else 'cell'} hold both; choose one"
    return replace(cell, left_out=why)


def limited(found: Iterable[tuple[int, str | None, frozenset[str], str]]) -> tuple[Cell, ...]:
    """As many cells as are looked at.

    Args:
        found: number, text, ids and kind of each; None for a text stands for one that is too long.
    """
    kept = "that are read (data belongs in a file)"
    cells = []
    left = MAX_CODE
    for count, (number, source, ids, kind) in enumerate(found):
        why = ""
        if count == MAX_CELLS:
            # One stands for all that follow, so that they are told of.
            why = f"left out, and all below it: only {MAX_CELLS:,} code cells are read"
        elif source is None or len(source) > MAX_CELL_CODE:
            why = f"left out: it holds more than the {MAX_CELL_CODE // 1000} kB of code {kept}"
        elif len(source) > left:
            why = f"left out: all cells hold more than the {MAX_CODE // 1000} kB of code {kept}"
        cells.append(Cell(number, "" if why or source is None else source, ids, why, kind))
        if why and source:
            cells[-1] = replace(cells[-1], first_line=_first_line(source))
        left -= len(cells[-1].source)
        if count == MAX_CELLS:
            break
    return tuple(cells)


def _first_line(source: str) -> str:
    """The first line that holds anything, or rather more of its beginning than is shown."""
    found = re.search(rf"\S.{{0,{2 * _LONGEST_FIRST_LINE}}}", source)
    return found[0].strip() if found else ""

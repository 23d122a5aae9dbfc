"""Read a unit's `notebook.md`: jupytext Markdown with a few marks of ours on its cells.

```python setup=true                 imports, and `course = cu.setup("moco")`
```python exercise="moco.enqueue" minutes=15 difficulty="moderate"       (left empty)
```python scratch=true               for the student's own tests
```python train=true                 a cell that trains
```python plumbing=true              prepares, draws or prints, and carries no idea: shown collapsed
<!-- #region answer="moco-q1" points=2 minutes=10 -->   model answer and rubric   <!-- #endregion -->
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import jupytext
import yaml

from autograder.course.texts import read_text
from autograder.errors import UserError

Kind = Literal["prose", "code", "setup", "exercise", "answer", "scratch", "train", "plumbing"]

_MARKS: tuple[Kind, ...] = ("setup", "exercise", "answer", "scratch", "train", "plumbing")
_ALLOWED = {
    "exercise": {"exercise", "minutes", "difficulty"},
    "answer": {"answer", "points", "minutes"},
}
_ID = re.compile(r"[A-Za-z]\w*\.[A-Za-z]\w*")
# What jupytext itself writes into a cell.
_JUPYTEXT = {"lines_to_next_cell", "region_name"}


@dataclass(frozen=True, kw_only=True)
class SourceCell:
    """One cell of a `notebook.md`.

    Attributes:
        kind: what is to be made of it.
        text: its source; empty for an exercise.
        line: where it starts in the file, counted from 1; of a fenced cell, the opening fence.
        id: of the exercise (`"moco.enqueue"`) or the written question (`"moco-q1"`).
        points: of a written question; those of an exercise stand in its checks.py.
        minutes: how long it should take.
        difficulty: of an exercise, in words.
    """

    kind: Kind
    text: str
    line: int
    id: str = ""
    points: float = 0.0
    minutes: int = 0
    difficulty: str = ""


@dataclass(frozen=True)
class NotebookSource:
    """A `notebook.md`.

    Attributes:
        path: the file.
        title: of the unit.
        order: its place in the course, counted from 1.
        cells: in their order.
    """

    path: Path
    title: str
    order: int
    cells: tuple[SourceCell, ...] = field(repr=False)

    @property
    def exercises(self) -> dict[str, SourceCell]:
        """Exercise id -> its cell."""
        return {cell.id: cell for cell in self.cells if cell.kind == "exercise"}

    @property
    def answers(self) -> dict[str, SourceCell]:
        """Id of a written question -> its cell."""
        return {cell.id: cell for cell in self.cells if cell.kind == "answer"}


def read_notebook_source(path: Path) -> NotebookSource:
    """Read a `notebook.md`.

    Raises:
        UserError: its header or a mark cannot be understood; the message names file and line.
    """
    text = read_text(path)
    header = _header(path, text)
    lines = text.splitlines()
    cells = []
    position = header.lines
    for raw in jupytext.reads(text, fmt="md").cells:
        if raw.cell_type == "raw":  # the header, where it is none of jupytext's own
            continue
        position = _find(lines, raw.cell_type, raw.metadata, raw.source, position)
        cells.append(_cell(path, raw.cell_type, dict(raw.metadata), raw.source, position + 1))
        fenced = raw.cell_type == "code" or "answer" in raw.metadata
        position += len(raw.source.splitlines()) + (2 if fenced else 0)
    source = NotebookSource(path, header.title, header.order, tuple(cells))
    _check_once(source)
    return source


def read_order(path: Path) -> tuple[int, int]:
    """The place in the course that a `notebook.md` claims, and the line on which it does. Raises `UserError`."""
    text = read_text(path)
    return _header(path, text).order, _line_of_order(text)


def _line_of_order(text: str) -> int:
    claims = (number for number, line in enumerate(text.splitlines(), 1) if re.match(r"\s+order:", line))
    return next(claims, 1)


@dataclass(frozen=True)
class _Header:
    title: str
    order: int
    lines: int


def _header(path: Path, text: str) -> _Header:
    wanted = (
        f"{path}, line 1: it must begin with a YAML header between two lines `---` that says\n"
        "course:\n  title: the unit's title\n  order: 3"
    )
    match = re.match(r"---\n(.*?)\n---\n", text, re.DOTALL)
    if match is None:
        raise UserError(wanted)
    try:
        values: Any = yaml.safe_load(match[1])
    except yaml.YAMLError as error:
        raise UserError(f"{path}: the header is not YAML: {error}") from error
    values = values if isinstance(values, dict) else {}
    course = values.get("course") or (values.get("jupyter") or {}).get("course")
    if not isinstance(course, dict) or not isinstance(course.get("title"), str):
        raise UserError(wanted)
    order = course.get("order")
    if order is None:
        raise UserError(wanted)
    if isinstance(order, bool) or not isinstance(order, int) or order < 1:
        raise UserError(
            f"{path}, line {_line_of_order(text)}: order is {order!r}, and it is the unit's place in the course: write "
            "a whole number, 1 or greater"
        )
    named = {"author", "authors"} & {*values, *(values.get("jupyter") or {}), *course}
    if named:
        raise UserError(f"{path}, line 1: {named.pop()!r} in the header: no names of authors in notebooks")
    return _Header(course["title"], order, match[0].count("\n"))


def _find(lines: list[str], cell_type: str, metadata: dict[str, Any], source: str, start: int) -> int:
    """Index of the line on which a cell begins."""
    if cell_type == "code":
        opening = "```python"
    elif "answer" in metadata:
        opening = "<!-- #region"
    else:
        opening = source.splitlines()[0] if source else ""
    return next((index for index in range(start, len(lines)) if lines[index].startswith(opening)), start)


def _cell(path: Path, cell_type: str, metadata: dict[str, Any], source: str, line: int) -> SourceCell:
    where = f"{path}, line {line}"
    metadata = {key: value for key, value in metadata.items() if key not in _JUPYTEXT}
    marks = [mark for mark in _MARKS if metadata.get(mark)]
    if len(marks) > 1:
        raise UserError(f"{where}: a cell cannot be both {marks[0]} and {marks[1]}")
    if not marks:
        if metadata:
            raise UserError(f"{where}: unknown mark {next(iter(metadata))!r}; known are {', '.join(_MARKS)}")
        return SourceCell(kind="prose" if cell_type == "markdown" else "code", text=source, line=line)
    mark = marks[0]
    if mark == "exercise" and not (isinstance(metadata[mark], str) and _ID.fullmatch(metadata[mark])):
        raise UserError(
            f"{where}: exercise={json.dumps(metadata[mark], default=str)} is no id of an exercise: that is "
            f'unit.function, for instance exercise="{path.parent.name}.enqueue"'
        )
    if mark == "exercise" and "points" in metadata:
        place = f"solutions/{str(metadata[mark]).replace('.', '/')}/checks.py"
        raise UserError(f"{where}: the points of {metadata[mark]} stand in {place} alone: take points= out")
    if unknown := set(metadata) - _ALLOWED.get(mark, {mark}):
        raise UserError(f"{where}: unknown mark {sorted(unknown)[0]!r} on a cell that is {mark}")
    if (cell_type == "markdown") != (mark == "answer"):
        raise UserError(
            f"{where}: a cell that is {mark} is a {'code' if mark != 'answer' else 'Markdown'} cell"
        )
    if mark in ("setup", "scratch", "train", "plumbing"):
        return SourceCell(kind=mark, text=source, line=line)
    numbers = {"points": 0.0}
    for key in ("minutes",) if mark == "exercise" else ("points", "minutes"):
        value = metadata.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
            raise UserError(f"{where}: {metadata[mark]} needs {key}=, a number greater than 0")
        if key == "points" and value % 0.5:
            raise UserError(f"{where}: points={value:g}: {metadata[mark]} is worth a multiple of ½")
        numbers[key] = value
    if mark == "exercise" and source.strip():
        raise UserError(
            f"{where}: the cell of {metadata[mark]} must be empty; its code comes from reference.py"
        )
    if mark == "exercise" and not isinstance(metadata.get("difficulty"), str):
        raise UserError(f'{where}: {metadata[mark]} needs difficulty= in words, e.g. difficulty="moderate"')
    id_, difficulty = str(metadata[mark]), metadata.get("difficulty", "")
    return SourceCell(
        kind=mark,
        text=source,
        line=line,
        id=id_,
        points=float(numbers["points"]),
        minutes=int(numbers["minutes"]),
        difficulty=difficulty,
    )


def _check_once(source: NotebookSource) -> None:
    setups = [cell for cell in source.cells if cell.kind == "setup"]
    if len(setups) != 1:
        raise UserError(
            f"{source.path}, line {setups[1].line if setups else 1}: a notebook needs one cell marked setup=true "
            f"with the imports and `course = cu.setup(...)`; this one has {len(setups)}"
        )
    seen: set[str] = set()
    for cell in source.cells:
        if cell.id in seen:
            raise UserError(f"{source.path}, line {cell.line}: {cell.id} appears twice")
        if cell.id:
            seen.add(cell.id)
            if cell.line < setups[0].line:
                raise UserError(f"{source.path}, line {cell.line}: {cell.id} stands before the set-up cell")


CODE_SPAN = re.compile(r"(?<!`)`([a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*)(?:\([^`]*\))?`(?!`)")
_IMAGE = re.compile(r"!\[(?P<alt>[^\]]*)\][(\[]|<img\b(?P<tag>[^>]*)>", re.IGNORECASE)
_ALT = re.compile(r"\balt\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s\"'>]+)", re.IGNORECASE)


def named_in_prose(source: NotebookSource) -> Iterator[tuple[str, int]]:
    """Code spans of the form `a.b` or `a.b(...)` in the prose: each `a.b` with its line."""
    for cell in source.cells:
        if cell.kind in ("prose", "answer"):
            for offset, line in enumerate(cell.text.splitlines(), start=cell.kind == "answer"):
                for match in CODE_SPAN.finditer(line):
                    yield match[1], cell.line + offset


def images_without_alt(source: NotebookSource) -> Iterator[int]:
    """Lines of the images that have no alternative text."""
    for cell in source.cells:
        if cell.kind in ("prose", "answer"):
            first = cell.line + (cell.kind == "answer")
            # The whole text at once: an HTML tag may go over several lines.
            for match in _IMAGE.finditer(cell.text):
                alt = match["alt"]
                if alt is None:
                    found = _ALT.search(match["tag"])
                    alt = found[1].strip("\"'") if found else ""
                if not alt.strip():
                    yield first + cell.text.count("\n", 0, match.start())

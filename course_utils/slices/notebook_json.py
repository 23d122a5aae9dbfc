"""The cells in a notebook's JSON, of whichever version, age and state.

A file is small beside what it may become as objects (three bytes of JSON make an empty list of 60), so only what is
needed is ever made into objects: outputs are skipped, metadata and sources stay JSON until somebody asks for them.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec

from course_utils.slices.names import functions_of

# Objects in the JSON, each of which could be a cell: as many take 200 MB and half a second.
_MAX_OBJECTS = 500_000
# What a file that only Python's patient reader understands may become in memory.
_MAX_LOOSE = 400 * 2**20
_LONGEST_ID = 1000
# Characters of a cell that became Markdown by a slip of the keyboard.
_LONGEST_SLIP = 20_000
_LONGEST_METADATA = 20_000
# Six characters of JSON may stand for one of a text.
_JSON_PER_CHARACTER = 6

_NONE = msgspec.Raw(b"null")
_KINDS = {b'"code"': "code", b'"markdown"': "markdown", b'"raw"': "raw"}
_FENCE = re.compile(r"[ \t]*(?:```|~~~)")


@dataclass(frozen=True)
class JsonCell:
    """A code cell, hardly read yet; or a cell of another type that holds the code of the exercise whose id it carries.

    Attributes:
        number: its place among these cells, from 1.
        raw_source: its text in JSON, a string or a list of them; so are the others.
        kind: `"code"`, `"markdown"` or `"raw"`.
    """

    number: int
    raw_source: bytes
    raw_id: bytes
    raw_metadata: msgspec.Raw
    kind: str = "code"

    def source(self, longest: int) -> str | None:
        """Its text; None if it is longer than `longest` characters. Of Markdown with fenced code, that code."""
        if len(self.raw_source) > _JSON_PER_CHARACTER * longest:
            return None
        text = _joined(_loads(self.raw_source))
        if len(text) > longest:
            return None
        return text if self.kind == "code" else _fenced(text)

    @property
    def holds_exercise(self) -> bool:
        """Whether the text defines the function of an exercise whose id the cell carries, or checks it there."""
        found = functions_of(self.ids)
        text = (self.source(_LONGEST_SLIP) or "") if found else ""
        return any(
            "check(" in text
            if is_check
            else re.search(
                rf"^(?:(?:async[ \t]+)?def[ \t]+|class[ \t]+)?{name}[ \t]*[(:=]", text, re.MULTILINE
            )
            for name, is_check in found
        )

    @cached_property
    def ids(self) -> frozenset[str]:
        """Every name that it carries: nbgrader's `grade_id`, our own metadata, the notebook format's cell id."""
        sections = _struct(self.raw_metadata, _Metadata)
        ours = _struct(sections.course, _Ours)
        raws = (self.raw_id, _struct(sections.nbgrader, _Theirs).grade_id, ours.exercise, ours.id)
        found = (_loads(bytes(raw)) for raw in raws if raw is not _NONE and len(bytes(raw)) < _LONGEST_ID)
        return frozenset(name for name in found if isinstance(name, str) and name)


@dataclass(frozen=True)
class JsonNotebook:
    """What is read of a notebook.

    Attributes:
        cells: its code cells, once.
        course: what its own metadata hold under `course`; nothing, if that cannot be read or is very long.
        language: that of its kernel, `"python"` or another; empty if it does not say.
    """

    cells: Iterator[JsonCell]
    course: dict[str, Any]
    language: str = ""


def read_notebook(data: bytes) -> JsonNotebook:
    """The code cells of a notebook and our part of its metadata.

    Raises:
        ValueError: it is none, with a reason that a student can act on.
    """
    if not data.strip():
        raise ValueError("the file is empty: save the notebook and hand it in again")
    try:
        notebook = _decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        if data.startswith(b"PK"):
            raise ValueError("the file is a zip archive, not a notebook") from error
        if data.startswith(b"%PDF") or data.lstrip()[:1] == b"<":
            raise ValueError(
                "the file is no notebook (a PDF or a web page): hand in the .ipynb file itself"
            ) from error
        raise ValueError(f"the file is no notebook ({error}): hand in the .ipynb file itself") from error
    version = _loads(bytes(notebook.nbformat))
    is_number = not isinstance(version, float) or math.isfinite(version)
    if not is_number or (version is None and bytes(notebook.nbformat) != b"null"):
        raise ValueError("the file is no notebook (nbformat is no number): hand in the .ipynb file itself")
    cells = notebook.cells
    if notebook.worksheets is not None and (
        cells is None or (isinstance(version, int | float) and version < 4)
    ):
        # Before version 4, cells stood on worksheets, and their text under `input`.
        cells = [cell for sheet in notebook.worksheets for cell in sheet.cells or ()]
    if cells is None:
        raise ValueError("the file is JSON, but no notebook: it has no cells")
    metadata = _struct(notebook.metadata, _Metadata)
    return JsonNotebook(_with_code(cells), _course(metadata), _language(metadata))


def _with_code(cells: Iterable[_Cell]) -> Iterator[JsonCell]:
    number = 1
    for cell in cells:
        kind = _KINDS.get(bytes(cell.cell_type))
        if kind is not None:
            made = JsonCell(number, bytes(cell.text), bytes(cell.id), cell.metadata, kind)
            if kind == "code" or made.holds_exercise:
                number += 1
                yield made


def _fenced(text: str) -> str:
    """The code between the fences of a text in Markdown, on the same lines; the text as it is if there are none."""
    lines, inside, found = [], False, False
    for line in text.split("\n"):
        if _FENCE.match(line):
            inside = not inside
            found = True
            lines.append("")
        else:
            lines.append(line if inside else "")
    return "\n".join(lines) if found else text


def course_metadata(data: bytes) -> dict[str, Any]:
    """What the notebook's own metadata hold under `course`; nothing, if it cannot be read or is very long."""
    try:
        return _course(_struct(_decode(data).metadata, _Metadata))
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError, RecursionError):
        return {}


def _course(metadata: _Metadata) -> dict[str, Any]:
    found = _short(metadata.course)
    return found if isinstance(found, dict) else {}


def _language(metadata: _Metadata) -> str:
    about, kernel = _short(metadata.language_info), _short(metadata.kernelspec)
    about, kernel = (item if isinstance(item, dict) else {} for item in (about, kernel))
    for said in (about.get("name"), kernel.get("language")):
        if isinstance(said, str) and said:
            return said
    # Colab writes no more than a name.
    name = str(kernel.get("name"))
    return {"ir": "R", "julia": "julia"}.get(name.partition("-")[0], "")


def _short(raw: msgspec.Raw) -> Any:
    """A part of the metadata; None if it cannot be read or is very long."""
    data = bytes(raw)
    return _loads(data) if len(data) <= _LONGEST_METADATA else None


class _Cell(msgspec.Struct):
    cell_type: msgspec.Raw = _NONE
    source: msgspec.Raw = _NONE
    input: msgspec.Raw = _NONE
    metadata: msgspec.Raw = _NONE
    id: msgspec.Raw = _NONE

    @property
    def text(self) -> msgspec.Raw:
        return self.input if bytes(self.source) == b"null" else self.source


class _Sheet(msgspec.Struct):
    cells: list[_Cell] | None = None


class _Notebook(msgspec.Struct):
    # Outputs are not named here, so they are skipped without being kept.
    cells: list[_Cell] | None = None
    worksheets: list[_Sheet] | None = None
    nbformat: msgspec.Raw = _NONE
    metadata: msgspec.Raw = _NONE


class _Metadata(msgspec.Struct):
    nbgrader: msgspec.Raw = _NONE
    course: msgspec.Raw = _NONE
    kernelspec: msgspec.Raw = _NONE
    language_info: msgspec.Raw = _NONE


class _Theirs(msgspec.Struct):
    grade_id: msgspec.Raw = _NONE


class _Ours(msgspec.Struct):
    exercise: msgspec.Raw = _NONE
    id: msgspec.Raw = _NONE


def _decode(data: bytes) -> _Notebook:
    """Read what notebooks should be quickly, and what editors, merges and shells make of them patiently.

    Seen in the wild: a byte order mark, UTF-16 of a redirected output, NaN in outputs, half an emoji in a text, null
    where a text should be. Raises what msgspec says about the file as it is, if nothing of the kind explains it.
    """
    if data.count(b"{") > _MAX_OBJECTS:
        raise ValueError(
            f"the file holds more than {_MAX_OBJECTS:,} JSON objects: clear the notebook's outputs, save it and hand "
            "it in again"
        )
    try:
        return msgspec.json.decode(data, type=_Notebook)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        if _weight(data) > _MAX_LOOSE:
            raise ValueError(
                f"the file is no regular notebook ({error}), and too large to be read otherwise: clear the notebook's "
                "outputs, save it and hand it in again"
            ) from error
        try:
            text = data.decode(json.detect_encoding(data))
            loose = json.loads(text.removeprefix("\ufeff"), strict=False)
        except (ValueError, RecursionError):
            raise error from None
        if not isinstance(loose, dict) or not isinstance(loose.get("cells", []), list):
            raise
        sheets = loose.get("worksheets")
        return _Notebook(
            _loose_cells(loose) if "cells" in loose else None,
            [_Sheet(_loose_cells(sheet)) for sheet in sheets if isinstance(sheet, dict)]
            if isinstance(sheets, list)
            else None,
            _raw(loose.get("nbformat")),
            _raw(loose.get("metadata")),
        )


def _weight(data: bytes) -> int:
    """Bytes that the JSON may take as Python's objects, at most: text, lists, tables, numbers."""
    text = 2 if data.isascii() else 5
    return text * len(data) + 90 * data.count(b"[") + 250 * data.count(b"{") + 40 * data.count(b",")


def _loose_cells(holder: dict[str, Any]) -> list[_Cell]:
    cells = holder.get("cells")
    return [_loose_cell(cell) for cell in cells if isinstance(cell, dict)] if isinstance(cells, list) else []


def _loose_cell(cell: dict[str, Any]) -> _Cell:
    return _Cell(**{name: _raw(cell[name]) for name in _Cell.__struct_fields__ if name in cell})


def _raw(value: Any) -> msgspec.Raw:
    try:
        return msgspec.Raw(json.dumps(value).encode())
    except (ValueError, RecursionError):
        return _NONE


def _loads(raw: bytes) -> Any:
    try:
        return msgspec.json.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        pass
    try:
        # Bytes that are no UTF-8 stand in a comment, as a rule: they must not cost the whole text.
        return json.loads(raw.decode("utf-8", "replace"), strict=False)
    except (ValueError, RecursionError):
        return None


def _struct(raw: msgspec.Raw, kind: type[Any]) -> Any:
    if raw is _NONE:
        return kind()
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        pass
    data = bytes(raw)
    loose = _loads(data) if _weight(data) < _MAX_LOOSE else None
    if not isinstance(loose, dict):
        return kind()
    return kind(**{name: _raw(loose[name]) for name in kind.__struct_fields__ if name in loose})


def _joined(source: Any) -> str:
    lines = source if isinstance(source, list) else [source]
    text = "".join(line for line in lines if isinstance(line, str))
    # Half of a surrogate pair cannot be written in UTF-8, so it could not be sent to the sandbox.
    return text.encode("utf-8", "replace").decode()

"""Read one file that a student handed in: a notebook of any format and age, or a script.

Reading never executes anything. What cannot be read comes back with the reason. Which files there are to read, and
whose, is found by `autograder.collect`.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import re
import tokenize
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from autograder import archive
from autograder.candidate import Candidate, candidate_of, with_timestamp
from autograder.errors import UserError

MARKED_LATE = "marked LATE by the LMS; not counted, days unknown"


@dataclass(frozen=True)
class Cell:
    """A code cell as handed in.

    Attributes:
        number: its place among all cells of the notebook, from 1.
        source: its text.
        ids: every name it carries: nbgrader's `grade_id`, our own metadata, the notebook format's cell id.
    """

    number: int
    source: str
    ids: frozenset[str]


@dataclass(frozen=True)
class Submission:
    """One student's work on one unit.

    Attributes:
        path: the file; inside a zip, `archive.zip/member`.
        submitted_at: when it was handed in, if somebody recorded that (`timestamp.txt`); times of files do not count,
            since copying and unpacking change them.
        attempt: 1 for the first of several.
        cells: the code cells.
        flags: what a person may want to know about the file.
    """

    student: str
    unit: str
    path: str
    sha256: str
    cells: tuple[Cell, ...]
    submitted_at: dt.datetime | None = None
    attempt: int = 1
    flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Unreadable:
    """A file that should be a submission and is none.

    Attributes:
        reason: what is wrong and what to do, for the TA and the student.
    """

    student: str
    unit: str
    path: str
    reason: str
    sha256: str = ""
    submitted_at: dt.datetime | None = None


def read_submission(path: Path, unit: str, student: str) -> Submission | Unreadable:
    """Read one file as this student's submission."""
    return read_candidate(with_timestamp(candidate_of(path, student), path.parent), unit, 1, [])


def read_candidate(chosen: Candidate, unit: str, attempt: int, flags: list[str]) -> Submission | Unreadable:
    """Read a file that was found.

    Args:
        chosen: the file, its student and its time.
        unit: the unit's id.
        attempt: 1 for the first of several.
        flags: what is to be said of it besides its own flags.
    """
    if chosen.size > archive.MAX_BYTES:
        reason = (
            f"is {chosen.size / 2**20:.0f} MB, more than the {archive.MAX_BYTES // 2**20} MB that are read: clear the "
            "notebook's outputs, save it and hand it in again"
        )
        return Unreadable(chosen.student, unit, chosen.path, reason, submitted_at=chosen.submitted_at)
    digest = ""
    try:
        if isinstance(chosen.source, Path) and not chosen.source.is_file():
            # A pipe would be waited for.
            raise ValueError("is no ordinary file: not read")
        data = chosen.source.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        cells = parse_script(data) if chosen.path.lower().endswith(".py") else parse_notebook(data)
        if not cells:
            raise ValueError("the notebook has no code cells: was the right file handed in?")
    except (OSError, ValueError, UserError) as error:
        return Unreadable(chosen.student, unit, chosen.path, str(error), digest, chosen.submitted_at)
    if chosen.marked_late and chosen.submitted_at is None:
        flags = [*flags, MARKED_LATE]
    return Submission(
        chosen.student,
        unit,
        chosen.path,
        digest,
        cells,
        chosen.submitted_at,
        attempt,
        (*chosen.flags, *flags),
    )


def parse_notebook(data: bytes) -> tuple[Cell, ...]:
    """The code cells of a notebook of any format version. Raises `ValueError` with a reason a student can act on."""
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
    if notebook.nbformat is not None and notebook.nbformat < 4:
        return _parse_old(data)
    if notebook.cells is None:
        raise ValueError("the file is JSON, but no notebook: it has no cells")
    return tuple(
        Cell(number, "".join(cell.source) if isinstance(cell.source, list) else cell.source, _ids(cell))
        for number, cell in enumerate(notebook.cells, start=1)
        if cell.cell_type == "code"
    )


def parse_script(data: bytes) -> tuple[Cell, ...]:
    """The cells of a Python script (`# %%` or blank-line separated). Raises `ValueError` if it is no text."""
    import jupytext

    try:
        # As Python itself reads it: a byte order mark or a coding line says in which encoding.
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        text = data.decode(encoding)
    except (SyntaxError, UnicodeDecodeError) as error:
        raise ValueError("the file is no text in UTF-8") from error
    # jupytext accepts no other coding line; the text is decoded, so the line has done its work.
    text = re.sub(r"\A((?:.*\n)?)#.*coding[:=].*", r"\1#", text)
    notebook = jupytext.reads(text, fmt="py")
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return tuple(Cell(number, cell.source, frozenset()) for number, cell in enumerate(cells, start=1))


class _Cell(msgspec.Struct):
    cell_type: str = ""
    source: str | list[str] = ""
    metadata: msgspec.Raw = msgspec.Raw(b"{}")
    id: str | None = None


class _Notebook(msgspec.Struct):
    # Outputs are not named here, so they are skipped without being kept.
    cells: list[_Cell] | None = None
    nbformat: int | None = None


def _decode(data: bytes) -> _Notebook:
    """Read what notebooks should be quickly, and what editors, merges and shells make of them patiently.

    Seen in the wild: a byte order mark, UTF-16 of a redirected output, NaN in outputs, half an emoji in a text, null
    where a text should be. Raises what msgspec says about the file as it is, if nothing of the kind explains it.
    """
    try:
        return msgspec.json.decode(data, type=_Notebook)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        try:
            text = data.decode(json.detect_encoding(data))
            loose = json.loads(text.removeprefix("\ufeff"), strict=False)
        except (ValueError, RecursionError):
            raise error from None
        if not isinstance(loose, dict) or not isinstance(cells := loose.get("cells", []), list):
            raise
        version = loose.get("nbformat")
        return _Notebook(
            [_loose_cell(cell) for cell in cells if isinstance(cell, dict)] if "cells" in loose else None,
            int(version) if isinstance(version, int | float) else None,
        )


def _loose_cell(cell: dict[str, Any]) -> _Cell:
    source, id_ = cell.get("source"), cell.get("id")
    lines = source if isinstance(source, list) else [source]
    text = "".join(line for line in lines if isinstance(line, str))
    return _Cell(
        str(cell.get("cell_type")),
        # Half of a surrogate pair cannot be written in UTF-8, so it could not be sent to the sandbox.
        text.encode("utf-8", "replace").decode(),
        msgspec.Raw(json.dumps(cell.get("metadata", {}), allow_nan=True).encode()),
        id_ if isinstance(id_, str) else None,
    )


def _ids(cell: _Cell) -> frozenset[str]:
    names = {cell.id} if cell.id else set()
    try:
        metadata = json.loads(bytes(cell.metadata))
    except (ValueError, RecursionError):
        metadata = {}
    if not isinstance(metadata, dict):
        metadata = {}
    for key, field_ in (("nbgrader", "grade_id"), ("course", "exercise"), ("course", "id")):
        section = metadata.get(key)
        value = section.get(field_) if isinstance(section, dict) else None
        if isinstance(value, str):
            names.add(value)
    return frozenset(names)


def _parse_old(data: bytes) -> tuple[Cell, ...]:
    import nbformat

    try:
        notebook = nbformat.reads(data.decode(json.detect_encoding(data)), as_version=4)
    except Exception as error:  # nbformat raises many kinds for a damaged old notebook
        raise ValueError(f"the notebook is of an old format and could not be upgraded: {error}") from error
    return tuple(
        Cell(number, cell.source, frozenset())
        for number, cell in enumerate(notebook.cells, start=1)
        if cell.cell_type == "code"
    )

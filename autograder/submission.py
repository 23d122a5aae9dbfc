"""Read one file that a student handed in: a notebook of any format and age, or a script.

Reading never executes anything. What cannot be read comes back with the reason. Which files there are to read, and
whose, is found by `autograder.collect`.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder import archive, notebook_json, script
from autograder.candidate import Candidate, candidate_of, with_timestamp
from autograder.errors import UserError
from autograder.plain import clip, several
from autograder.python_text import MAX_CELL_CODE, MAX_CELLS, MAX_CODE

MARKED_LATE = "marked LATE by the LMS; not counted, days unknown"


@dataclass(frozen=True)
class Cell:
    """A code cell as handed in.

    Attributes:
        number: its place among all cells of the notebook, from 1.
        source: its text.
        ids: every name it carries: nbgrader's `grade_id`, our own metadata, the notebook format's cell id.
        left_out: why its text is not here, if it is too long to be looked at.
    """

    number: int
    source: str
    ids: frozenset[str]
    left_out: str = ""


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
            raise ValueError(archive.NO_FILE)
        data = chosen.source.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        cells = parse_script(data) if chosen.path.lower().endswith(".py") else parse_notebook(data)
        if not cells:
            raise ValueError("the notebook has no code cells: was the right file handed in?")
    except (OSError, ValueError, UserError) as error:
        return Unreadable(chosen.student, unit, chosen.path, clip(str(error)), digest, chosen.submitted_at)
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
        tuple(clip(flag) for flag in (*chosen.flags, *flags, *_left_out(cells))),
    )


def parse_notebook(data: bytes) -> tuple[Cell, ...]:
    """The code cells of a notebook of any format version. Raises `ValueError` with a reason a student can act on."""
    cells = notebook_json.code_cells(data)
    return _limited((cell.number, cell.source(MAX_CELL_CODE), cell.ids) for cell in cells)


def parse_script(data: bytes) -> tuple[Cell, ...]:
    """The cells of a Python script (`# %%` or blank-line separated). Raises `ValueError` if it is no text."""
    return _limited(
        (number, source if len(source) <= MAX_CELL_CODE else None, frozenset())
        for number, source in enumerate(script.cells_of(data), start=1)
    )


def _limited(found: Iterable[tuple[int, str | None, frozenset[str]]]) -> tuple[Cell, ...]:
    """As many cells as are looked at; None for a text stands for one that is too long."""
    kept = "that are read (data belongs in a file)"
    cells = []
    left = MAX_CODE
    for count, (number, source, ids) in enumerate(found):
        why = ""
        if count == MAX_CELLS:
            # One stands for all that follow, so that they are told of.
            why = f"left out, and all below it: only {MAX_CELLS:,} code cells are read"
        elif source is None:
            why = f"left out: it holds more than the {MAX_CELL_CODE // 1000} kB of code {kept}"
        elif len(source) > left:
            why = f"left out: all cells hold more than the {MAX_CODE // 1000} kB of code {kept}"
        cells.append(Cell(number, "" if why or source is None else source, ids, why))
        left -= len(cells[-1].source)
        if count == MAX_CELLS:
            break
    return tuple(cells)


def _left_out(cells: Sequence[Cell]) -> list[str]:
    """A flag for each reason for which cells were left out."""
    by_reason: dict[str, list[int]] = {}
    for cell in cells:
        if cell.left_out:
            by_reason.setdefault(cell.left_out, []).append(cell.number)
    return [f"cell{'s' * (len(which) > 1)} {several(which)} {why}" for why, which in by_reason.items()]

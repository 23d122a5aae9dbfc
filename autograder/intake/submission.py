"""Read one file that a student handed in: a notebook of any format and age, or a script.

Reading never executes anything. What cannot be read comes back with the reason. Which files there are to read, and
whose, is found by `autograder.intake.collect`.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from msgspec.structs import replace

from autograder.errors import UserError
from autograder.intake import archive, script
from autograder.intake.candidate import Candidate, candidate_of, with_timestamp
from autograder.results import Flag, FlagKind
from course_utils.slices.cells import Cell, cells_in, limited, parse_notebook
from course_utils.slices.help import Help, help_in
from course_utils.slices.notebook_json import read_notebook
from course_utils.slices.plain import clip, several

__all__ = [
    "MARKED_LATE",
    "Cell",
    "Help",
    "Submission",
    "Unreadable",
    "parse_notebook",
    "parse_script",
    "read_candidate",
    "read_submission",
]

MARKED_LATE = Flag(
    kind=FlagKind.MARKED_LATE, text="marked LATE by the LMS; not counted, days unknown", audience="staff"
)


@dataclass(frozen=True, kw_only=True)
class Submission:
    """One student's work on one unit.

    Attributes:
        path: the file; inside a zip, `archive.zip/member`.
        submitted_at: when it was handed in, if somebody recorded that (`timestamp.txt`); times of files do not count,
            since copying and unpacking change them.
        attempt: 1 for the first of several.
        cells: the code cells.
        flags: what a person may want to know about the file.
        help: exercise id -> the hints that were asked for, as the notebook tells it: never part of a grade.
    """

    student: str
    unit: str
    path: str
    sha256: str
    cells: tuple[Cell, ...]
    submitted_at: dt.datetime | None = None
    attempt: int = 1
    flags: tuple[Flag, ...] = ()
    help: Mapping[str, Help] = field(default_factory=dict)


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


def read_candidate(chosen: Candidate, unit: str, attempt: int, flags: list[Flag]) -> Submission | Unreadable:
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
        cells, help_ = _read(data, is_script=chosen.path.lower().endswith(".py"))
        if not cells:
            raise ValueError("the notebook has no code cells: was the right file handed in?")
    except (OSError, ValueError, UserError) as error:
        return Unreadable(chosen.student, unit, chosen.path, clip(str(error)), digest, chosen.submitted_at)
    if chosen.marked_late and chosen.submitted_at is None:
        flags = [*flags, MARKED_LATE]
    flags = [*chosen.flags, *flags, *_left_out(cells)]
    return Submission(
        student=chosen.student,
        unit=unit,
        path=chosen.path,
        sha256=digest,
        cells=cells,
        submitted_at=chosen.submitted_at,
        attempt=attempt,
        flags=tuple(replace(flag, text=clip(flag.text)) for flag in flags),
        help=help_,
    )


def _read(data: bytes, *, is_script: bool) -> tuple[tuple[Cell, ...], dict[str, Help]]:
    """The cells, and the hints that were asked for. Raises `ValueError` if the file is not what it should be."""
    if is_script:
        return parse_script(data), {}
    notebook = read_notebook(data)
    return cells_in(notebook), help_in(data, notebook.course)


def parse_script(data: bytes) -> tuple[Cell, ...]:
    """The cells of a Python script (`# %%` or blank-line separated). Raises `ValueError` if it is no text."""
    return limited(
        (number, source, frozenset()) for number, source in enumerate(script.cells_of(data), start=1)
    )


def _left_out(cells: Sequence[Cell]) -> list[Flag]:
    """A flag for each reason for which cells were left out."""
    by_reason: dict[str, list[int]] = {}
    for cell in cells:
        if cell.left_out:
            by_reason.setdefault(cell.left_out, []).append(cell.number)
    said = (f"code cell{'s' * (len(which) > 1)} {several(which)} {why}" for why, which in by_reason.items())
    return [Flag(kind=FlagKind.CELLS_LEFT_OUT, text=text, audience="student") for text in said]

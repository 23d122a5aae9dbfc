"""Read one file that a student handed in: a notebook of any format and age, or a script.

Reading never executes anything. What cannot be read comes back with the reason. Which files there are to read, and
whose, is found by `autograder.intake.collect`.
"""

from __future__ import annotations

import codecs
import datetime as dt
import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from msgspec.structs import replace

from autograder.errors import UserError
from autograder.intake import archive, damaged, script
from autograder.intake.candidate import TIMESTAMP, Candidate, recorded_time
from autograder.intake.kinds import FileKind, is_notebook_text
from autograder.intake.marimo import is_marimo
from autograder.intake.naming import called
from autograder.intake.tree import entry_of_file
from autograder.results import Flag, FlagKind, Person
from course_utils.slices.cells import (
    Cell,
    cells_in,
    limited,
    parse_notebook,
    several_cells,
    without_conflicts,
)
from course_utils.slices.help import Help, help_in
from course_utils.slices.notebook_json import read_notebook
from course_utils.slices.plain import clip

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

_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_DEFINES = re.compile(rb"^(?:async def|def|class) \w|^@app\.cell", re.MULTILINE)
# nbdime shows what it could not merge in cells of Markdown that begin and end so.
_NBDIME = b"**<<<<<<< "

# Until a person takes its place.
NOBODY = Person(key="", name="")

MARKED_LATE = Flag(
    kind=FlagKind.MARKED_LATE, text="marked LATE by the LMS; not counted, days unknown", audience="staff"
)


@dataclass(frozen=True)
class Giver:
    """Whose a hand-in is.

    Attributes:
        person: who gets the grade.
        student: how tables and pages call the person, unlike all others.
        unit: id of the unit.
        group: whose members share it.
    """

    person: Person
    student: str
    unit: str
    group: str | None = None

    def unreadable(self, path: str, reason: str, when: When, digest: str = "") -> Unreadable:
        """A hand-in of which nothing could be read, and why."""
        return Unreadable(
            student=self.student,
            unit=self.unit,
            path=path,
            reason=clip(reason),
            sha256=digest,
            submitted_at=when.submitted_at,
            person=self.person,
            group=self.group,
            attempt=when.attempt,
        )


@dataclass(frozen=True)
class When:
    """What is known of the time of a hand-in.

    Attributes:
        attempt: 1 for the first of several.
        submitted_at: when it was handed in, if somebody recorded that.
        marked_late: whether its source says that it is late.
    """

    attempt: int = 1
    submitted_at: dt.datetime | None = None
    marked_late: bool = False


@dataclass(frozen=True, kw_only=True)
class Submission:
    """One student's work on one unit.

    Attributes:
        path: the file; inside a zip, `archive.zip/member`.
        submitted_at: when it was handed in, if somebody recorded that (`timestamp.txt`); times of files do not count,
            since copying and unpacking change them.
        attempt: 1 for the first of several.
        person: who gets the grade; of a file that was named alone, `student` is the key as well.
        group: whose members share it.
        cells: the code cells.
        flags: what a person may want to know about the file.
        help: exercise id -> the hints that were asked for, as the notebook tells it: never part of a grade.
        kind: a notebook or a script.
        is_marimo: whether the script was made by marimo.
        unit_told: the unit that the notebook's own metadata name, if they do.
        made: when `cu.submit` made it, if it did.
        files: path, seen from the notebook's folder -> text, of code beside it that it imports or runs.
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
    kind: FileKind = FileKind.NOTEBOOK
    is_marimo: bool = False
    unit_told: str = ""
    made: str = ""
    person: Person = NOBODY
    group: str | None = None
    files: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _is_a_person(self)

    def refused(self, reason: str) -> Unreadable:
        """This file as one that is not graded, for a reason that came out when it was read."""
        owner = Giver(self.person, self.student, self.unit, self.group)
        return owner.unreadable(self.path, reason, When(self.attempt, self.submitted_at), self.sha256)


@dataclass(frozen=True, kw_only=True)
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
    attempt: int = 1
    person: Person = NOBODY
    group: str | None = None

    def __post_init__(self) -> None:
        _is_a_person(self)


def _is_a_person(item: Submission | Unreadable) -> None:
    if item.person is NOBODY:
        object.__setattr__(item, "person", Person(key=item.student, name=item.student))


def read_submission(path: Path, unit: str, student: str) -> Submission | Unreadable:
    """Read one file as this student's submission, handed in when a `timestamp.txt` beside it says."""
    entry = entry_of_file(path)
    candidate = Candidate(
        entry=entry,
        parts=entry.parts,
        is_script=path.suffix.lower() == ".py",
        called=called(path.stem, unit),
    )
    time, stamp = None, path.parent / TIMESTAMP
    if os.path.lexists(stamp):
        time, flags = recorded_time(entry_of_file(stamp))
        candidate.flags += flags
    return read_candidate(candidate, Giver(Person(key=student, name=student), student, unit), When(1, time))


def read_candidate(chosen: Candidate, owner: Giver, when: When) -> Submission | Unreadable:
    """Read a file that was found.

    Args:
        chosen: the file.
        owner: whose it is.
        when: what is known of its time.
    """
    entry, digest = chosen.entry, ""
    try:
        if entry.refused:
            raise ValueError(entry.refused)
        if entry.size > archive.MAX_BYTES:
            raise ValueError(
                f"is {entry.size / 2**20:.0f} MB, more than the {archive.MAX_BYTES // 2**20} MB that are read: clear "
                "the notebook's outputs, save it and hand it in again"
            )
        data = entry.source.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        content = _read(data, is_script=chosen.is_script)
        if not content.cells:
            raise ValueError("the notebook has no code cells: was the right file handed in?")
    except (OSError, ValueError, UserError) as error:
        return owner.unreadable(chosen.path, str(error), when, digest)
    flags = [*chosen.flags, *content.flags, *_left_out(content.cells)]
    if when.marked_late and when.submitted_at is None:
        flags.append(MARKED_LATE)
    return Submission(
        student=owner.student,
        unit=owner.unit,
        path=chosen.path,
        sha256=digest,
        cells=content.cells,
        submitted_at=when.submitted_at,
        attempt=when.attempt,
        flags=tuple(replace(flag, text=clip(flag.text)) for flag in flags),
        help=content.help,
        kind=content.kind,
        is_marimo=content.is_marimo,
        unit_told=content.unit_told,
        made=content.made,
        person=owner.person,
        group=owner.group,
    )


@dataclass(frozen=True, kw_only=True)
class _Content:
    """What stands in a file; see `Submission`."""

    cells: tuple[Cell, ...]
    kind: FileKind
    is_marimo: bool = False
    help: Mapping[str, Help] = field(default_factory=dict)
    unit_told: str = ""
    made: str = ""
    flags: tuple[Flag, ...] = ()


def _read(data: bytes, *, is_script: bool) -> _Content:
    """What stands in a file, whichever suffix it has. Raises `ValueError` if it is neither notebook nor script."""
    if is_script and not is_notebook_text(data):
        if said := damaged.foreign(data):
            raise ValueError(said)
        return _script(data)
    try:
        notebook = read_notebook(data)
        cells = cells_in(notebook)
    except ValueError as error:
        if said := damaged.why_no_notebook(data):
            raise ValueError(said) from error
        if not _looks_like_python(data):
            raise
        return _script(data, "is a Python script under the name of a notebook: read as a script")
    told = notebook.course.get("unit")
    return _Content(
        cells=cells,
        kind=FileKind.NOTEBOOK,
        help=help_in(data, notebook.course),
        unit_told=told if isinstance(told, str) else "",
        made=_made(notebook.course),
        flags=tuple(_flags_of_notebook(data, cells, notebook.language, is_script=is_script)),
    )


def _made(course: Mapping[str, object]) -> str:
    """The moment at which `cu.submit` made the notebook, as text that can be put in order; empty if none is told."""
    told = course.get("submission")
    made = told.get("made") if isinstance(told, dict) else None
    try:
        moment = dt.datetime.fromisoformat(made) if isinstance(made, str) else None
        return moment.astimezone(dt.UTC).isoformat() if moment else ""
    except (ValueError, OverflowError):
        return ""


def _script(data: bytes, said: str = "") -> _Content:
    text = script.text_of(data)
    by_marimo = is_marimo(text)
    found = [said] if said else []
    if by_marimo:
        found.append("was made by marimo: its cells are read as those of a notebook")
    if data.startswith(_UTF_16):
        found.append("is written in UTF-16")
    return _Content(
        cells=_cells_of_script(text),
        kind=FileKind.SCRIPT,
        is_marimo=by_marimo,
        flags=tuple(map(_odd, found)),
    )


def _looks_like_python(data: bytes) -> bool:
    return data.lstrip()[:1] not in (b"{", b"[") and _DEFINES.search(data) is not None


def _flags_of_notebook(
    data: bytes, cells: Sequence[Cell], language: str, *, is_script: bool
) -> Iterator[Flag]:
    if is_script:
        yield _odd("is a notebook under the name of a script: read as a notebook")
    encoding = json.detect_encoding(data)
    if encoding == "utf-8-sig":
        yield _odd("begins with a byte order mark, which some editors write")
    elif encoding != "utf-8":
        yield _odd(f"is written in {encoding.upper()}")
    if any("\ufffd" in cell.source for cell in cells) and not _is_utf_8(data, encoding):
        yield _odd("holds bytes that are no UTF-8; in code they are read as \ufffd")
    if language and not language.lower().startswith(("python", "ipython")):
        yield _odd(f"says that it is written in {clip(language, 20)}: only Python is graded")
    if _NBDIME in data:
        text = (
            "two versions were merged with nbdime, which has left both in some places (between cells that say <<<<<<< "
            "and >>>>>>>): look which one counts"
        )
        yield Flag(kind=FlagKind.MERGED, text=text, audience="student")


def _is_utf_8(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _odd(what: str) -> Flag:
    return Flag(kind=FlagKind.ODD_FORMAT, text=f"the file {what}", audience="staff")


def parse_script(data: bytes) -> tuple[Cell, ...]:
    """The cells of a Python script (`# %%` or blank-line separated). Raises `ValueError` if it is no text."""
    return _cells_of_script(script.text_of(data))


def _cells_of_script(text: str) -> tuple[Cell, ...]:
    found = script.cells_of(text)
    cells = limited(
        (number, source, frozenset(), "code") for number, (_, source) in enumerate(found, start=1)
    )
    return tuple(without_conflicts(cell, line) for cell, (line, _) in zip(cells, found, strict=False))


def _left_out(cells: Sequence[Cell]) -> list[Flag]:
    """A flag for each reason for which cells were left out."""
    by_reason: dict[str, list[str]] = {}
    for cell in cells:
        if cell.left_out:
            by_reason.setdefault(cell.left_out, []).append(cell.title)
    said = (f"{several_cells(which)} {why}" for why, which in by_reason.items())
    return [Flag(kind=FlagKind.CELLS_LEFT_OUT, text=text, audience="student") for text in said]

"""Read what students really hand in: nbgrader's tree, folders of notebooks, LMS zips, notebooks of any age, scripts.

Reading never executes anything. Every file that cannot be read is named with the reason, and the others go on.
"""

from __future__ import annotations

import datetime as dt
import glob
import hashlib
import io
import json
import lzma
import os
import re
import stat
import tokenize
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath, PurePosixPath
from typing import Any, TypeVar

import msgspec

from autograder.errors import UserError

MAX_BYTES = 100 * 2**20
SUFFIXES = (".ipynb", ".py")
# What an instructor's folder or an LMS's zip holds besides; anything else is what a student handed in.
_NOT_HANDED_IN = (".txt", ".csv", ".md", ".json", ".jsonl")
_LONG_AGO = dt.datetime.min.replace(tzinfo=dt.UTC)

_T = TypeVar("_T")


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
        submitted_at: from nbgrader's timestamp or the file.
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


@dataclass
class _Candidate:
    student: str
    path: str
    time: dt.datetime | None
    size: int
    source: Path | tuple[Path, str]
    flags: list[str] = field(default_factory=list)

    def read(self) -> bytes:
        if isinstance(self.source, Path):
            return self.source.read_bytes()
        archive, member = self.source
        with zipfile.ZipFile(archive) as opened, opened.open(member) as file:
            # The size in a zip's directory may lie; read no more than allowed.
            try:
                data = file.read(MAX_BYTES + 1)
            except (zlib.error, lzma.LZMAError, EOFError, zipfile.BadZipFile) as error:
                raise UserError(f"is damaged inside the zip ({error}): download or zip it again") from error
        if len(data) > MAX_BYTES:
            raise UserError(f"is larger than {MAX_BYTES // 2**20} MB unpacked")
        return data


@dataclass(frozen=True)
class Found:
    """A student of whom something was found; nothing is read yet, so that a large class needs little memory."""

    student: str
    unit: str
    attempts: tuple[_Candidate, ...]
    refused: Unreadable | None = None

    def read(self, attempts: str = "latest") -> list[Submission | Unreadable]:
        """Read what may count: the latest attempt, the first, or all for the best to be chosen.

        Args:
            attempts: `"latest"`, `"first"` or `"best"`, as in course.toml.
        """
        ordered = sorted(self.attempts, key=lambda item: (item.time or _LONG_AGO, item.path))
        if not ordered:
            return [self.refused] if self.refused else []
        numbers = {"latest": [len(ordered)], "first": [1], "best": list(range(1, len(ordered) + 1))}[attempts]
        flags = []
        if len(ordered) > 1:
            names = ", ".join(item.path for item in ordered)
            flags = [f"{len(ordered)} files of this student ({names}): the {attempts} counts"]
        return [_read(ordered[number - 1], self.unit, number, flags) for number in numbers]


def collect(paths: Iterable[Path], unit: str) -> list[Found]:
    """All submissions of a unit found in `paths`, one for each student, in the order of their names.

    Args:
        paths: nbgrader's `submitted/` folder, a folder of notebooks named by student, a folder of student folders,
            a single notebook, or an LMS's bulk zip.
        unit: the unit's id.

    Raises:
        UserError: a path does not exist, or none holds anything to grade.
    """
    paths = list(paths)
    attempts: dict[str, list[_Candidate]] = {}
    refused: dict[str, Unreadable] = {}
    for path in paths:
        if not path.exists():
            raise UserError(f"{path}: no such file or folder")
        for item in _candidates(path, unit):
            if isinstance(item, Unreadable):
                refused.setdefault(item.student, replace(item, path=_clean(item.path)))
            else:
                item.path = _clean(item.path)
                attempts.setdefault(item.student, []).append(item)
    if not attempts and not refused:
        listed = ", ".join(str(path) for path in paths)
        raise UserError(
            f"{listed}: no submission of {unit!r} found. Expected STUDENT/{unit}/{unit}.ipynb (nbgrader), "
            "STUDENT.ipynb, or a zip of notebooks"
        )
    # A refused file matters only if nothing else of that student could be read.
    students = sorted({*attempts, *refused})
    return [Found(name, unit, tuple(attempts.get(name, ())), refused.get(name)) for name in students]


def read_submission(path: Path, unit: str, student: str) -> Submission | Unreadable:
    """Read one file as this student's submission."""
    time = dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC)
    return _read(_Candidate(student, str(path), time, path.stat().st_size, path), unit, 1, [])


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
        raise ValueError(f"the file is no notebook: {error}") from error
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


def _read(chosen: _Candidate, unit: str, attempt: int, flags: list[str]) -> Submission | Unreadable:
    time = chosen.time
    if chosen.size > MAX_BYTES:
        reason = (
            f"is {chosen.size / 2**20:.0f} MB, more than the {MAX_BYTES // 2**20} MB that are read: clear the "
            "notebook's outputs, save it and hand it in again"
        )
        return Unreadable(chosen.student, unit, chosen.path, reason, submitted_at=time)
    digest = ""
    try:
        data = chosen.read()
        digest = hashlib.sha256(data).hexdigest()
        cells = parse_script(data) if chosen.path.lower().endswith(".py") else parse_notebook(data)
        if not cells:
            raise ValueError("the notebook has no code cells: was the right file handed in?")
    except (OSError, ValueError, UserError, zipfile.BadZipFile, RuntimeError) as error:
        return Unreadable(chosen.student, unit, chosen.path, str(error), digest, time)
    return Submission(
        chosen.student, unit, chosen.path, digest, cells, time, attempt, (*chosen.flags, *flags)
    )


# --- where the files are ------------------------------------------------------------------------------------------


def _candidates(path: Path, unit: str) -> Iterator[_Candidate | Unreadable]:
    if path.is_dir():
        # One student's folder, `ada` or `ada/moco` of nbgrader's tree, given by itself.
        released = f"{unit}.ipynb"
        if path.resolve().name == unit and (path / released).is_file():
            path = path.resolve().parent
        if (path / unit / released).is_file():
            yield from _from_student_folder(path.resolve(), unit)
        else:
            yield from _from_folder(path, unit)
    elif _suffix(path) == ".zip":
        yield from _from_zip(path, unit, student=None)
    else:
        name = _student_of(path.name, unit)
        folder = path.resolve().parent
        if path.stem == unit and folder.name == unit:
            # nbgrader's tree: nobody is called as the unit is.
            name = _clean(folder.parent.name)
        candidate = _file(path, name)
        candidate.time = _timestamp(path.parent) or candidate.time
        yield candidate


def _from_folder(folder: Path, unit: str) -> Iterator[_Candidate | Unreadable]:
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith((".", "__")):
            continue
        if refused := _bad_link(entry, folder, _clean(entry.stem), unit):
            yield refused
        elif entry.is_dir():
            yield from _from_student_folder(entry, unit)
        elif _suffix(entry) == ".zip":
            yield from _from_zip(entry, unit, student=_clean(entry.stem))
        elif _suffix(entry) in SUFFIXES:
            yield _file(entry, _student_of(entry.name, unit))
        elif entry.stat().st_size and _suffix(entry) not in _NOT_HANDED_IN:
            yield _no_notebook(_student_of(entry.name, unit), unit, str(entry))


def _from_student_folder(folder: Path, unit: str) -> Iterator[_Candidate | Unreadable]:
    student = _student_of_folder(folder.name)
    inner = folder / unit
    where = inner if inner.is_dir() else folder
    files = []
    for entry in sorted(where.iterdir()):
        if _suffix(entry) not in SUFFIXES or entry.name.startswith("."):
            continue
        if refused := _bad_link(entry, folder, student, unit):
            yield refused
        elif entry.is_file():
            files.append(entry)
    if inner.is_dir() and not files:
        yield Unreadable(student, unit, str(inner), f"has no notebook in it: {unit}.ipynb is missing")
        return
    if not files:
        # A folder handed in as a whole, or unpacked into a folder of its own.
        files = [
            entry
            for entry in sorted(where.glob(f"*/**/{glob.escape(unit)}.ipynb"))
            if not any(part.startswith((".", "__")) for part in entry.relative_to(where).parts)
            and _bad_link(entry, folder, student, unit) is None
        ]
    time = _timestamp(where)
    for entry in _meant(files, unit, lambda entry: entry.name):
        candidate = _file(entry, student)
        candidate.time = time or candidate.time
        if entry.stem != unit:
            candidate.flags.append(f"the notebook is called {_clean(entry.name)} instead of {unit}.ipynb")
        yield candidate
    if not files:
        archives = sorted(entry for entry in where.iterdir() if _suffix(entry) == ".zip")
        for entry in archives:
            if refused := _bad_link(entry, folder, student, unit):
                yield refused
            else:
                yield from _from_zip(entry, unit, student)


def _from_zip(path: Path, unit: str, student: str | None) -> Iterator[_Candidate | Unreadable]:
    owner = student or _clean(path.stem)
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, NotImplementedError, ValueError) as error:
        yield Unreadable(owner, unit, str(path), f"is no readable zip: {error}")
        return
    # In a zip of nbgrader's tree STUDENT/moco/moco.ipynb stands beside STUDENT/pretext/pretext.ipynb.
    names = [PurePosixPath(member.filename) for member in members]
    tree = {len(name.parts) for name in names if name.stem == name.parent.name == unit}
    found: dict[str, list[tuple[PurePosixPath, _Candidate]]] = {}
    for member in members:
        name = PurePosixPath(member.filename.replace("\\", "/"))
        shown = f"{path}/{member.filename}"
        if member.is_dir() or any(part.startswith((".", "__MACOSX")) and part != ".." for part in name.parts):
            continue
        if name.is_absolute() or ".." in name.parts:
            yield Unreadable(
                student or _clean(name.stem), unit, shown, "has a path that leads out of the zip: not read"
            )
            continue
        if name.stem == name.parent.name != unit and len(name.parts) in tree:
            # Another unit's notebook.
            continue
        who = student or (
            owner if str(name) == f"{unit}.ipynb" and len(members) == 1 else _student_in_zip(name, unit)
        )
        if _suffix(name) not in SUFFIXES:
            # What lies beside a student's own notebook is theirs; in a class's zip it may be all there is of somebody.
            if student is None and member.file_size and _suffix(name) not in _NOT_HANDED_IN:
                yield _no_notebook(who, unit, shown)
            continue
        if stat.S_ISLNK(member.external_attr >> 16):
            yield Unreadable(who, unit, shown, "is a link inside a zip: not followed")
            continue
        found.setdefault(who, []).append(
            (name, _Candidate(who, shown, _zip_time(member), member.file_size, (path, member.filename)))
        )
    for pairs in found.values():
        for _, candidate in _meant(pairs, unit, lambda pair: pair[0].name):
            yield candidate


def _meant(files: list[_T], unit: str, name: Callable[[_T], str]) -> list[_T]:
    """Of one student's files those that are meant: under the released name, else notebooks, else scripts."""
    named = [item for item in files if PurePosixPath(name(item)).stem == unit]
    notebooks = [item for item in files if _suffix(PurePosixPath(name(item))) == ".ipynb"]
    return [item for item in named if item in notebooks] or named or notebooks or files


def _no_notebook(student: str, unit: str, path: str) -> Unreadable:
    kinds = "an .ipynb or .py is needed" if ".zip/" in path else "an .ipynb, .py or .zip is needed"
    return Unreadable(student, unit, path, f"is no notebook: {kinds}")


def _bad_link(entry: Path, folder: Path, student: str, unit: str) -> Unreadable | None:
    """Why a link is not followed; None for what may be read."""
    if entry.is_symlink() and not entry.exists():
        return Unreadable(student, unit, str(entry), "is a link to a file that does not exist")
    if not entry.resolve().is_relative_to(folder.resolve()):
        return Unreadable(student, unit, str(entry), "is a link to a place outside the folder: not followed")
    return None


def _suffix(path: PurePath) -> str:
    return path.suffix.lower()


def _clean(name: str) -> str:
    """A name as text that can be written: in one Unicode form (Macs use another), what is no UTF-8 replaced."""
    return unicodedata.normalize("NFC", os.fsencode(name).decode("utf-8", "replace"))


def _zip_time(member: zipfile.ZipInfo) -> dt.datetime | None:
    try:
        return dt.datetime(*member.date_time, tzinfo=dt.UTC) if member.date_time[0] > 1980 else None
    except ValueError:  # a month 0, a second 61
        return None


def _file(path: Path, student: str) -> _Candidate:
    status = path.stat()
    return _Candidate(
        student, str(path), dt.datetime.fromtimestamp(status.st_mtime, dt.UTC), status.st_size, path
    )


def _student_in_zip(name: PurePosixPath, unit: str) -> str:
    folders = [part for part in name.parts[:-1] if part not in (unit, "submitted")]
    if folders:
        return _student_of_folder(folders[-1])
    return _student_of(name.name, unit)


def _student_of_folder(name: str) -> str:
    """Moodle's `Ada Lovelace_123_assignsubmission_file_` is Ada Lovelace's."""
    return _clean(re.sub(r"_\d+_assignsubmission_.*$", "", name)) or _clean(name)


def _student_of(filename: str, unit: str) -> str:
    """`ada.ipynb`, `ada_moco.ipynb`, Canvas's `ada_LATE_123_456_moco-1.ipynb`, Moodle's flat names: all of ada."""
    stem = _clean(PurePosixPath(filename).stem)
    if canvas := re.match(r"^(?P<name>[^_]+)(?:_LATE)?_\d+_\d+_.+$", stem):
        return canvas["name"]
    stem = re.sub(r"(?<=.)_\d+_assignsubmission_.*$", "", stem)
    return re.sub(rf"[_\- ]{re.escape(unit)}(?:[_\- ]submission)?$", "", stem) or stem


def _timestamp(folder: Path) -> dt.datetime | None:
    """nbgrader's `timestamp.txt`: `2026-01-31 12:00:00 UTC` and relatives; None if there is none to read."""
    file = folder / "timestamp.txt"
    if not file.is_file():
        return None
    import dateutil.parser

    try:
        time = dateutil.parser.parse(file.read_text().strip())
    except (ValueError, OverflowError, OSError):
        return None
    return time if time.tzinfo else time.replace(tzinfo=dt.UTC)

"""Read what students really hand in: nbgrader's tree, folders of notebooks, LMS zips, notebooks of any age, scripts.

Reading never executes anything. Every file that cannot be read is named with the reason, and the others go on.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import stat
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import msgspec

from autograder.errors import UserError

MAX_BYTES = 100 * 2**20
SUFFIXES = (".ipynb", ".py")
_LONG_AGO = dt.datetime.min.replace(tzinfo=dt.UTC)


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
            data = file.read(MAX_BYTES + 1)
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
                refused[item.student] = item
            else:
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
        notebook = msgspec.json.decode(data, type=_Notebook)
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
        text = data.decode()
    except UnicodeDecodeError as error:
        raise ValueError("the file is no text in UTF-8") from error
    notebook = jupytext.reads(text, fmt="py")
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return tuple(Cell(number, cell.source, frozenset()) for number, cell in enumerate(cells, start=1))


class _Cell(msgspec.Struct):
    cell_type: str
    source: str | list[str] = ""
    metadata: msgspec.Raw = msgspec.Raw(b"{}")
    id: str | None = None


class _Notebook(msgspec.Struct):
    # Outputs are not named here, so they are skipped without being kept.
    cells: list[_Cell] | None = None
    nbformat: int | None = None


def _ids(cell: _Cell) -> frozenset[str]:
    names = {cell.id} if cell.id else set()
    try:
        metadata = msgspec.json.decode(cell.metadata, type=dict)
    except msgspec.MsgspecError:
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
        notebook = nbformat.reads(data.decode(), as_version=4)
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
        cells = parse_script(data) if chosen.path.endswith(".py") else parse_notebook(data)
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
        yield from _from_folder(path, unit)
    elif path.suffix == ".zip":
        yield from _from_zip(path, unit, student=None)
    else:
        yield _file(path, _student_of(path.name, unit))


def _from_folder(folder: Path, unit: str) -> Iterator[_Candidate | Unreadable]:
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith((".", "__")):
            continue
        if entry.is_symlink() and not entry.resolve().is_relative_to(folder.resolve()):
            yield Unreadable(
                entry.stem, unit, str(entry), "is a link to a place outside the folder: not followed"
            )
        elif entry.is_dir():
            yield from _from_student_folder(entry, unit)
        elif entry.suffix == ".zip":
            yield from _from_zip(entry, unit, student=entry.stem)
        elif entry.suffix in SUFFIXES:
            yield _file(entry, _student_of(entry.name, unit))
        elif entry.stat().st_size and entry.suffix not in (".txt", ".csv", ".md", ".json", ".jsonl"):
            yield Unreadable(entry.stem, unit, str(entry), "is no notebook: an .ipynb, .py or .zip is needed")


def _from_student_folder(folder: Path, unit: str) -> Iterator[_Candidate | Unreadable]:
    student = re.sub(r"_\d+_assignsubmission_.*$", "", folder.name)
    inner = folder / unit
    where = inner if inner.is_dir() else folder
    files = sorted(
        entry
        for entry in where.iterdir()
        if entry.suffix in SUFFIXES and not entry.name.startswith(".") and entry.is_file()
    )
    if inner.is_dir() and not files:
        yield Unreadable(student, unit, str(inner), f"has no notebook in it: {unit}.ipynb is missing")
        return
    # In a student's folder the notebook under its released name is meant; other files are their own.
    named = [entry for entry in files if entry.stem == unit]
    time = _timestamp(where)
    for entry in named or files:
        candidate = _file(entry, student)
        candidate.time = time or candidate.time
        if entry.stem != unit:
            candidate.flags.append(f"the notebook is called {entry.name} instead of {unit}.ipynb")
        yield candidate
    if not files:
        for entry in sorted(where.glob("*.zip")):
            yield from _from_zip(entry, unit, student=student)


def _from_zip(path: Path, unit: str, student: str | None) -> Iterator[_Candidate | Unreadable]:
    owner = student or path.stem
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError) as error:
        yield Unreadable(owner, unit, str(path), f"is no readable zip: {error}")
        return
    for member in members:
        name = PurePosixPath(member.filename.replace("\\", "/"))
        shown = f"{path}/{member.filename}"
        if member.is_dir() or any(part.startswith((".", "__MACOSX")) and part != ".." for part in name.parts):
            continue
        if name.is_absolute() or ".." in name.parts:
            yield Unreadable(
                student or name.stem, unit, shown, "has a path that leads out of the zip: not read"
            )
            continue
        if name.suffix not in SUFFIXES:
            continue
        if stat.S_ISLNK(member.external_attr >> 16):
            yield Unreadable(student or name.stem, unit, shown, "is a link inside a zip: not followed")
            continue
        time = dt.datetime(*member.date_time, tzinfo=dt.UTC) if member.date_time[0] > 1980 else None
        who = student or _student_in_zip(name, unit)
        yield _Candidate(who, shown, time, member.file_size, (path, member.filename))


def _file(path: Path, student: str) -> _Candidate:
    status = path.stat()
    return _Candidate(
        student, str(path), dt.datetime.fromtimestamp(status.st_mtime, dt.UTC), status.st_size, path
    )


def _student_in_zip(name: PurePosixPath, unit: str) -> str:
    folders = [part for part in name.parts[:-1] if part not in (unit, "submitted")]
    if folders:
        return re.sub(r"_\d+_assignsubmission_.*$", "", folders[-1])
    return _student_of(name.name, unit)


def _student_of(filename: str, unit: str) -> str:
    """`ada.ipynb`, `ada_moco.ipynb` and Canvas's `ada_LATE_123_456_moco-1.ipynb` are all of ada."""
    stem = PurePosixPath(filename).stem
    if canvas := re.match(r"^(?P<name>[^_]+)(?:_LATE)?_\d+_\d+_.+$", stem):
        return canvas["name"]
    return re.sub(rf"[_\- ]{re.escape(unit)}(?:[_\- ]submission)?$", "", stem) or stem


def _timestamp(folder: Path) -> dt.datetime | None:
    """nbgrader's `timestamp.txt`: `2026-01-31 12:00:00 UTC` and relatives; None if there is none to read."""
    file = folder / "timestamp.txt"
    if not file.is_file():
        return None
    import dateutil.parser

    try:
        time = dateutil.parser.parse(file.read_text().strip())
    except (ValueError, OverflowError, UnicodeDecodeError):
        return None
    return time if time.tzinfo else time.replace(tzinfo=dt.UTC)

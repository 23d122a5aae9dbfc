"""A file that may be a submission, not read yet: what its name says and the `timestamp.txt` beside it.

Whose it is, when it was handed in, whether an LMS called it late; and which of several is the latest.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import re
import unicodedata
from dataclasses import KW_ONLY, dataclass, field
from pathlib import Path, PurePosixPath

from autograder.errors import UserError
from autograder.intake.archive import Member
from autograder.results import Flag, FlagKind
from course_utils.slices.plain import LONGEST_NAME, clip

TIMESTAMP = "timestamp.txt"
# How the files of an LMS's bulk download are called.
CANVAS = re.compile(r"(?P<name>[^_]+)(?P<late>_LATE)?_\d+_\d+_.+")
MOODLE = re.compile(r"(?<=.)_\d+_assignsubmission_.*$")
# A file system's names are no longer; those in a zip may have 65,535 bytes.
_LONGEST_NAME = 255
_MAX_TIMESTAMP = 200
_LONG_AGO = dt.datetime.min.replace(tzinfo=dt.UTC)


@dataclass(kw_only=True)
class Candidate:
    """A file that may be a submission; not read yet.

    Attributes:
        file_time: what the file system or a zip says: orders several files of one student, and nothing else.
        submitted_at: what somebody recorded on purpose.
        marked_late: Canvas says so in the file's name.
    """

    student: str
    path: str
    size: int
    source: Path | Member
    file_time: dt.datetime | None
    _: KW_ONLY
    submitted_at: dt.datetime | None = None
    marked_late: bool = False
    flags: list[Flag] = field(default_factory=list)

    @property
    def order(self) -> tuple[dt.datetime, dt.datetime, str]:
        """The later of two attempts has the larger one."""
        return self.time or _LONG_AGO, self.file_time or _LONG_AGO, self.path

    @property
    def time(self) -> dt.datetime | None:
        """The best that is known."""
        return self.submitted_at or self.file_time


def candidate_of(path: Path, student: str) -> Candidate:
    """A file on the disk as this student's. Raises `OSError` if it is gone."""
    status = path.stat()
    time = dt.datetime.fromtimestamp(status.st_mtime, dt.UTC)
    return Candidate(
        student=student,
        path=str(path),
        size=status.st_size,
        source=path,
        file_time=time,
        marked_late=is_late(path.name),
    )


# --- whose it is ----------------------------------------------------------------------------------------------------


def clean_name(name: str) -> str:
    """A name as text that can be written: in one Unicode form (Macs use another), what is no UTF-8 replaced."""
    return unicodedata.normalize("NFC", os.fsencode(name).decode("utf-8", "replace"))


def clean_path(path: str) -> str:
    """A path as such text, the beginning of a very long one left out."""
    text = clean_name(path)
    return text if len(text) <= 4 * _LONGEST_NAME else f"…{text[-4 * _LONGEST_NAME :]}"


def _student(name: str) -> str:
    """A student's name; one that no file system would hold is cut, and stays unlike all others."""
    if len(name) <= _LONGEST_NAME:
        return name
    return f"{name[:200]}_{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def student_in_zip(name: PurePosixPath, unit: str) -> str:
    """Whose a member of a class's zip is: the innermost folder's, if it has one besides the unit's."""
    folders = [part for part in name.parts[:-1] if part not in (unit, "submitted")]
    if folders:
        return student_of_folder(folders[-1])
    return student_of(name.name, unit)


def student_of_folder(name: str) -> str:
    """Moodle's `Ada Lovelace_123_assignsubmission_file_` is Ada Lovelace's."""
    return _student(clean_name(MOODLE.sub("", name)))


def student_of(filename: str, unit: str) -> str:
    """`ada.ipynb`, `ada_moco.ipynb`, Canvas's `ada_LATE_123_456_moco-1.ipynb`, Moodle's flat names: all of ada."""
    stem = _student(clean_name(PurePosixPath(filename).stem))
    if canvas := CANVAS.fullmatch(stem):
        return canvas["name"]
    if _is_nameless(stem, unit):
        return stem
    stem = MOODLE.sub("", stem)
    return re.sub(rf"[_\- ]{re.escape(unit)}(?:[_\- ]submission)?$", "", stem) or stem


def _is_nameless(stem: str, unit: str) -> bool:
    """`moco`, `moco (2)`, `Copy of moco`: in a folder of many students' notebooks that could be anybody's."""
    before, after = r"(?:\w+ (?:of|von|de) )?", r"(?:[ _-]+copy|[ _-]*\(?\d+\)?){0,2}"
    return bool(re.fullmatch(f"{before}{re.escape(unit)}{after}", stem, re.IGNORECASE))


def flags_of_name(filename: str, unit: str) -> list[Flag]:
    """What a person should know about a file that lies among those of many students."""
    nameless = _is_nameless(clean_name(PurePosixPath(filename).stem), unit)
    text = "the name of the file says no student: whose is it?"
    return [Flag(kind=FlagKind.NO_STUDENT, text=text, audience="staff")] if nameless else []


def is_late(filename: str) -> bool:
    """Whether Canvas marked the file as late."""
    canvas = CANVAS.fullmatch(clean_name(PurePosixPath(filename).stem))
    return bool(canvas and canvas["late"])


# --- when it was handed in ------------------------------------------------------------------------------------------


def parse_timestamp(text: str) -> dt.datetime:
    """The time in a `timestamp.txt`: nbgrader's `2026-01-31 12:00:00.000000 UTC` and relatives; without a zone, UTC.

    Raises:
        ValueError: it is no date with year, month and day, or its time zone is unknown.
    """
    import dateutil.parser
    import dateutil.tz

    def zone(name: str | None, offset: int | None) -> dt.tzinfo | int | None:
        if name is None:
            return offset
        known = offset if offset is not None else dateutil.tz.gettz(name)
        if known is None:
            raise ValueError(f"unknown time zone {name}")
        return known

    # What a text leaves open is taken from the default: two that differ in everything tell a whole date from a part.
    times = [
        dateutil.parser.parse(text.strip(), default=default, tzinfos=zone)
        for default in (dt.datetime(2000, 1, 1), dt.datetime(2001, 2, 2))
    ]
    if times[0] != times[1]:
        raise ValueError("not a whole date")
    return times[0] if times[0].tzinfo else times[0].replace(tzinfo=dt.UTC)


def with_timestamp(candidate: Candidate, folder: Path) -> Candidate:
    """The candidate with what a `timestamp.txt` in the folder says."""
    file = folder / TIMESTAMP
    if file.is_symlink():
        candidate.flags.append(_bad_timestamp("is a link: not followed"))
    elif file.is_file():
        add_timestamp(candidate, file)
    return candidate


def add_timestamp(candidate: Candidate, file: Path | Member) -> None:
    """Put the time that a `timestamp.txt` says into the candidate; one that says none becomes a flag."""
    try:
        text = _beginning(file).decode("utf-8-sig").strip()
    except (OSError, UserError, UnicodeDecodeError) as error:
        candidate.flags.append(_bad_timestamp(f"cannot be read ({error})"))
        return
    try:
        candidate.submitted_at = parse_timestamp(text)
    except (ValueError, OverflowError, TypeError, AttributeError) as error:
        why = clip(str(error), LONGEST_NAME)
        candidate.flags.append(_bad_timestamp(f"says {clip(text, 60)!r}, which is no time ({why})"))


def _bad_timestamp(what: str) -> Flag:
    return Flag(kind=FlagKind.BAD_TIMESTAMP, text=f"{TIMESTAMP} {what}", audience="staff")


def _beginning(file: Path | Member) -> bytes:
    if isinstance(file, Path):
        with file.open("rb") as opened:
            return opened.read(_MAX_TIMESTAMP)
    if file.size > 100 * _MAX_TIMESTAMP:
        raise UserError("it is too large")
    return file.read_bytes()[:_MAX_TIMESTAMP]

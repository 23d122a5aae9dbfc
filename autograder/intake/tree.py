"""One reader for folders and zips: what lies in a place, as a flat list of files. Nothing is opened but zips.

The same files give the same list, be they zipped or unpacked. Links are not followed, and what leads out of its place
is named and not read.
"""

from __future__ import annotations

import datetime as dt
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from autograder.errors import UserError
from autograder.intake import archive
from autograder.intake.archive import Member
from autograder.intake.encodings import names_of
from autograder.intake.kinds import BYTES_OF_HEAD, is_notebook_text

# A file system's names are no longer; those in a zip may have 65,535 bytes.
LONGEST_PART = 255
# Folders in folders.
DEEPEST = 30

LEADS_OUT = "has a path that leads out of the zip: not read; zip the notebook alone"
_LINK_IN_A_ZIP = "is a link inside a zip: not followed"
_TOO_DEEP = f"lies more than {DEEPEST} folders deep: not looked into"
_TOO_LONG = f"has a name of more than {LONGEST_PART} bytes: not read; give it a shorter one"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A file, or an empty folder.

    Attributes:
        parts: its path inside the place, in one Unicode form.
        source: where its content is.
        size: in bytes; in a zip, as that claims.
        time: what the file system or the zip says, good for order alone.
        is_folder: whether it is an empty folder.
        refused: why it cannot be read; empty if it can.
        guessed: the encoding of its name, if that had to be guessed.
    """

    parts: tuple[str, ...]
    source: Path | Member
    size: int = 0
    time: dt.datetime | None = None
    is_folder: bool = False
    refused: str = ""
    guessed: str = ""

    @cached_property
    def is_notebook(self) -> bool:
        """Whether the content begins as a notebook does, whatever the name says."""
        if self.refused or self.is_folder:
            return False
        try:
            return is_notebook_text(self.head())
        except (OSError, UserError):
            return False

    def head(self, size: int = BYTES_OF_HEAD) -> bytes:
        """The first bytes. Raises `OSError` or `UserError` if it cannot be read."""
        if isinstance(self.source, Member):
            return self.source.read_bytes(size)
        with self.source.open("rb") as file:
            return file.read(size)

    @property
    def shown(self) -> str:
        """The path as a person would write it."""
        return self.source.shown if isinstance(self.source, Member) else str(self.source)


def entries_of_folder(folder: Path, ours: Path | None = None) -> list[Entry]:
    """All files below a folder, in the order of their names.

    Args:
        folder: where to look.
        ours: a folder that is passed over: the grader's own results may lie among the hand-ins.

    Raises:
        OSError: the folder itself cannot be listed.
    """
    real = os.path.realpath(ours) if ours else None
    inside = os.path.realpath(folder)
    return list(_below(folder, (), inside, real, is_top=True))


def entry_of_file(file: Path) -> Entry:
    """A file that was named by itself. Raises `OSError` if it is gone."""
    (name,) = names_of([os.fsencode(file.name)])
    return _file(file, (name.text,), name.guessed)


def entries_of_zip(packed: Path | Member, most: int | None = None) -> list[Entry]:
    """All files of a zip, in the order of their names.

    Args:
        packed: the zip, on the disk or inside another.
        most: of its members.

    Raises:
        UserError: it cannot be read, or holds more.
        OSError: the zip on the disk cannot be read.
    """
    found = [_of_member(item) for item in archive.members(packed, most)]
    filled = {
        item.parts[:depth] for item in found for depth in range(1, len(item.parts) + (not item.is_folder))
    }
    return sorted(
        (item for item in found if not (item.is_folder and item.parts in filled)), key=lambda item: item.parts
    )


def _of_member(item: Member) -> Entry:
    parts = tuple(part for part in item.name.split("/") if part not in ("", ".", ".."))
    refused = ""
    if item.name.startswith("/") or ".." in item.name.split("/"):
        refused = LEADS_OUT
    elif item.is_link:
        refused = _LINK_IN_A_ZIP
    elif any(len(part.encode(errors="replace")) > LONGEST_PART for part in parts):
        refused = _TOO_LONG
    elif len(parts) > DEEPEST:
        refused = _TOO_DEEP
    return Entry(
        parts=tuple(_bounded(part) for part in parts[:DEEPEST]),
        source=item,
        size=item.size,
        time=item.time,
        is_folder=item.is_folder and not refused,
        refused=refused,
        guessed=item.guessed,
    )


def _bounded(part: str) -> str:
    """A name that a file system would hold."""
    return part if len(part.encode(errors="replace")) <= LONGEST_PART else f"{part[:60]}…"


def _below(
    folder: Path, parts: tuple[str, ...], inside: str, ours: str | None, *, is_top: bool = False
) -> Iterator[Entry]:
    try:
        children = sorted(folder.iterdir())
    except OSError as error:
        if is_top:
            raise
        yield Entry(
            parts=parts, source=folder, refused=f"cannot be read: {error.strerror}. May the grader open it?"
        )
        return
    if not children and parts:
        yield Entry(parts=parts, source=folder, is_folder=True)
    names = names_of([os.fsencode(child.name) for child in children])
    for child, name in zip(children, names, strict=True):
        if ours is not None and os.path.realpath(child) == ours:
            continue
        yield from _child(child, (*parts, name.text), name.guessed, inside, ours)


def _child(
    child: Path, parts: tuple[str, ...], guessed: str, inside: str, ours: str | None
) -> Iterator[Entry]:
    if refused := _bad_link(child, inside):
        yield Entry(parts=parts, source=child, refused=refused, guessed=guessed)
        return
    try:
        is_folder = child.is_dir()
        if not is_folder:
            yield _file(child, parts, guessed)
    except OSError as error:
        refused = f"cannot be read: {error.strerror}. May the grader open it?"
        yield Entry(parts=parts, source=child, refused=refused, guessed=guessed)
        return
    if is_folder and len(parts) >= DEEPEST:
        yield Entry(parts=parts, source=child, refused=_TOO_DEEP, guessed=guessed)
    elif is_folder:
        yield from _below(child, parts, inside, ours)


def _file(path: Path, parts: tuple[str, ...], guessed: str) -> Entry:
    status = path.stat()
    # A pipe would be waited for.
    refused = "" if stat.S_ISREG(status.st_mode) else archive.NO_FILE
    return Entry(
        parts=parts,
        source=path,
        size=status.st_size,
        time=dt.datetime.fromtimestamp(status.st_mtime, dt.UTC),
        refused=refused,
        guessed=guessed,
    )


def _bad_link(child: Path, inside: str) -> str:
    """Why a link is not followed, be it to a neighbour's file; empty for what may be read."""
    if child.is_symlink():
        what = "is a link" if child.exists() else "is a link to a file that does not exist"
        return f"{what}: not followed; hand in the file itself"
    if not Path(os.path.realpath(child)).is_relative_to(inside):
        return "is a link to a place outside the folder: not followed"
    return ""


def tops(entries: Sequence[Entry]) -> list[str]:
    """The names that stand first in the paths, each once, in their order."""
    return list(dict.fromkeys(entry.parts[0] for entry in entries if entry.parts))

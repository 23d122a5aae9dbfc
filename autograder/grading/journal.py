"""`grades.jsonl`: one result a line, append-only, the last line for a person's key and unit wins.

Each line is handed to the system in one write, before the next submission is looked at, and then brought to the disk: a
killed grader loses no line that was written, a power cut none whose `fsync` had returned. A line that was cut off is
passed over when reading and never mended: what follows starts on a line of its own.
"""

from __future__ import annotations

import contextlib
import errno
import io
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, TypeVar

import msgspec
from msgspec.structs import replace

from autograder.errors import UserError, writing
from autograder.grading.older import NOTHING_OLDER, Older, older_among
from autograder.results import FORMAT, Line, fault, from_format_1, from_json, to_json
from course_utils.slices.plain import STEERING

NAME = "grades.jsonl"

_T = TypeVar("_T")


class Journal:
    """Append results, flushed line by line. Use as a context manager; one writer at a time (see `lock`)."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self._file: IO[bytes] | None = None
        self._cut_off = False
        self._shared = _Shared()

    def __enter__(self) -> Journal:
        try:
            with writing(self.path):
                self.path.parent.mkdir(parents=True, exist_ok=True)
                is_new = not self.path.exists()
                # Unbuffered: what was written is out of this process, and survives its being killed.
                self._file = self.path.open("ab", buffering=0)
                # A run that was cut off in mid-line: what follows starts on a line of its own.
                self._cut_off = bool(self._file.tell()) and _last_byte(self.path) != b"\n"
                if is_new:
                    _sync_folder(self.path.parent)
        except UserError:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file:
            self._file.close()

    def write(self, line: Line) -> Line:
        """Append one result and bring it to the disk.

        Returns:
            The result as it will be read: a text that no file can hold has lost what cannot be written.

        Raises:
            OSError: the disk is full or gone. A later result can still be written.
        """
        if self._file is None:
            raise RuntimeError("the journal is not open")
        text = (
            json.dumps(to_json(line), ensure_ascii=False, allow_nan=False).encode(errors="replace").decode()
        )
        data = b"\n" * self._cut_off + STEERING.sub(_escaped, text).encode() + b"\n"
        self._cut_off = True
        if self._file.write(data) != len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path))
        os.fsync(self._file.fileno())
        self._cut_off = False
        return self._shared.of(msgspec.json.decode(text, type=Line))


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What a journal says.

    Attributes:
        path: of the journal.
        lines: (key of the person, unit) -> the last result, without those of older versions that have a newer one.
        damaged: number of a line that was passed over -> what is wrong with it; empty if it is no result at all.
        cut_off: number of the last line if it was begun and not finished, which is not among the damaged.
        older: results of older versions beside newer ones of the same people.
    """

    path: Path
    lines: Mapping[tuple[str, str], Line]
    damaged: Mapping[int, str]
    cut_off: int | None = None
    older: Older = NOTHING_OLDER

    def notices(self) -> list[str]:
        """What to tell of lines that were passed over, in sentences."""
        said = []
        if self.damaged:
            number, why = next(iter(self.damaged.items()))
            lines = "line" if len(self.damaged) == 1 else "lines"
            said.append(
                f"{len(self.damaged)} damaged {lines} passed over (first: {self.path}, line {number}"
                f"{': ' if why else ''}{why}). `autograder grade` grades again whoever has no other."
            )
        if self.cut_off:
            said.append(
                f"{self.path}, line {self.cut_off}: is cut off, as an interrupted run leaves it; `autograder grade` "
                "grades that student again."
            )
        return [*said, *self.older.notices()]


class _DamagedError(UserError):
    """A line is no result; the message is what is wrong with it, if that can be said."""


def read_journal(folder: Path) -> Contents:
    """What the journal of a folder says; nothing if there is none. Lines that are damaged are passed over.

    Raises:
        UserError: a line is of a format that this version does not know, or of its own and not as it should be.
    """
    path = folder / NAME
    lines: dict[tuple[str, str], Line] = {}
    damaged: dict[int, str] = {}
    cut_off = None
    shared = _Shared()
    with path.open("rb") if path.is_file() else io.BytesIO() as file:
        for number, data in enumerate(file, start=1):
            # A line that could not even be begun leaves an empty one.
            if not data.strip():
                continue
            try:
                line = _line(data, path, number)
            except _DamagedError as error:
                if _is_unfinished(data):
                    cut_off = number
                else:
                    damaged[number] = str(error)
            else:
                lines[line.key] = shared.of(line)
    older = older_among(lines)
    return Contents(path=path, lines=older.rest_of(lines), damaged=damaged, cut_off=cut_off, older=older)


def _line(data: bytes, path: Path, number: int) -> Line:
    line = None
    with contextlib.suppress(msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        line = msgspec.json.decode(data, type=Line)
    if line is None or line.format != FORMAT:
        line = _other_line(data, path, number)
    if why := fault(line):
        raise _DamagedError(why)
    return line


def _other_line(data: bytes, path: Path, number: int) -> Line:
    try:
        found = msgspec.json.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _DamagedError from error
    if not isinstance(found, dict):
        raise _DamagedError
    form = found.get("format", 1)
    if isinstance(form, bool) or form not in (1, FORMAT):
        raise UserError(
            f"{path}, line {number}: is of format {form!r}, and this autograder knows 1 and {FORMAT}: take the version "
            "that wrote it, or another folder with --out"
        )
    try:
        return from_format_1(found) if form == 1 else from_json(found)
    except (msgspec.MsgspecError, KeyError, TypeError, AttributeError) as error:
        if form == 1:
            raise _DamagedError from error
        raise UserError(
            f"{path}, line {number}: is no result ({error}): was it edited? Put it right or delete the line; what it "
            "said is then graded again"
        ) from error


def _is_unfinished(data: bytes) -> bool:
    return data.startswith(b"{") and not data.endswith(b"\n")


class _Shared:
    """Most students have the same to show for an exercise: one object for all of them is a tenth of the memory."""

    def __init__(self) -> None:
        self._known: dict[object, Any] = {}

    def of(self, line: Line) -> Line:
        exercises = {
            id_: replace(
                entry,
                diagnosis=self._one(entry.diagnosis),
                checks=self._one(tuple(map(self._one, entry.checks))),
            )
            for id_, entry in line.exercises.items()
        }
        return replace(line, exercises=exercises, flags=tuple(map(self._one, line.flags)))

    def _one(self, value: _T) -> _T:
        one: _T = self._known.setdefault(value, value)
        return one


def says_the_same(one: Line, other: Line | None) -> bool:
    """Whether two results differ in nothing but how long they, or their exercises, took."""
    return other is not None and lasting(one) == lasting(other)


def lasting(line: Line) -> Line:
    """A result without what differs from run to run though nothing has changed."""
    exercises = {id_: replace(entry, seconds=0.0) for id_, entry in line.exercises.items()}
    return replace(line, seconds=0.0, exercises=exercises)


def _escaped(match: re.Match[str]) -> str:
    # Control characters of a student's text would be obeyed by the terminal of whoever prints the file with `cat`.
    return json.dumps(match[0])[1:-1]


def _last_byte(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read()


def _sync_folder(folder: Path) -> None:
    """Bring a new file's name to the disk, which `fsync` of the file alone need not do."""
    # Some network drives cannot sync a folder; there the system writes the name to the disk when it chooses to.
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

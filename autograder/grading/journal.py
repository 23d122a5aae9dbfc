"""`grades.jsonl`: one result a line, append-only, the last line for a person's key and unit wins.

Each line is handed to the system in one write, before the next submission is looked at, and then brought to the disk: a
killed grader loses no line that was written, a power cut none whose `fsync` had returned. A line that was cut off is
passed over when reading and never mended: what follows starts on a line of its own.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
from pathlib import Path
from types import TracebackType
from typing import IO, Any, TypeVar

import msgspec
from msgspec.structs import replace

from autograder.errors import UserError
from autograder.results import FORMAT, Line, from_format_1, to_json
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
            self.path.parent.mkdir(parents=True, exist_ok=True)
            is_new = not self.path.exists()
            # Unbuffered: what was written is out of this process, and survives its being killed.
            self._file = self.path.open("ab", buffering=0)
            # A run that was cut off in mid-line: what follows starts on a line of its own.
            self._cut_off = bool(self._file.tell()) and _last_byte(self.path) != b"\n"
            if is_new:
                _sync_folder(self.path.parent)
        except OSError as error:
            self.__exit__(None, None, None)
            raise UserError(f"{self.path} cannot be written: {error.strerror}") from error
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


def read_journal(folder: Path) -> dict[tuple[str, str], Line]:
    """(key of the person, unit) -> the last result. Lines cut off by a crash are skipped.

    Raises:
        UserError: a line is of a format that this version does not know, or of its own and not as it should be.
    """
    found: dict[tuple[str, str], Line] = {}
    path = folder / NAME
    if not path.is_file():
        return found
    shared = _Shared()
    with path.open("rb") as file:
        for number, data in enumerate(file, start=1):
            line = _line(data, path, number)
            if line is not None:
                found[line.key] = shared.of(line)
    return found


def _line(data: bytes, path: Path, number: int) -> Line | None:
    try:
        line = msgspec.json.decode(data, type=Line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        try:
            found = msgspec.json.decode(data)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None
        if not isinstance(found, dict):
            return None
        if found.get("format", 1) == FORMAT:
            raise UserError(
                f"{path}, line {number}: is no result ({error}): was it edited? Put it right or delete the line; what "
                "it said is then graded again"
            ) from error
        if "format" not in found:
            with contextlib.suppress(msgspec.MsgspecError, KeyError, TypeError, AttributeError):
                return from_format_1(found)
            return None
        raise _unknown(found["format"], path, number) from error
    if line.format != FORMAT:
        raise _unknown(line.format, path, number)
    return line


def _unknown(found: object, path: Path, number: int) -> UserError:
    return UserError(
        f"{path}, line {number}: is of format {found}, and this autograder knows 1 and {FORMAT}: take the version that "
        "wrote it, or another folder with --out"
    )


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

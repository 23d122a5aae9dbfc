"""`grades.jsonl`: one result a line, append-only, the last line for a student and unit wins.

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
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from autograder.errors import UserError
from course_utils.slices.plain import STEERING

NAME = "grades.jsonl"

# Of a result and of each of its exercises.
_INCIDENTAL = ("seconds",)


class Journal:
    """Append results, flushed line by line. Use as a context manager; one writer at a time (see `lock`)."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self._file: IO[bytes] | None = None
        self._cut_off = False

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

    def write(self, result: Mapping[str, Any]) -> None:
        """Append one result and bring it to the disk.

        Raises:
            OSError: the disk is full or gone. A later result can still be written.
        """
        if self._file is None:
            raise RuntimeError("the journal is not open")
        text = json.dumps(result, ensure_ascii=False, allow_nan=False).encode(errors="replace").decode()
        line = STEERING.sub(_escaped, text).encode() + b"\n"
        data = b"\n" * self._cut_off + line
        self._cut_off = True
        if self._file.write(data) != len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path))
        os.fsync(self._file.fileno())
        self._cut_off = False


def read(folder: Path) -> dict[tuple[str, str], dict[str, Any]]:
    """(student, unit) -> the last result, not to be changed. Lines cut off by a crash are skipped."""
    # Most students have the same to show for a check: one object for all of them is a tenth of the memory.
    known: dict[object, dict[str, Any]] = {}

    def share(entry: dict[str, Any]) -> dict[str, Any]:
        try:
            return known.setdefault(tuple(entry.items()), entry)
        except TypeError:  # it holds lists or other entries
            return entry

    found: dict[tuple[str, str], dict[str, Any]] = {}
    path = folder / NAME
    if not path.is_file():
        return found
    with path.open("rb") as file:
        for line in file:
            try:
                result = json.loads(line, object_hook=share)
                found[result["student"], result["unit"]] = result
            except (ValueError, KeyError, TypeError):
                continue
    return found


def says_the_same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two results differ in nothing but how long they, or their exercises, took."""
    return lasting(one) == lasting(other)


def lasting(result: Mapping[str, Any]) -> dict[str, Any]:
    """A result without what differs from run to run though nothing has changed."""
    kept = {name: value for name, value in result.items() if name not in _INCIDENTAL}
    if isinstance(exercises := result.get("exercises"), Mapping):
        kept["exercises"] = {name: lasting(entry) for name, entry in exercises.items()}
    return kept


def _escaped(match: re.Match[str]) -> str:
    # Whoever looks at the file with `cat` is not spoken to by a student.
    return json.dumps(match[0])[1:-1]


def _last_byte(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read()


def _sync_folder(folder: Path) -> None:
    """Bring a new file's name to the disk, which `fsync` of the file alone need not do."""
    # Some network drives know no such thing; then the name comes when it comes.
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

"""`grades.jsonl`: one result a line, append-only, the last line for a student and unit wins."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from autograder.errors import UserError

NAME = "grades.jsonl"


class Journal:
    """Append results, flushed line by line. Use as a context manager."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self._file: IO[bytes] | None = None
        self._cut_off = False

    def __enter__(self) -> Journal:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # Unbuffered: a line goes out in one piece, so that two runs at once do not mix theirs.
            self._file = self.path.open("ab", buffering=0)
            # A run that was cut off in mid-line: what follows starts on a line of its own.
            self._cut_off = bool(self._file.tell()) and not self.path.read_bytes().endswith(b"\n")
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
        line = json.dumps(result, ensure_ascii=False, allow_nan=False).encode(errors="replace") + b"\n"
        data = b"\n" * self._cut_off + line
        self._cut_off = True
        if self._file.write(data) != len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path))
        os.fsync(self._file.fileno())
        self._cut_off = False


def read(folder: Path) -> dict[tuple[str, str], dict[str, Any]]:
    """(student, unit) -> the last result. Lines cut off by a crash are skipped."""
    results: dict[tuple[str, str], dict[str, Any]] = {}
    path = folder / NAME
    if not path.is_file():
        return results
    with path.open("rb") as file:
        for line in file:
            try:
                result = json.loads(line)
                results[result["student"], result["unit"]] = result
            except (ValueError, KeyError, TypeError):
                continue
    return results

"""Hashes of source files: whether two runs, or two machines, grade with the same code."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path


def of_files(files: Mapping[str, Path]) -> str:
    """A hash of names and contents, whatever their order. Raises `OSError` if one cannot be read."""
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(name.encode() + b"\0" + hashlib.sha256(files[name].read_bytes()).digest())
    return digest.hexdigest()


def python_files(folder: Path) -> dict[str, Path]:
    """Path within the folder -> path, of all Python sources below it."""
    return {path.relative_to(folder).as_posix(): path for path in folder.rglob("*.py")}

"""Hashes of source files: whether two runs, or two machines, grade with the same code."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import autograder
import course_utils

# Of our packages, what has a say in a verdict. All else may change, and results stay valid.
JUDGING = {
    "autograder": ("course", "grading", "intake", "sandbox", "results.py"),
    "course_utils": ("arguments.py", "checks", "models.py", "running", "slices"),
}


def of_parts(parts: Mapping[str, bytes]) -> str:
    """A hash of names and contents, whatever their order."""
    digest = hashlib.sha256()
    for name in sorted(parts):
        digest.update(name.encode() + b"\0" + hashlib.sha256(parts[name]).digest())
    return digest.hexdigest()


def of_files(files: Mapping[str, Path]) -> str:
    """`of_parts` of files. Raises `OSError` if one cannot be read."""
    return of_parts({name: path.read_bytes() for name, path in files.items()})


def python_files(folder: Path) -> dict[str, Path]:
    """Path within the folder -> path, of all Python sources below it."""
    return {path.relative_to(folder).as_posix(): path for path in folder.rglob("*.py")}


def of_judging(packages: Mapping[str, Path]) -> str:
    """A hash of all that decides a verdict besides the units.

    Args:
        packages: the names in `JUDGING` -> their folders.
    """
    files: dict[str, Path] = {}
    for package, names in JUDGING.items():
        for name in names:
            path = packages[package] / name
            found = {name: path} if path.is_file() else python_files(path)
            files |= {f"{package}/{name}/{inner}": item for inner, item in found.items()}
    return of_files(files)


@cache
def judging_code() -> str:
    """`of_judging` of the packages that this process has imported, as they were when it first asked."""
    return of_judging({module.__name__: Path(module.__path__[0]) for module in (autograder, course_utils)})

"""Files of code that were handed in beside a notebook which imports or runs them. They are read as text."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import PurePosixPath

from autograder.errors import UserError
from autograder.intake.submission import Submission, parse_notebook
from autograder.intake.tree import Entry
from course_utils.slices.python_text import MAX_CELL_CODE
from course_utils.slices.statements import is_promised

# Of one hand-in, and characters of all of them together.
_MOST_FILES = 20
_MOST_TEXT = 2 * MAX_CELL_CODE
_WORD = re.compile(r"\w+")
_IMPORTS = re.compile(r"^[ \t]*(?:from|import|%run|%load)\b(.*)$", re.MULTILINE)
# A notebook that is run holds outputs too.
_LARGEST = 10 * 2**20
# Bytes of all files that are looked at, taken or not.
_MOST_READ = 2 * _LARGEST


def with_files(submission: Submission, beside: Mapping[str, Entry]) -> Submission:
    """The submission with those files that its code, or one of them, names in an import or runs.

    The fingerprint of a hand-in with such files is that of all of them.

    Args:
        submission: what counts of a hand-in.
        beside: path, seen from its folder -> file.
    """
    code = {path: entry for path, entry in beside.items() if path.endswith((".py", ".ipynb"))}
    if not code:
        return submission
    files: dict[str, str] = {}
    index = _by_name(code)
    names = {name for cell in submission.cells for name in _named(cell.source)}
    left, unread = _MOST_TEXT, _MOST_READ
    # Each name is looked up once, and each file is looked at once, whatever comes of it.
    while paths := sorted({path for name in names for path in index.pop(name, ())}):
        names = set()
        for path in paths:
            entry = code.pop(path, None)
            if entry is None or len(files) >= _MOST_FILES:
                continue
            if entry.refused or entry.size > min(_LARGEST, unread):
                continue
            # In a zip, the size is what that claims: reading stops there.
            unread -= entry.size
            text = _text_of(path, entry, left)
            if text is not None:
                files[path] = text
                names.update(_named(text))
                left -= len(text)
    if not files:
        return submission
    digest = hashlib.sha256(submission.sha256.encode())
    for path, text in sorted(files.items()):
        digest.update(f"\0{path}\0{text}".encode("utf-8", "replace"))
    return replace(submission, files=files, sha256=digest.hexdigest())


def _named(source: str) -> Iterator[str]:
    for line in _IMPORTS.finditer(source):
        yield from _WORD.findall(line[1])


def _by_name(paths: Iterable[str]) -> dict[str, list[str]]:
    """Names in code -> the files that they may stand for. No file takes the place of a package."""
    found: dict[str, list[str]] = {}
    for path in paths:
        pure = PurePosixPath(path)
        first = pure.parts[0].partition(".")[0]
        if not is_promised(first):
            found.setdefault(first if pure.stem == "__init__" else pure.stem, []).append(path)
    return found


def _text_of(path: str, entry: Entry, most: int) -> str | None:
    """The text, of a notebook without its outputs; None if it cannot be read or is too long."""
    try:
        data = entry.source.read_bytes()
        if path.endswith(".ipynb"):
            cells = [
                {"cell_type": "code", "metadata": {}, "source": cell.source} for cell in parse_notebook(data)
            ]
            text = json.dumps({"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": cells})
        else:
            text = data.decode("utf-8-sig")
    except (OSError, UserError, ValueError):
        return None
    return text if len(text) <= most else None

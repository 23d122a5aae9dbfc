"""Files of code that were handed in beside a notebook which imports or runs them. They are read as text."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
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
    waiting = [cell.source for cell in submission.cells]
    left = _MOST_TEXT
    while waiting:
        names = set(_named(waiting.pop()))
        for path, entry in sorted(code.items()):
            if path in files or len(files) >= _MOST_FILES or not _is_named(path, names):
                continue
            text = _text_of(path, entry, left)
            if text is not None:
                files[path] = text
                waiting.append(text)
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


def _is_named(path: str, names: set[str]) -> bool:
    pure = PurePosixPath(path)
    stem = pure.parent.name if pure.stem == "__init__" else pure.stem
    first = pure.parts[0].partition(".")[0]
    return not is_promised(first) and (stem in names if pure.stem != "__init__" else first in names)


def _text_of(path: str, entry: Entry, most: int) -> str | None:
    """The text, of a notebook without its outputs; None if it cannot be read or is too long."""
    if entry.refused or entry.size > _LARGEST:
        return None
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

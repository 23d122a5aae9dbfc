"""What a file is by its name, and whether a text under another suffix is a notebook.

Browsers, mail programs and learning systems change the suffixes of notebooks: `moco.ipynb.txt`, `moco.ipynb (1).json`,
`moco.ipynb.1`. The work is the same, so such files are read, and the change is told.
"""

from __future__ import annotations

import json
import re
from enum import StrEnum

from autograder.intake.naming import COPY_BEHIND
from autograder.results import Flag, FlagKind
from course_utils.slices.plain import LONGEST_NAME, clip_path


class FileKind(StrEnum):
    """What a file is by its name."""

    NOTEBOOK = "notebook"
    SCRIPT = "script"
    ZIP = "zip"
    # Only its content can tell: `.json`, `.txt`, `.download`, no suffix.
    MAYBE_NOTEBOOK = "maybe-notebook"
    OTHER = ""


_MEANT = {"ipynb": FileKind.NOTEBOOK, "py": FileKind.SCRIPT, "zip": FileKind.ZIP}
# What is put behind a name, or takes the place of its suffix. What is inside must be looked at, unless the name goes on
# with a suffix of ours.
_PUT_BEHIND = {"txt", "text", "json", "download", "crdownload", "part", "partial", "bak", "octet-stream"}
# Who reads `moco.ipynb.icloud` finds a note of where the file is; it is named so that a person is told.
_PLACEHOLDER = {"icloud"}
# Archives that are not read; parts of one are numbered.
_ARCHIVE = re.compile(
    r"(?:\.(?:tar|cpio))?\.(?:7z|7zip|ace|alz|arc|arj|br|bz2?|cab|cpio|dmg|egg|gz|gzip|iso|jar|lha|lrz|lz|lz4|lzh|lzma|lzo|rar"
    r"|sitx?|tar|taz|tbz2?|tgz|tlz|txz|tzst|wim|xar|xz|z|zipx|zoo|zst|zstd)(?:\.\d{3})?\Z|\.part\d{1,3}\.rar\Z"
    r"|\.[rz]\d\d\Z|\.zip\.\d{3}\Z",
    re.IGNORECASE,
)
# Suffixes with digits that are neither ours nor a version's.
_WITH_DIGITS = re.compile(r"\.(?:mp[34]|m4[av]|3gp|h5|hdf5|m2ts|woff2)\Z", re.IGNORECASE)
_SUFFIX = re.compile(r"\.(?P<suffix>[A-Za-z][A-Za-z-]*)\Z")
# A number or a word that tells copies apart, behind the suffix: `moco.ipynb (1)`, `moco.ipynb-1`, `moco.ipynb - Copy`.
_NUMBERED = re.compile(
    r"(?P<name>.*\.(?P<suffix>[A-Za-z][A-Za-z-]*|7z))"
    r"(?P<mark>(?:[ _-]{0,3}\([0-9]{1,4}\)|[ _-][0-9]{1,4}|[ _-]{1,3}copy"
    rf"|[\u201d\u300d]?(?:{COPY_BEHIND})){{1,3}})\Z",
    re.IGNORECASE | re.DOTALL,
)
# `wget` numbers what it saves so, and keeps what followed a question mark in an address.
_WGET = re.compile(
    r"(?P<name>.*\.(?:ipynb|py))(?:\.(?P<number>[0-9]{1,4})|[?].*)\Z", re.IGNORECASE | re.DOTALL
)
_BEHIND = re.compile(r"[ .]+\Z")
# Of a name, as much of its end is looked at; file systems allow no more.
_LONGEST = 255
_MOST_SUFFIXES = 6

# Of a file, as much of its beginning is looked at.
BYTES_OF_HEAD = 16 * 2**10
# Strings, and what opens, closes and divides; a string may be cut off. Each character is read once.
_TOKEN = re.compile(r'"(?P<text>(?:[^"\\]|\\.)*+)(?P<end>"|\\?\Z)|[\[\]{},:]', re.DOTALL)
_VALUE = {"cells": "[", "worksheets": "[", "nbformat": "0123456789"}


def suffix_of(name: str) -> tuple[str, FileKind, bool]:
    """What a file is by its name.

    Args:
        name: the file's own name, without its folders.

    Returns:
        The name without its suffixes (`"moco"` of `moco.ipynb.txt`; a number that was put behind a suffix stays with
        it: `"moco (1)"` of `moco.ipynb (1).txt`); the kind; and whether the suffix is not the one that it should be.
    """
    before, rest = name[:-_LONGEST], name[-_LONGEST:]
    whole, marks = rest, ""
    renamed = was_put_behind = False
    for _ in range(_MOST_SUFFIXES):
        if trimmed := _BEHIND.sub("", rest):
            renamed |= trimmed != rest
            rest = trimmed
        if numbered := _NUMBERED.match(rest):
            suffix = numbered["suffix"].lower()
            if suffix in _MEANT or suffix in _PUT_BEHIND or _ARCHIVE.search(numbered["name"]):
                rest, marks, renamed = numbered["name"], numbered["mark"] + marks, True
        elif saved := _WGET.match(rest):
            rest, renamed = saved["name"], True
            marks = f" ({saved['number']})" * bool(saved["number"]) + marks
        if (cut := _ARCHIVE.search(rest) or _WITH_DIGITS.search(rest)) and rest[: cut.start()].strip(". "):
            return before + rest[: cut.start()] + marks, FileKind.OTHER, False
        found = _SUFFIX.search(rest)
        stem = rest[: found.start()] if found else rest
        if not found or not stem.strip(". "):
            break
        suffix = found["suffix"].lower()
        if kind := _MEANT.get(suffix):
            is_exact = found["suffix"] == suffix or kind == FileKind.ZIP
            inner, inner_kind, _ = suffix_of(stem)
            if inner_kind in (FileKind.NOTEBOOK, FileKind.SCRIPT):
                # `moco.ipynb.ipynb`, `moco.ipynb.py`, `moco.ipynb.zip`: the last one says what it is now.
                return before + inner + marks, kind, kind != FileKind.ZIP or renamed
            return before + stem + marks, kind, renamed or not is_exact
        if suffix in _PLACEHOLDER:
            stem = stem.removeprefix(".")
        elif suffix not in _PUT_BEHIND:
            if was_put_behind:
                break
            return before + whole[: whole.rindex(".")], FileKind.OTHER, False
        rest, renamed, was_put_behind = stem, True, True
    return before + rest + marks, FileKind.MAYBE_NOTEBOOK, True


def without_suffixes(name: str) -> str:
    """A name without its suffixes, also where a notebook was packed or printed: `ada` of `ada.ipynb.7z`."""
    stem, kind, _ = suffix_of(name)
    if kind == FileKind.OTHER:
        inner, inner_kind, _ = suffix_of(stem)
        if inner_kind in (FileKind.NOTEBOOK, FileKind.SCRIPT, FileKind.ZIP):
            return inner
    return stem


def is_unread_archive(name: str) -> bool:
    """Whether a file is an archive that is not looked into, such as `ada.7z`."""
    return suffix_of(name)[1] == FileKind.OTHER and bool(_ARCHIVE.search(_BEHIND.sub("", name[-_LONGEST:])))


def renamed_flag(name: str, stem: str, kind: str) -> Flag:
    """What is told of a file whose suffix is not what it should be.

    Args:
        name: as handed in.
        stem: as `suffix_of` gives it.
        kind: `FileKind.SCRIPT`, or anything else for a notebook.
    """
    meant = f"{stem}.py" if kind == FileKind.SCRIPT else f"{stem}.ipynb"
    text = f"was handed in as {clip_path(name, 2 * LONGEST_NAME)}: read as {clip_path(meant)}"
    return Flag(kind=FlagKind.RENAMED_FILE, text=text, audience="student")


def is_notebook_text(head: bytes) -> bool:
    """Whether the beginning of a file is that of a notebook: a JSON object with cells, worksheets or `nbformat`.

    Args:
        head: the first bytes; of more than `BYTES_OF_HEAD` the rest is not looked at. A cut in the middle does no harm.
    """
    head = head[:BYTES_OF_HEAD]
    text = head.decode(json.detect_encoding(head), "replace").removeprefix("\ufeff").lstrip()
    if not text.startswith("{"):
        return False
    depth, key, before = 0, "", ""
    for token in _TOKEN.finditer(text):
        what = token[0][:1]
        if what == '"':
            is_key = depth == 1 and before in ("{", ",") and token["end"] == '"'
            key = token["text"] if is_key else ""
        elif what == ":" and depth == 1 and before == '"' and key in _VALUE:
            value = text[token.end() : token.end() + 100].lstrip()[:1]
            if not value or value in _VALUE[key]:
                return True
        elif what in "[{":
            depth += 1
        elif what in "]}":
            depth -= 1
            if depth <= 0:
                return False
        before = what
    return False

"""Cut a Python script into cells: at its `# %%` marks, between paragraphs if it has none, or as marimo has cut it.

Cells are what keeps a mistake where it is: one paragraph that is no Python must not cost the whole script. The header
that Jupytext writes is passed over; nothing in it bears on what is graded.
"""

from __future__ import annotations

import codecs
import io
import re
import tokenize

from autograder.intake.marimo import cells_of_marimo, is_marimo
from course_utils.slices.merged import conflicts
from course_utils.slices.python_text import MAX_CODE, Unparsable, parse_python

_HEADER = re.compile(r"\A(?:#!.*\n)?(?:#.*coding[:=].*\n)?# ---[ \t]*\n(?:#.*\n)*?# ---[ \t]*\n")
# Spyder's, VS Code's and Jupytext's marks, and those of an export from Databricks.
_MARK = re.compile(r"^#[ ]?(?:%%+(?:[ \t](?P<title>.*))?|COMMAND -{5,}[ \t]*)$", re.MULTILINE)
_PROSE = re.compile(r"\[(?:markdown|md|raw)\b", re.IGNORECASE)
# No script of a course is longer; its text is looked at in several ways.
_MAX_BYTES = 2 * 2**20
# Encodings that texts are written in. Python knows others: some are packers, some take hours.
_ENCODINGS = re.compile(
    r"utf-8(-sig)?|ascii|iso8859-\d+|cp\d+|mac-\w+|koi8-\w|gb\w+|big5\w*|euc_\w+|shift_\w+"
)


def text_of(data: bytes) -> str:
    """A script's text, with ends of lines as Python has them.

    Raises:
        ValueError: it is too long, or no text in an encoding that is known here.
    """
    if len(data) > _MAX_BYTES:
        raise ValueError(f"is a script of more than the {_MAX_BYTES // 2**20} MB that are read")
    return _decoded(data).replace("\r\n", "\n").replace("\r", "\n")


def cells_of(text: str) -> list[tuple[int, str]]:
    """A script's code cells: the line on which each begins, from 1, and its source.

    Args:
        text: as `text_of` gives it.
    """
    merged = conflicts(text)
    if is_marimo(text):
        return cells_of_marimo(text, _lines_inside(text), merged)
    header = _HEADER.match(text)
    begin = header.end() if header else 0
    first = text.count("\n", 0, begin) + 1
    # What lies between two marks of a merge stays together.
    kept = {number for start, end in merged for number in range(start, end + 1)}
    marks = []
    line, place = first, begin
    for mark in _MARK.finditer(text, begin):
        line += text.count("\n", place, mark.start())
        place = mark.start()
        if line not in kept:
            marks.append((line, mark))
    if not marks:
        return _paragraphs(text, begin, merged)
    cells = [_piece(text[begin : marks[0][1].start()], first)]
    ends = [*(mark.start() for _, mark in marks[1:]), len(text)]
    cells += [
        _piece(text[mark.end() + 1 : end], line + 1)
        for (line, mark), end in zip(marks, ends, strict=True)
        if not _PROSE.search((mark["title"] or "")[:200])
    ]
    return [(line, source) for line, source in cells if source.strip()]


def _piece(part: str, line: int) -> tuple[int, str]:
    """A part of a text without the empty lines around it, and the line on which it begins then."""
    return line + len(part) - len(part.lstrip("\n")), part.strip("\n")


def _decoded(data: bytes) -> str:
    try:
        if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            # What PowerShell writes.
            return data.decode("utf-16")
        # As Python itself reads it: a byte order mark or a coding line says in which encoding.
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        name = codecs.lookup(encoding).name
        if not _ENCODINGS.fullmatch(name):
            raise ValueError(
                f"the file says that it is written in {encoding[:40]}, which is not read: use UTF-8"
            )
        return data.decode(name)
    except (SyntaxError, LookupError, UnicodeError) as error:
        raise ValueError("the file is no text in UTF-8") from error


def _paragraphs(text: str, begin: int, merged: list[tuple[int, int]]) -> list[tuple[int, str]]:
    """Paragraphs as an editor folds them: a blank line, and then a line that is not indented, begins another.

    A text in quotes may look so too; what parses as a whole is cut only where a statement ends.
    """
    first = text.count("\n", 0, begin) + 1
    lines = text[begin:].split("\n")
    inside = _lines_inside(text)
    for start, end in merged:
        inside.update(range(start + 1, end + 1))
        # Between the lines of a function the marks are not indented as these are.
        if "".join(lines[start + 1 - first : start + 2 - first])[:1].isspace():
            inside.add(start)
    parts: list[tuple[int, list[str]]] = [(first, [])]
    blank = False
    for number, line in enumerate(lines, start=first):
        if blank and line and not line[0].isspace() and number not in inside:
            parts.append((number, []))
        parts[-1][1].append(line)
        blank = not line.strip()
    return [
        _piece("\n".join(part), number)
        for number, part in parts
        if any(line.strip() and line[0] != "#" for line in part)
    ]


def _lines_inside(text: str) -> set[int]:
    """Numbers of the lines on which a statement goes on that began above."""
    if len(text) > MAX_CODE:
        return set()
    try:
        tree = parse_python(text)
    except Unparsable:
        return set()
    return {number for node in tree.body for number in range(node.lineno + 1, (node.end_lineno or 0) + 1)}

"""Cut a Python script into cells: at its `# %%` marks, or between paragraphs if it has none.

Cells are what keeps a mistake where it is: one paragraph that is no Python must not cost the whole script. The header
that Jupytext writes is passed over; nothing in it bears on what is graded.
"""

from __future__ import annotations

import codecs
import io
import re
import tokenize

from course_utils.slices.python_text import MAX_CODE, Unparsable, parse_python

_HEADER = re.compile(r"\A(?:#!.*\n)?(?:#.*coding[:=].*\n)?# ---[ \t]*\n(?:#.*\n)*?# ---[ \t]*\n")
_MARK = re.compile(r"^#[ ]?%%+(?:[ \t](?P<title>.*))?$", re.MULTILINE)
_PROSE = re.compile(r"\[(?:markdown|md|raw)\b", re.IGNORECASE)
# No script of a course is longer; its text is looked at in several ways.
_MAX_BYTES = 2 * 2**20
# Encodings that texts are written in. Python knows others: some are packers, some take hours.
_ENCODINGS = re.compile(
    r"utf-8(-sig)?|ascii|iso8859-\d+|cp\d+|mac-\w+|koi8-\w|gb\w+|big5\w*|euc_\w+|shift_\w+"
)


def cells_of(data: bytes) -> list[str]:
    """The sources of a script's code cells.

    Raises:
        ValueError: it is too long, or no text in an encoding that is known here.
    """
    if len(data) > _MAX_BYTES:
        raise ValueError(f"is a script of more than the {_MAX_BYTES // 2**20} MB that are read")
    text = _HEADER.sub("", _decoded(data).replace("\r\n", "\n").replace("\r", "\n"))
    marks = list(_MARK.finditer(text))
    if not marks:
        return _paragraphs(text)
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    cells = [text[: marks[0].start()]]
    cells += [
        text[mark.end() + 1 : end]
        for mark, end in zip(marks, ends, strict=True)
        if not _PROSE.search((mark["title"] or "")[:200])
    ]
    return [cell.strip("\n") for cell in cells if cell.strip()]


def _decoded(data: bytes) -> str:
    try:
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


def _paragraphs(text: str) -> list[str]:
    """Paragraphs as an editor folds them: a blank line, and then a line that is not indented, begins another.

    A text in quotes may look so too; what parses as a whole is cut only where a statement ends.
    """
    inside = _lines_inside(text)
    parts: list[list[str]] = [[]]
    blank = False
    for number, line in enumerate(text.split("\n"), start=1):
        if blank and line and not line[0].isspace() and number not in inside:
            parts.append([])
        parts[-1].append(line)
        blank = not line.strip()
    return [
        "\n".join(part).strip("\n") for part in parts if any(line.strip() and line[0] != "#" for line in part)
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

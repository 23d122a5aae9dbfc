"""Read a table that a spreadsheet or a learning system wrote: its header, and its rows with their lines."""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder.errors import UserError
from course_utils.slices.plain import LONGEST_NAME, clip, several

_MOST_BYTES = 10 * 2**20
_DELIMITERS = ",;\t"
_WAY_OUT = "save it as CSV in UTF-8"
# What files begin with that spreadsheets are taken for.
_OTHER_FILES = {
    b"PK\x03\x04": "a spreadsheet or a zip",
    b"\xd0\xcf\x11\xe0": "an old spreadsheet",
    b"%PDF": "a PDF",
    b"<": "a web page",
    b"{": "JSON",
}
_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


@dataclass(frozen=True)
class Table:
    """What a file says.

    Attributes:
        line: the number of the header's.
        header: names of the columns as they are written.
        columns: the same in the form in which they are looked for; see `column_name`.
        rows: (number of the line, cells), empty rows left out; each has as many cells as there are columns.
        notices: what a person should know of how the file was read.
    """

    line: int
    header: tuple[str, ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    notices: tuple[str, ...]


def column_name(text: str) -> str:
    """`E-Mail_Address ` as `e mail address`."""
    return " ".join(re.split(r"[\s_.:-]+", one_form(text).casefold())).strip()


def one_form(text: str) -> str:
    """A cell in one form of Unicode, with single spaces and without control characters."""
    seen = "".join(
        letter for letter in text if letter.isspace() or unicodedata.category(letter) not in ("Cc", "Cs")
    )
    return " ".join(unicodedata.normalize("NFC", seen).split())


def read_table(path: Path, known: Collection[str]) -> Table:
    """Read a table with a header. Commas, semicolons or tabs separate; UTF-8 is tried before Windows's code page.

    Args:
        path: the file.
        known: columns that are looked for, in the form of `column_name`: the separator is the one that finds most.

    Raises:
        UserError: the file cannot be read, is too large, or is no such table; with the line, and what to do.
    """
    text, notices = _text(path)
    lines = text.splitlines(keepends=True)
    first = 1
    if lines and (named := re.fullmatch(r"sep=(.)\s*", lines[0], re.IGNORECASE)):
        # Excel's own line, which says what separates.
        delimiter, lines, first = named[1], lines[1:], 2
    else:
        delimiter = max(_DELIMITERS, key=lambda one: _found(lines, one, known))
    rows = list(_rows(path, lines, delimiter, first))
    if not rows:
        raise UserError(f"{path} is empty: it needs a header, and a line for each person")
    header = tuple(map(one_form, rows[0][1]))
    columns = tuple(map(column_name, header))
    for name in known:
        if columns.count(name) > 1:
            raise UserError(
                f"{path}, line {rows[0][0]}: two columns are called {name!r}: rename or remove one"
            )
    made = []
    for number, cells in rows[1:]:
        if len(cells) > len(header):
            raise UserError(
                f"{path}, line {number}: has {len(cells)} cells, and the header {len(header)}: a text with a "
                f"{'tab' if delimiter == chr(9) else delimiter!r} in it needs quotes around it"
            )
        made.append((number, (*map(one_form, cells), *[""] * (len(header) - len(cells)))))
    return Table(rows[0][0], header, columns, tuple(made), notices)


def named_columns(table: Table) -> str:
    """The columns that there are, for messages."""
    return several([name for name in table.header if name], 12) or "none"


def _text(path: Path) -> tuple[str, tuple[str, ...]]:
    try:
        if not path.is_file():
            raise UserError(f"{path}: {'is no file' if path.exists() else 'there is no such file'}")
        with path.open("rb") as opened:
            data = opened.read(_MOST_BYTES + 1)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from error
    if len(data) > _MOST_BYTES:
        raise UserError(f"{path} has more than {_MOST_BYTES // 2**20} MB: is it the right file?")
    for mark, encoding in _MARKS.items():
        if data.startswith(mark):
            try:
                return data.decode(encoding), ()
            except UnicodeDecodeError as error:
                raise UserError(f"{path} is damaged, it breaks off in a letter: {_WAY_OUT}") from error
    for beginning, kind in _OTHER_FILES.items():
        if data.lstrip().startswith(beginning):
            raise UserError(f"{path} is {kind} and no CSV: open it, and {_WAY_OUT}")
    if b"\0" in data:
        raise UserError(f"{path} is no text: {_WAY_OUT}")
    try:
        return data.decode("utf-8"), ()
    except UnicodeDecodeError as error:
        number = data.count(b"\n", 0, error.start) + 1
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError as error:
        raise UserError(
            f"{path}, line {number}: is neither UTF-8 nor in Windows's code page: {_WAY_OUT}"
        ) from error
    said = (
        clip(text.splitlines()[number - 1].strip(), LONGEST_NAME) if text.splitlines()[number - 1 :] else ""
    )
    return text, (
        f"{path} is not in UTF-8 (first in line {number}: {said}) and was read in Windows's code page (cp1252): look "
        "whether the names are right",
    )


def _found(lines: list[str], delimiter: str, known: Collection[str]) -> tuple[int, int]:
    """How many columns a separator finds that are looked for, and how many in all."""
    header = next((line for line in lines if line.strip()), "")
    try:
        cells = next(csv.reader([header], delimiter=delimiter), [])
    except csv.Error:
        return 0, 0
    return sum(column_name(cell) in known for cell in cells), len(cells)


def _rows(path: Path, lines: list[str], delimiter: str, first: int) -> Iterator[tuple[int, list[str]]]:
    """The rows with something in them, and the lines in which they begin."""
    reader = csv.reader(io.StringIO("".join(lines), newline=""), delimiter=delimiter, strict=True)
    while True:
        number = first + reader.line_num
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise UserError(
                f"{path}, line {number}: cannot be read as CSV ({error}): are there quotes that do not end?"
            ) from error
        if cells is None:
            return
        while cells and not cells[-1].strip():
            cells.pop()
        if cells:
            yield number, cells

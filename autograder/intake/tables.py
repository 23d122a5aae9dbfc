"""Who is in a class, and when each handed in, by tables that the staff has: `--roster FILE` and `--times FILE`.

The tables may be a person's own (`key,name,email,section`) or what learning systems export: the gradebooks of Canvas,
Blackboard and Brightspace, Moodle's grading worksheet, rosters and grades of Gradescope, nbgrader's students.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from autograder.errors import UserError
from autograder.intake.csv_text import Table, named_columns, one_form, read_table
from autograder.intake.roster import Roster, RosterEntry
from autograder.intake.times import parse_timestamp
from course_utils.slices.plain import LONGEST_NAME, clip

# What columns are called, in the form of `column_name`. Of those that identify, the first that is there is the key.
_KEYS = ("key", "identifier", "id", "user id", "participant")
_IDS = (
    *("student id", "sid", "id number", "student number", "sis user id", "orgdefinedid", "org defined id"),
    *(
        "lms user id",
        "sis login id",
        "login id",
        "login",
        "username",
        "user name",
        "github",
        "github username",
    ),
)
_EMAILS = ("email", "e mail", "mail", "email address", "e mail address", "student email", "emailaddress")
_NAMES = ("name", "full name", "student name", "student", "display name", "learner")
_FIRST = ("first name", "given name", "firstname", "forename")
_LAST = ("last name", "surname", "lastname", "family name")
_SECTIONS = ("section", "sections", "section name")
_GROUPS = ("group", "group name", "team", "groups")
_TIMES = (
    *(
        "submitted at",
        "submission time",
        "submission date",
        "last modified (submission)",
        "submitted",
        "handed in",
    ),
    *("timestamp", "time", "date"),
)
# Columns that only this system writes, each into one kind of table.
_SYSTEMS = {
    "canvas": {"id", "sis login id"},
    "moodle": {"identifier", "status"},
    "blackboard": {"username", "availability"},
}
# How Moodle's worksheet writes a number: "Participant 1003", in the language of the site.
_PARTICIPANT = re.compile(r"[^\d]*[^\d\s]\s*([0-9]+)")
_TEST_STUDENTS = ("student, test", "test student")


def read_roster(path: Path) -> Roster:
    """Read who is in a class.

    Raises:
        UserError: the file cannot be read or is no such table; with the line and the way out.
    """
    return _read(path)


def read_times(path: Path, zone: dt.tzinfo | None = None) -> Roster:
    """Read when each person handed in; rows without a time (Moodle writes `-`) are of people who did not.

    Args:
        path: the file.
        zone: the course's own, for times without one; they are in UTC if it is None.

    Raises:
        UserError: the file cannot be read, is no such table, or a time cannot be read or could be two; with the line
            and the way out.
    """
    return _read(path, zone, with_times=True)


def _read(path: Path, zone: dt.tzinfo | None = None, *, with_times: bool = False) -> Roster:
    known = (*_KEYS, *_IDS, *_EMAILS, *_NAMES, *_FIRST, *_LAST, *_SECTIONS, *_GROUPS)
    table = read_table(path, (*known, *_TIMES) if with_times else known)
    columns = _Columns.of(table)
    header = f"{path}, line {table.line}"
    if not columns.marks:
        raise UserError(
            f"{header}: no column says who a row is: call it key, id, login or email. The columns are "
            f"{named_columns(table)}"
        )
    if with_times and columns.time is None:
        raise UserError(
            f"{header}: no column says when it was handed in: call it submitted_at. The columns are "
            f"{named_columns(table)}"
        )
    notices = list(table.notices)
    entries: list[RosterEntry] = []
    lines: dict[str, int] = {}
    for number, cells in table.rows:
        where = f"{path}, line {number}"
        row = columns.row(number, cells)
        if columns.system == "canvas" and not row.key:
            # The second row has the points.
            continue
        if columns.system == "canvas" and one_form(row.name).casefold() in _TEST_STUDENTS:
            notices.append(f"{where}: Canvas's test student is left out")
            continue
        if not row.key:
            name = f" ({clip(row.name, LONGEST_NAME)})" if row.name else ""
            raise UserError(
                f"{where}: the column {columns.key!r}, which says who a row is{name}, is empty: fill it in, or remove "
                "the line"
            )
        if (before := lines.setdefault(row.key.casefold(), number)) != number:
            raise UserError(
                f"{where}: {clip(row.key, LONGEST_NAME)!r} stands in line {before} too: each person has one line, "
                f"and a {columns.key} that nobody else has"
            )
        if with_times:
            moment = _moment(where, cells[columns.time or 0], zone)
            if moment is None:
                continue
            row = replace(row, submitted_at=moment)
        entries.append(row)
    if not lines:
        raise UserError(f"{path} has a header and nobody below it")
    return Roster(path, tuple(entries), tuple(notices), own_keys=columns.own_keys)


def _moment(where: str, text: str, zone: dt.tzinfo | None) -> dt.datetime | None:
    if not text.strip("-– "):
        return None
    try:
        return parse_timestamp(text, zone, local=True)
    except ValueError as error:
        raise UserError(
            f"{where}: {clip(text, LONGEST_NAME)!r} is no time that can be relied on ({error}). What is always "
            "understood is 2026-11-30T23:59:00+01:00"
        ) from error


@dataclass(frozen=True, kw_only=True)
class _Columns:
    """Which columns of a table say what, by their numbers.

    Attributes:
        marks: what tells people apart, the key first.
        key: what the key's column is called.
        own_keys: see `Roster`.
        system: the learning system that wrote the table; empty if that is not seen.
        email, first, last, name, section, group, time: None where there is no such column.
    """

    marks: tuple[int, ...]
    key: str
    own_keys: bool
    system: str
    email: int | None
    first: int | None
    last: int | None
    name: int | None
    section: int | None
    group: int | None
    time: int | None

    @classmethod
    def of(cls, table: Table) -> _Columns:
        places = {name: number for number, name in reversed(list(enumerate(table.columns)))}

        def at(names: Iterable[str]) -> int | None:
            return next((places[name] for name in names if name in places), None)

        system = next((name for name, columns in _SYSTEMS.items() if columns <= places.keys()), "")
        # The login is the key of what Blackboard lets download, and only another number elsewhere.
        first = ("username",) if system == "blackboard" else ()
        ids = [places[name] for name in dict.fromkeys((*first, *_KEYS, *_IDS)) if name in places]
        email = at(_EMAILS)
        marks = tuple(ids if email is None else [*ids, email])
        return cls(
            marks=marks,
            key=table.header[marks[0]] if marks else "",
            own_keys=bool(marks) and table.columns[marks[0]] in (*_KEYS, *first),
            system=system,
            email=email,
            first=at(_FIRST),
            last=at(_LAST),
            name=at(_NAMES),
            section=at(_SECTIONS),
            group=at(_GROUPS),
            time=at(_TIMES),
        )

    def row(self, line: int, cells: Sequence[str]) -> RosterEntry:
        """A row; its key is empty if nothing says whose it is."""

        def said(place: int | None) -> str:
            return "" if place is None else cells[place]

        # Brightspace puts # before what identifies, so that spreadsheets take it for no number.
        marks = [cells[place].removeprefix("#").strip() for place in self.marks]
        # Where a person chose the column it has no substitute.
        key = marks[0] or ("" if self.own_keys else next(filter(None, marks), ""))
        others = dict.fromkeys(mark for mark in marks if mark and mark not in (key, said(self.email)))
        return RosterEntry(
            key=self._marked(key),
            name=_readable(" ".join(filter(None, (said(self.first), said(self.last)))) or said(self.name)),
            email=said(self.email) or None,
            section=said(self.section) or None,
            group=said(self.group) or None,
            ids=tuple(others),
            line=line,
        )

    def _marked(self, key: str) -> str:
        """A key as `autograder.intake.layouts` makes it of the same system's download."""
        if self.system == "canvas" and key.isdigit():
            return f"canvas:{key}"
        if self.system == "moodle" and (found := _PARTICIPANT.fullmatch(key)):
            return f"moodle:{found[1]}"
        return key


def _readable(name: str) -> str:
    """`Lovelace, Ada` as `Ada Lovelace`."""
    last, _, first = name.partition(",")
    return f"{first.strip()} {last.strip()}" if first.strip() and "," not in first else name

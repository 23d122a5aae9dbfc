"""A file that may be what counts of a hand-in, not read yet; and the `timestamp.txt` beside one."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from autograder.errors import UserError
from autograder.intake.naming import Called
from autograder.intake.times import parse_timestamp
from autograder.intake.tree import Entry
from autograder.results import Flag, FlagKind
from course_utils.slices.plain import LONGEST_NAME, clip

TIMESTAMP = "timestamp.txt"
_MAX_TIMESTAMP = 200
_LONGEST_PATH = 1000


@dataclass(kw_only=True)
class Candidate:
    """A file that may count.

    Attributes:
        parts: its own path inside the hand-in.
        is_script: whether it is a script and no notebook.
        called: what its name says.
        beside_unit: whether it lies outside the unit's folder, where the hand-in has one.
        flags: what its name alone tells.
    """

    entry: Entry
    parts: tuple[str, ...]
    is_script: bool
    called: Called
    beside_unit: bool = False
    flags: list[Flag] = field(default_factory=list)

    @property
    def path(self) -> str:
        """As a person would write it, the beginning of a very long one left out."""
        return shown(self.entry)

    @property
    def order(self) -> tuple[object, ...]:
        """Of two of one hand-in, the one that is preferred has the smaller. Times have no part in it."""
        numbers = tuple(-number for number in self.called.numbers)
        # One number more is a later copy: moco-1 (2) after moco-1.
        return (self.beside_unit, self.called.rank, *_padded(numbers), len(self.parts), self.parts)


def _padded(numbers: tuple[int, ...], length: int = 4) -> tuple[int, ...]:
    return (*numbers[:length], *(0 for _ in range(length - len(numbers))))


def shown(entry: Entry) -> str:
    """The path of a file as text that can be written, the beginning of a very long one left out."""
    text = entry.shown.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return text if len(text) <= _LONGEST_PATH else f"…{text[-_LONGEST_PATH:]}"


def recorded_time(entry: Entry, zone: dt.tzinfo | None = None) -> tuple[dt.datetime | None, tuple[Flag, ...]]:
    """The time that a `timestamp.txt` says; one that says none gives a flag."""
    if entry.refused:
        return None, (_bad(entry.refused.split(";")[0]),)
    try:
        text = entry.head(_MAX_TIMESTAMP).decode("utf-8-sig").strip()
    except (OSError, UserError, UnicodeDecodeError) as error:
        return None, (_bad(f"cannot be read ({clip(str(error), LONGEST_NAME)})"),)
    try:
        return parse_timestamp(text, zone), ()
    except ValueError as error:
        why = clip(str(error), 2 * LONGEST_NAME)
        return None, (_bad(f"says {clip(text, LONGEST_NAME)!r}, which is no time ({why})"),)


def _bad(what: str) -> Flag:
    return Flag(kind=FlagKind.BAD_TIMESTAMP, text=f"{TIMESTAMP} {what}", audience="staff")

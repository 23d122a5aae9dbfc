"""Brightspace (D2L): "Download" of the submissions of a folder.

`{number}-{number} - {First Last} - {date time}`, then `/{file}` or ` - {file}`; an `index.html` beside. The first
number is the person's; a person who handed in several times has several such folders.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import NamedTuple

from autograder.intake.layouts.base import Ignored, Level, Reader, Whose, person
from autograder.intake.months import in_english
from autograder.intake.times import parse_timestamp
from autograder.intake.tree import Entry
from autograder.results import Flag, FlagKind

_NUMBERS = re.compile(r"(?P<person>\d+)-(?P<hand_in>\d+)")
_YEAR = re.compile(r"(?<![^\W_])(?:19|20)\d\d(?=\b|[年년])")
# 1015 AM: a file's name may hold no colon. Before the clock, in East Asia, the half of the day.
_CLOCK = re.compile(
    r"(?:(?P<before>[上下]午|午[前後]|오[전후])\s*|\b)(?P<hour>\d{1,2})(?:[:.h_]|\s?h\s)?(?P<minute>\d\d)"
    r"(?P<half>\s*[AaPp]\.?\s?[Mm]\.?)?(?:\s+Uhr)?\s*$"
)
_MORNING = ("上午", "午前", "오전")
_BETWEEN = " - "


class _Named(NamedTuple):
    id: str
    hand_in: str
    name: str
    date: str
    file: str


def brightspace_reader(level: Level) -> Reader | None:
    """Where a name has the numbers, a name and a date with a year."""
    found = {top: named for top in level.tops if (named := _parsed(top))}
    if not found:
        return None

    def read(entry: Entry) -> Whose | Ignored | None:
        if entry.parts == ("index.html",):
            return Ignored("the export's own files")
        named = found.get(entry.parts[0])
        if named is None:
            return None
        time, flags = _moment(named.date, level.zone)
        return Whose(
            people=(person("brightspace", f"{named.id} {named.name}", named.name),),
            parts=((named.file,) if named.file else ()) + entry.parts[1:],
            # Where the time is not read, the number of the hand-in grows as well.
            attempt=int(time.timestamp()) if time else int(named.hand_in),
            submitted_at=time,
            flags=flags,
        )

    return read


def _parsed(top: str) -> _Named | None:
    numbers, *rest = top.split(_BETWEEN)
    match = _NUMBERS.fullmatch(numbers)
    if match is None:
        return None
    # Names and files may hold " - " as well: the date is the first part that looks like one.
    for place, part in enumerate(rest):
        if place and _YEAR.search(part) and _CLOCK.search(part):
            name = " ".join(_BETWEEN.join(rest[:place]).split())
            return _Named(match["person"], match["hand_in"], name, part, _BETWEEN.join(rest[place + 1 :]))
    return None


def _moment(text: str, zone: dt.tzinfo | None) -> tuple[dt.datetime | None, tuple[Flag, ...]]:
    clock = _CLOCK.search(text)
    assert clock is not None
    half = "".join((clock["half"] or "").replace(".", "").split())
    if clock["before"]:
        half = "AM" if clock["before"] in _MORNING else "PM"
    written = f"{in_english(text[: clock.start()])} {clock['hour']}:{clock['minute']} {half}"
    try:
        return parse_timestamp(written, zone, local=True), ()
    except ValueError as error:
        said = f"the folder's name says {text!r}, which is not read as a time ({error})"
        return None, (Flag(kind=FlagKind.BAD_TIMESTAMP, text=said, audience="staff"),)

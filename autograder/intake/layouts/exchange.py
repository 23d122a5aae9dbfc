"""nbgrader's exchange: `inbound/{login}+{unit}+{time}+{random}/`, where hand-ins lie before `nbgrader collect`.

The time is `2026-11-28 10:00:00.000000 UTC`; the random part is not always there. Some file systems and zips have no
colons, and other characters take their place. Folders of the cache, from which students hand in, are called alike.
"""

from __future__ import annotations

import datetime as dt
import re

from autograder.intake.layouts.base import ANOTHER_UNIT, Ignored, Level, Whose
from autograder.intake.times import parse_timestamp
from autograder.results import Flag, FlagKind, Person

_NAMED = re.compile(
    r"(?P<login>.+)\+(?P<unit>[^+]+)\+(?P<day>\d{4}-\d\d-\d\d)"
    r"(?P<clock>[ T_-]\d\d\D{1,3}\d\d\D{1,3}\d\d(?:[.,_]\d{1,9})?)?"
    r"(?P<zone>(?:[ _]?[A-Za-z]{1,5})?(?:[+-]\d\d\D?\d\d)?)(?:\+(?P<random>[\w=-]+))?",
    re.DOTALL,
)


def is_of_exchange(folder: str) -> bool:
    """Whether a folder is named as in the exchange."""
    return _NAMED.fullmatch(folder) is not None


def whose_of_exchange(folder: str, parts: tuple[str, ...], level: Level) -> Whose | Ignored | None:
    """Whose the files of a folder of the exchange are; None if it is not named so.

    Args:
        folder: its name.
        parts: of a file, as seen from there.
        level: the place, for the unit and the zone.
    """
    match = _NAMED.fullmatch(folder)
    if match is None:
        return None
    if match["unit"] != level.unit:
        return Ignored(ANOTHER_UNIT)
    time, flags = _moment(match, level.zone)
    return Whose(
        people=(Person(key=match["login"], name=match["login"]),),
        parts=parts,
        # Later hand-ins have later names.
        attempt=int(re.sub(r"\D", "", match["day"] + (match["clock"] or "")).ljust(20, "0")),
        submitted_at=time,
        # nbgrader's own timestamp.txt lies inside.
        is_upload=False,
        flags=flags,
    )


def _moment(match: re.Match[str], zone: dt.tzinfo | None) -> tuple[dt.datetime | None, tuple[Flag, ...]]:
    clock = re.findall(r"\d+", match["clock"] or "")
    part = f".{clock[3]}" if len(clock) > 3 else ""
    written = f"{match['day']} {':'.join(clock[:3])}{part} {match['zone'].strip(' _')}".strip()
    try:
        return parse_timestamp(written, zone), ()
    except ValueError as error:
        said = f"the folder's name says {written!r}, which is not read as a time ({error})"
        return None, (Flag(kind=FlagKind.BAD_TIMESTAMP, text=said, audience="staff"),)

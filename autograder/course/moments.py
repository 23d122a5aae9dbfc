"""When work is due: extensions of single persons, and the time zone in which a course lives."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
import zoneinfo
from collections.abc import Iterable, Mapping

# The mark of a learning system before its own key: `canvas:1003`.
_SOURCE = re.compile(r"[a-z][a-z0-9]*:(?=.)")


class DueOffset(dt.tzinfo):
    """The offset of a due date, taken for the course's zone where `course.toml` names none.

    The moment matters: +01:00 is London in July and Berlin in November.

    Attributes:
        moment: the due date.
    """

    def __init__(self, moment: dt.datetime) -> None:
        """Take the offset of a moment. Raises `ValueError` if it has none."""
        offset = moment.utcoffset()
        if offset is None:
            raise ValueError("a due date needs a time zone")
        self.moment, self._offset = moment, offset

    def utcoffset(self, moment: dt.datetime | None, /) -> dt.timedelta:
        """The same all year."""
        return self._offset

    def dst(self, moment: dt.datetime | None, /) -> None:
        """Not known."""
        return

    def tzname(self, moment: dt.datetime | None, /) -> str | None:
        """As of a fixed offset, `UTC+01:00`."""
        return dt.timezone(self._offset).tzname(None)


def known_zone(name: str) -> zoneinfo.ZoneInfo | None:
    """The zone of the tz database with this name; None if there is none."""
    # Anything may stand in a file: the name of a folder of the database, one that is too long for a path.
    try:
        return zoneinfo.ZoneInfo(name) if len(name) <= 100 else None
    except (KeyError, ValueError, OSError):
        return None


def extended_due(
    due: dt.datetime | None, extensions: Mapping[str, dt.datetime], key: str
) -> dt.datetime | None:
    """The due date of one person, if it is later than that of all; else None.

    Args:
        due: of all.
        extensions: key of a person -> the due date of that person.
        key: of the person; one with the mark of a learning system (`canvas:1003`) is found without it (`1003`) too.
    """
    if due is None or not extensions:
        return None
    by_key = {_composed(name): moment for name, moment in extensions.items()}
    moments = [by_key[form] for form in _forms(key) if form in by_key]
    return moments[0] if moments and moments[0] > due else None


def of_nobody(extensions: Iterable[str], keys: Iterable[str]) -> list[str]:
    """The extensions' keys that are those of no person."""
    known = {form for key in keys for form in _forms(key)}
    return [name for name in extensions if _composed(name) not in known]


def _forms(key: str) -> tuple[str, str]:
    """A key as it is, and without the mark of a learning system."""
    return _composed(key), without_source(_composed(key))


def _composed(text: str) -> str:
    """In one form of Unicode: macOS writes accents as letters of their own."""
    return unicodedata.normalize("NFC", text)


def without_source(key: str) -> str:
    """`canvas:1003` as `1003`."""
    return _SOURCE.sub("", key, count=1)

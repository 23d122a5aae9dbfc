"""Read a moment that somebody wrote down: a `timestamp.txt`, the name of a folder, a cell of a table.

A text is read or refused, never guessed: a zone's abbreviation that several places use counts only where the course's
own zone is one of them, and numbers that could be two days are refused.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

from autograder.course.moments import DueOffset, known_zone
from course_utils.slices.plain import LONGEST_NAME, clip

# The longest that is written by anybody has some 70 characters.
_LONGEST = 120
# What lies outside is a slip; and moments near the ends of the calendar cannot be moved to another zone.
_YEARS = range(1970, 2200)

# Offset in hours -> what it is called. Where the tz database knows another meaning too (Manila's PST), that one counts
# only if it is the course's own.
_CALLED = {
    -10: "HST",
    -9: "AKST HDT",
    -8: "PST AKDT",
    -7: "MST PDT",
    -6: "MDT",
    -5: "EST CDT",
    -4: "EDT",
    -3.5: "NST",
    -3: "ADT BRT",
    -2.5: "NDT",
    0: "Z UTC GMT UT UCT WET",
    1: "CET MET WEST WAT",
    2: "CEST MEST EET CAT SAST",
    3: "EEST MSK IDT EAT TRT",
    3.5: "IRST",
    5: "PKT",
    5.75: "NPT",
    7: "WIB ICT",
    8: "SGT HKT MYT PHT AWST WITA",
    9: "JST KST WIT",
    9.5: "ACST",
    10: "AEST CHST",
    10.5: "ACDT",
    11: "AEDT",
    12: "NZST",
    13: "NZDT",
}
_ZONES = {name: hours for hours, names in _CALLED.items() for name in names.split()}
# What several places call their time: the offset in hours, and a zone of the tz database for where it is called so.
_AMBIGUOUS = {
    "CST": ((-6, "America/Chicago"), (8, "Asia/Shanghai")),
    "IST": ((5.5, "Asia/Kolkata"), (1, "Europe/Dublin"), (2, "Asia/Jerusalem")),
    "BST": ((1, "Europe/London"), (6, "Asia/Dhaka"), (11, "Pacific/Bougainville")),
    "AST": ((-4, "America/Halifax"), (3, "Asia/Riyadh")),
    "SST": ((8, "Asia/Singapore"), (-11, "Pacific/Pago_Pago")),
    "GST": ((4, "Asia/Dubai"), (10, "Pacific/Guam"), (-2, "Atlantic/South_Georgia")),
    "WST": ((8, "Australia/Perth"), (13, "Pacific/Apia")),
    "AMT": ((-4, "America/Manaus"), (4, "Asia/Yerevan")),
    "ECT": ((-5, "America/Guayaquil"), (1, "Europe/Paris")),
    "BDT": ((6, "Asia/Dhaka"), (8, "Asia/Brunei")),
}

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?<![a-z])(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sep(?:t(?:ember)?)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)(?![a-z])"
)
_DAY = r"(?<![0-9:.+-])(?P<day>[0-9]{1,2})(?:st|nd|rd|th)?(?![0-9:])"
_YEAR = r"(?<![0-9:.+-])(?P<year>[0-9]{4})(?![0-9:])"
_I = re.IGNORECASE | re.ASCII

# 2026-11-28-10-15-00 (Blackboard) and 20261128T101500 as what is read below.
_DASHES = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})-([0-9]{2})-([0-9]{2})-([0-9]{2})", _I)
_BASIC = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})[T ]([0-9]{2})([0-9]{2})([0-9]{2})?(?=[^0-9]|$)", _I)

_HALF = r"\s?(?P<half>[ap])\.?m\.?(?![a-z])"
_CLOCK = re.compile(
    r"(?<![0-9:.+-])(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})"
    rf"(?::(?P<second>[0-9]{{2}})(?:[.,](?P<part>[0-9]{{1,9}}))?)?(?![0-9:])(?:{_HALF})?",
    _I,
)
# 2 PM, and Brightspace's 1015 AM.
_HOUR = re.compile(rf"(?<![0-9:.+-])(?P<hour>[0-9]{{1,2}})(?P<minute>[0-9]{{2}})?{_HALF}", _I)

_YEAR_FIRST = re.compile(r"(?<![0-9])([0-9]{4})([-/.])([0-9]{1,2})\2([0-9]{1,2})(?![0-9])", _I)
_NUMBERS = re.compile(r"(?<![0-9])([0-9]{1,2})([-/.])([0-9]{1,2})\2([0-9]{4}|[0-9]{2})(?![0-9])", _I)
# 31 January 2026, 31-Jan-2026; January 31, 2026; and `date`'s Sat Jan 31 12:00:00 CET 2026, without its clock.
_NAMED = (
    re.compile(rf"{_DAY}[ .-]{{0,2}}(?:of )?{_MONTH}[ .,-]{{1,2}}{_YEAR.replace('(?<![0-9:.+-])', '')}", _I),
    re.compile(rf"{_MONTH}[ .]{{0,2}}{_DAY}(?P<between>.*?)[ ,]{_YEAR}", _I),
)
_WORDS = re.compile(
    r"(?:mon|tue|tues|wed|thu|thur|thurs|fri|sat|sun)\.?|(?:mon|tues|wednes|thurs|fri|satur|sun)day|at|on|t",
    _I,
)

_OFFSET = re.compile(
    r"(?:UTC|GMT|UT)? ?([+-])([0-9]{1,2})(?::?([0-9]{2}))?(?: ?\([A-Za-z ]+\)| ?[A-Za-z]{3,5})?", _I
)
_NAME = re.compile(r"\(?([A-Za-z]{1,5})\)?", _I)
_PLACE = re.compile(r"[A-Za-z]+(?:/[A-Za-z0-9_+-]+){1,2}", _I)


def parse_timestamp(text: str, zone: dt.tzinfo | None = None, *, local: bool = False) -> dt.datetime:
    """The moment that a text says: nbgrader's `2026-01-31 12:00:00.000000 UTC`, and whatever is as clear.

    A date alone is its first minute. Month names are English.

    Args:
        text: what somebody wrote.
        zone: the course's own, see `Course.zone`: it decides between the places that use one abbreviation.
        local: a text without a zone is in the course's own, if that is known: learning systems show such times. Else
            it is in UTC, as nbgrader has it.

    Returns:
        The moment, with the offset that was written or meant.

    Raises:
        ValueError: it is no date with year, month and day, or could be two, or its time zone is unknown or several
            places'. Nothing else is raised, whatever the text.
    """
    text = text.strip("\ufeff \t\r\n")
    if len(text) > _LONGEST:
        raise ValueError("it is too long for a time")
    text = " ".join(text.replace("−", "-").split())
    text = _DASHES.sub(r"\1 \2:\3:\4", text)
    text = _BASIC.sub(lambda found: "{}-{}-{} {}:{}:{}".format(*found.groups(default="00")), text)
    clock, text = _cut_clock(text)
    day, text = _cut_day(text)
    moment = dt.datetime.combine(day, clock)
    rest = [word for word in text.replace(",", " ").split() if not _WORDS.fullmatch(word)]
    if not rest:
        return _fixed(moment, zone if local and zone else dt.UTC)
    return moment.replace(tzinfo=_zone(" ".join(rest), moment, zone))


def _fixed(moment: dt.datetime, zone: dt.tzinfo) -> dt.datetime:
    """A local moment with the offset that it has there; of two (clocks are put back) the earlier moment."""
    return moment.replace(tzinfo=dt.timezone(moment.replace(tzinfo=zone).utcoffset() or dt.timedelta()))


def _cut_clock(text: str) -> tuple[dt.time, str]:
    """The time of the day, midnight if there is none, and the text without it."""
    found = _CLOCK.search(text) or _HOUR.search(text)
    if not found:
        return dt.time(), text
    named = found.groupdict()
    hour = int(named["hour"])
    if half := named["half"]:
        if not 1 <= hour <= 12:
            raise ValueError(f"there is no hour {hour} {half}m")
        hour = hour % 12 + 12 * (half in "pP")
    micro = int((named.get("part") or "0")[:6].ljust(6, "0"))
    time = dt.time(hour, int(named["minute"] or 0), int(named.get("second") or 0), micro)
    return time, f"{text[: found.start()]} {text[found.end() :]}"


def _cut_day(text: str) -> tuple[dt.date, str]:
    """The day, and the text without it. Raises `ValueError` if there is none, or it could be another."""
    if found := _YEAR_FIRST.search(text):
        day = dt.date(int(found[1]), int(found[3]), int(found[4]))
    elif found := _NUMBERS.search(text):
        day = _only_day(found)
    elif found := _NAMED[0].search(text) or _NAMED[1].search(text):
        day = dt.date(int(found["year"]), _MONTHS.index(found["month"][:3].lower()) + 1, int(found["day"]))
    else:
        raise ValueError("not a whole date, with year, month and day")
    if day.year not in _YEARS:
        raise ValueError(f"the year {day.year} cannot be meant")
    between = found.groupdict().get("between") or ""
    return day, f"{text[: found.start()]} {between} {text[found.end() :]}"


def _only_day(found: re.Match[str]) -> dt.date:
    """The one day that three numbers can be. Raises `ValueError` if there is none or more than one."""
    first, second, third = int(found[1]), int(found[3]), int(found[4])
    if len(found[4]) == 4:
        readings = {(third, second, first), (third, first, second)}
    else:
        readings = {
            (2000 + third, second, first),
            (2000 + third, first, second),
            (2000 + first, second, third),
        }
    days = sorted(_valid(readings))
    if not days:
        raise ValueError("there is no such day")
    if len(days) > 1:
        which = " or ".join(f"{day.day} {day:%B %Y}" for day in days)
        raise ValueError(f"{found[0]} could be {which}: write {days[0]} or {days[-1]}")
    return days[0]


def _valid(readings: set[tuple[int, int, int]]) -> Iterator[dt.date]:
    for year, month, day in readings:
        try:
            yield dt.date(year, month, day)
        except ValueError:
            continue


# --- zones ----------------------------------------------------------------------------------------------------------


def _zone(text: str, moment: dt.datetime, own: dt.tzinfo | None) -> dt.timezone:
    """The offset that a text says for a local moment. Raises `ValueError` if it is unknown or could be another."""
    if found := _OFFSET.fullmatch(text):
        hours, minutes = int(found[2]), int(found[3] or 0)
        if hours > 14 or minutes > 59:
            raise ValueError(f"there is no offset {found[1]}{found[2]}:{found[3] or '00'}")
        sign = -1 if found[1] == "-" else 1
        return dt.timezone(sign * dt.timedelta(hours=hours, minutes=minutes))
    if found := _NAME.fullmatch(text):
        name = found[1].upper()
        if own and (offset := _own_offset(name, moment.year, own)) is not None:
            return dt.timezone(offset)
        if name in _ZONES:
            return _hours(_ZONES[name])
        if name in _AMBIGUOUS:
            return _meaning(name, moment, own)
    elif _PLACE.fullmatch(text) and (place := known_zone(text)):
        return dt.timezone(moment.replace(tzinfo=place).utcoffset() or dt.timedelta())
    raise ValueError(f"unknown time zone {clip(text, LONGEST_NAME)}")


def _hours(hours: float) -> dt.timezone:
    return dt.timezone(dt.timedelta(hours=hours))


def _own_offset(name: str, year: int, own: dt.tzinfo) -> dt.timedelta | None:
    """The offset that the course's own zone calls so in summer or winter."""
    for moment in _seasons(year, own):
        if (moment.tzname() or "").upper() == name:
            return moment.utcoffset()
    return None


def _seasons(year: int, zone: dt.tzinfo) -> tuple[dt.datetime, dt.datetime]:
    return dt.datetime(year, 1, 1, 12, tzinfo=zone), dt.datetime(year, 7, 1, 12, tzinfo=zone)


def _meaning(name: str, moment: dt.datetime, own: dt.tzinfo | None) -> dt.timezone:
    """The meaning whose place has the time of the course. Raises `ValueError` if there is none, or several."""
    meanings = _AMBIGUOUS[name]
    fitting = {hours for hours, place in meanings if own and _keeps_time_of(place, own, moment)}
    if len(fitting) == 1:
        return _hours(fitting.pop())
    places = " or ".join(
        f"{place.rpartition('/')[2].replace('_', ' ')} ({_hours(hours).tzname(None)})"
        for hours, place in meanings
    )
    raise ValueError(
        f"the time zone {name} could be that of {places}: write the offset instead, or set time_zone in course.toml"
    )


def _keeps_time_of(place: str, own: dt.tzinfo, moment: dt.datetime) -> bool:
    """Whether a place's clocks show what the course's do, as far as that is known."""
    there = known_zone(place)
    if there is None:
        return False
    if isinstance(own, DueOffset):
        due = own.moment.replace(tzinfo=None)
        return due.replace(tzinfo=there).utcoffset() == own.utcoffset(None)
    if isinstance(own, dt.timezone):
        return moment.replace(tzinfo=there).utcoffset() == own.utcoffset(None)
    return all(
        one.utcoffset() == other.utcoffset()
        for one, other in zip(_seasons(moment.year, own), _seasons(moment.year, there), strict=True)
    )

"""Canvas: `submissions.zip`, as made by its lib/content_zipper.rb.

A file is `{name}_{LATE_}{user id}_{file id}_{file}`, what was typed `{name}_{LATE_}{user id}_text.html` or
`_link.html`. The name is a sortable one without anything but letters, digits and `_`, in small letters. Where marking
is anonymous, a file is `{LATE_}anon_{id}_{file id}_{file}`. Of several attempts the zip holds the latest.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable

from autograder.intake.layouts.base import Level, Reader, Whose, person
from autograder.intake.layouts.exchange import is_of_exchange
from autograder.intake.tree import Entry

_FILE = r"(?:(?P<number>\d+)_(?P<file>.+)|(?P<page>text|link)\.html)"
# The names are a learning system's, the end is a student's to choose: the first ids count.
_NAMED = re.compile(rf"(?P<name>.*?)_(?P<late>LATE_)?(?P<id>\d+)_{_FILE}", re.DOTALL)
_NAMED_WITH_NUMBER = re.compile(
    r"(?P<name>.*?_\d+)_(?P<late>LATE_)?(?P<id>\d+)_(?:(?P<number>\d+)_(?P<file>.+)|(?P<page>text|link)\.html)",
    re.DOTALL,
)
# A number that a student may put first: a year, a day, with a time or without, whichever comes first.
_DATE = re.compile(r"(?:19|20)\d\d(?:\d{2}|\d{4}|\d{8}|\d{10})?|\d{6}|\d\d\d\d(?:19|20)\d\d")
# Powers of ten that tell nothing.
_CLOSE = 0.05
_YEAR = re.compile(r"(?:19|20)\d\d\Z")
_ANONYMOUS = re.compile(rf"(?P<late>LATE_)?(?P<name>anon)_(?P<id>[^_]+)_{_FILE}", re.DOTALL)


def canvas_reader(level: Level) -> Reader | None:
    """Where names look so."""
    anonymous = {top: match for top in level.tops if (match := _ANONYMOUS.fullmatch(top))}
    named = {top: match for top in level.tops if (match := _NAMED.fullmatch(top)) and not is_of_exchange(top)}
    if 2 * len(named) < len(level.tops):
        # Among other names `ada_2026_11_moco` holds a date.
        named = {top: match for top, match in named.items() if not _YEAR.match(match["id"])}
    # Marking is anonymous for all or for nobody; a few other files may look like names.
    found = (
        anonymous if 2 * len(anonymous.keys() - named.keys()) >= len(named.keys() - anonymous.keys()) else {}
    )
    if found:
        return _reader(found)
    return _reader(_later_ids(named)) if named else None


def _later_ids(found: dict[str, re.Match[str]]) -> dict[str, re.Match[str]]:
    """The same, for names that end with a number themselves: `team_1_501_9001_moco`, `team_1_502_9002_moco`.

    What seems to be the id is then the name's end, the id seems to be the file's number, and that seems to be how a
    student has called the file, which may begin with a number as well. Others of the class decide, in whose names no
    number can be mistaken: ids and numbers of files are about as large as theirs. Where there is nobody else, names
    end with a number if all files have a further one, which is larger than those of people and unlike all others.
    """
    later = {top: match for top in found if (match := _NAMED_WITH_NUMBER.fullmatch(top))}
    marked = {match["name"] for match in found.values() if re.search(r"_\d+\Z", match["name"])}
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    for top, match in found.items():
        groups[match["name"], match["id"]].append(top)
    open_ = {
        key: tops
        for key, tops in groups.items()
        if all(top in later and _is_large(later[top]) for top in tops)
    }
    others = _Sizes([match for top, match in found.items() if top not in later])
    made = dict(found)
    undecided: dict[str, list[str]] = defaultdict(list)
    for (name, id_), tops in open_.items():
        first, second = (max(map(others.distance, (those[top] for top in tops))) for those in (found, later))
        # A file's number is no id where ids are of another size, however a student has called the file.
        are_ids = all(others.outside(later[top], "id") < 1 for top in tops)
        if f"{name}_{id_}" in marked or (second < first - _CLOSE and are_ids):
            made.update({top: later[top] for top in tops})
        elif abs(first - second) <= _CLOSE:
            undecided[name] += tops
    for name, tops in undecided.items():
        numbers = [later[top]["number"] for top in tops if later[top]["number"]]
        all_are_open = len(tops) == sum(match["name"] == name for match in found.values())
        if (
            all_are_open
            and len(tops) > 1
            and len(set(numbers)) == len(numbers)
            and not any(map(_DATE.fullmatch, numbers))
        ):
            made.update({top: later[top] for top in tops})
    return made


def _is_large(match: re.Match[str]) -> bool:
    if match["page"]:
        return True
    return len(match["number"]) > 1 and int(match["number"][:30]) > int(match["id"][:30])


class _Sizes:
    """Between which the ids and the numbers of files of a class are, in powers of ten."""

    def __init__(self, matches: Iterable[re.Match[str]]) -> None:
        self._sizes: dict[str, list[float]] = {"id": [], "number": []}
        for match in matches:
            for of, sizes in self._sizes.items():
                if match[of]:
                    sizes[:] = min(ends := [*sizes, _size(match[of])]), max(ends)

    def distance(self, match: re.Match[str]) -> float:
        """How far id and number lie outside."""
        return self.outside(match, "id") + self.outside(match, "number")

    def outside(self, match: re.Match[str], of: str) -> float:
        """How far one of the two does; 0 where nothing is known."""
        if not self._sizes[of] or not match[of]:
            return 0.0
        least, most = self._sizes[of]
        return max(least - _size(match[of]), _size(match[of]) - most, 0.0)


def _size(number: str) -> float:
    return math.log10(int(number[:30]) + 1)


def _reader(found: dict[str, re.Match[str]]) -> Reader:
    names = defaultdict(set)
    for match in found.values():
        names[match["id"]].add(match["name"])

    def read(entry: Entry) -> Whose | None:
        match = found.get(entry.parts[0])
        if match is None:
            return None
        id_, name = match["id"], match["name"]
        if match.re is _ANONYMOUS:
            id_ = name = f"anon_{id_}"
        elif len(names[id_]) > 1:
            # An id has one name. `ada_2026_11_moco` and `bob_2026_11_moco` hold a date, and are two people's.
            id_ = f"{id_} {name}"
        return Whose(
            people=(person("canvas", id_, name),),
            parts=(match["file"] or f"{match['page']}.html", *entry.parts[1:]),
            late=bool(match["late"]),
            is_text=bool(match["page"]),
        )

    return read

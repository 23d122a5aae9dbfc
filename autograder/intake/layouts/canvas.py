"""Canvas: `submissions.zip`, as made by its lib/content_zipper.rb.

A file is `{name}_{LATE_}{user id}_{file id}_{file}`, what was typed `{name}_{LATE_}{user id}_text.html` or
`_link.html`. The name is a sortable one without anything but letters, digits and `_`, in small letters. Where marking
is anonymous, a file is `{LATE_}anon_{id}_{file id}_{file}`. Of several attempts the zip holds the latest.
"""

from __future__ import annotations

import re
from collections import defaultdict

from autograder.intake.layouts.base import Level, Reader, Whose, person
from autograder.intake.tree import Entry

_FILE = r"(?:\d+_(?P<file>.+)|(?P<page>text|link)\.html)"
# The names are a learning system's, the end is a student's to choose: the first ids count.
_NAMED = re.compile(rf"(?P<name>.*?)_(?P<late>LATE_)?(?P<id>\d+)_{_FILE}", re.DOTALL)
_NAMED_WITH_NUMBER = re.compile(
    r"(?P<name>.*?_\d+)_(?P<late>LATE_)?(?P<id>\d+)_(?P<number>\d+)_(?P<file>.+)(?P<page>\Z)?", re.DOTALL
)
_YEAR = re.compile(r"(?:19|20)\d\d\Z")
_ANONYMOUS = re.compile(rf"(?P<late>LATE_)?(?P<name>anon)_(?P<id>[^_]+)_{_FILE}", re.DOTALL)


def canvas_reader(level: Level) -> Reader | None:
    """Where names look so."""
    anonymous = {top: match for top in level.tops if (match := _ANONYMOUS.fullmatch(top))}
    named = {top: match for top in level.tops if (match := _NAMED.fullmatch(top))}
    if 2 * len(named) < len(level.tops):
        # Among other names `ada_2026_11_moco` holds a date.
        named = {top: match for top, match in named.items() if not _YEAR.match(match["id"])}
    # Marking is anonymous for all or for nobody; a few other files may look like names.
    found = (
        anonymous if 2 * len(anonymous.keys() - named.keys()) >= len(named.keys() - anonymous.keys()) else {}
    )
    found = found or named
    return _reader(_later_ids(found)) if found else None


def _later_ids(found: dict[str, re.Match[str]]) -> dict[str, re.Match[str]]:
    """The same, for names that end with a number themselves: `team_1_501_9001_moco` beside `team_2_502_9002_moco`.

    They seem to be one name with several ids. All files of that name must have a further number, for a student chooses
    how a file is called; numbers of files are large, and larger than those of people.
    """
    tops: dict[str, list[str]] = defaultdict(list)
    for top, match in found.items():
        tops[match["name"]].append(top)
    made = dict(found)
    for same in tops.values():
        if len({found[top]["id"] for top in same}) > 1:
            later = {top: _NAMED_WITH_NUMBER.fullmatch(top) for top in same}
            large = {top: match for top, match in later.items() if match and _is_large(match)}
            if len(large) == len(same):
                made.update(large)
    return made


def _is_large(match: re.Match[str]) -> bool:
    return len(match["number"]) > 2 and int(match["number"][:30]) > int(match["id"][:30])


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

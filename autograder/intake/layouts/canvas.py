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
_ANONYMOUS = re.compile(rf"(?P<late>LATE_)?(?P<name>anon)_(?P<id>[^_]+)_{_FILE}", re.DOTALL)


def canvas_reader(level: Level) -> Reader | None:
    """Where names look so."""
    for pattern in (_ANONYMOUS, _NAMED):
        found = {top: match for top in level.tops if (match := pattern.fullmatch(top))}
        if pattern is _ANONYMOUS and any(_NAMED.fullmatch(top) for top in level.tops if top not in found):
            # Somebody is called Anon.
            continue
        if found:
            return _reader(found)
    return None


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

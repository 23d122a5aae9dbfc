"""Microsoft Teams: `{Name}/{assignment}/Version {n}/{file}`. Nothing but the name tells one person from another."""

from __future__ import annotations

import re

from autograder.intake.kinds import suffix_of
from autograder.intake.layouts.base import ANOTHER_UNIT, Ignored, Level, Reader, Whose, person
from autograder.intake.tree import Entry

# In the languages of Teams in which the word looks so.
_VERSION = re.compile(
    r"(?:Version|Versi\u00f3n|Vers\u00e3o|Versione|Versie|Wersja)[ _](?P<number>\d{1,6})", re.IGNORECASE
)


def teams_reader(level: Level) -> Reader | None:
    """Where half of the people or more have such a folder."""
    if any(
        len(entry.parts) == 3 and entry.parts[1] == level.unit and suffix_of(entry.parts[2])[1]
        for entry in level.entries
    ):
        # nbgrader's tree, in which folders called so are people's own.
        return None
    people = {entry.parts[0] for entry in level.entries if len(entry.parts) > 1}
    with_version = {entry.parts[0] for entry in level.entries if len(entry.parts) > 3 and _number(entry)}
    if not with_version or 2 * len(with_version) < len(people):
        return None
    assignments = {entry.parts[1] for entry in level.entries if len(entry.parts) > 2}
    # Of several assignments those that are called as the unit is; else all but those of other units.
    wanted = {name for name in assignments if re.search(rf"\b{re.escape(level.unit)}\b", name, re.IGNORECASE)}
    wanted = wanted or {name for name in assignments if name not in level.units}

    def read(entry: Entry) -> Whose | Ignored | None:
        if len(entry.parts) < 2:
            return None
        if len(entry.parts) > 2 and entry.parts[1] not in wanted:
            return Ignored(ANOTHER_UNIT)
        number = _number(entry)
        own = entry.parts[3:] if number else entry.parts[2:] or entry.parts[1:]
        return Whose(people=(person("teams", entry.parts[0]),), parts=own, attempt=number)

    return read


def _number(entry: Entry) -> int:
    match = _VERSION.fullmatch(entry.parts[2]) if len(entry.parts) > 3 else None
    return int(match["number"]) if match else 0

"""Blackboard: "Download assignment files".

A file is `{assignment}_{user name}_attempt_{YYYY-MM-DD-HH-MM-SS}_{file}`; beside it `…_attempt_{time}.txt` names the
person. Assignments and user names may both hold `_`. A text that gives the user name in brackets says where it begins;
without one, what all names begin with ends at the latest where the unit is named, or where no user name could go on.
What may be either is taken for the user's: a name that is too long is still one person's alone.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from itertools import takewhile

from autograder.errors import UserError
from autograder.intake.layouts.base import Ignored, Level, Reader, Whose, person
from autograder.intake.tree import Entry
from autograder.results import Flag, FlagKind

# The first time counts: what follows is a student's to choose.
_NAMED = re.compile(
    r"(?P<before>.+?)_attempt_(?P<time>\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d)(?:_(?P<file>.+)|(?P<text>\.txt))?",
    re.DOTALL,
)
_NAME = re.compile(r"^Name:[ \t]*(?P<name>[^\n]*?)[ \t]*(?:\((?P<login>[^()\n]+)\))?[ \t]*$", re.MULTILINE)
# Blanks and brackets stand in titles of assignments.
_NOT_IN_LOGINS = re.compile(r"[^\w.@+-]")
_LOOKED_AT = 16 * 2**10
_INDEX = "texts that name the person"


def blackboard_reader(level: Level) -> Reader | None:
    """Where names look so."""
    found = {top: match for top in level.tops if (match := _NAMED.fullmatch(top))}
    if not found:
        return None
    texts = {
        entry.parts[0]: _said(entry)
        for entry in level.entries
        if len(entry.parts) == 1 and (match := found.get(entry.parts[0])) and match["text"]
    }
    logins = _logins({match["before"] for match in found.values()}, found, texts, level.unit)
    names = {
        logins[found[top]["before"]]: said["name"] for top, said in texts.items() if said and said["name"]
    }

    def read(entry: Entry) -> Whose | Ignored | None:
        match = found.get(entry.parts[0])
        if match is None:
            return None
        if match["text"] and any(
            other["before"] == match["before"] and other["time"] == match["time"] and other["file"]
            for other in found.values()
        ):
            return Ignored(_INDEX)
        login = logins[match["before"]]
        time, flags = _moment(match["time"], level.zone)
        return Whose(
            people=(person("blackboard", login, names.get(login, "")),),
            parts=(match["file"] or entry.parts[0], *entry.parts[1:]),
            # Attempts are counted by their times.
            attempt=int(match["time"].replace("-", "")),
            submitted_at=time,
            is_text=bool(match["text"]),
            flags=flags,
        )

    return read


def _said(entry: Entry) -> re.Match[str] | None:
    try:
        data = entry.source.read_bytes() if entry.size <= _LOOKED_AT else b""
    except (OSError, UserError):
        return None
    return _NAME.search(data.decode("utf-8-sig", "replace").replace("\r", "\n"))


def _logins(
    befores: Iterable[str],
    found: Mapping[str, re.Match[str]],
    texts: Mapping[str, re.Match[str] | None],
    unit: str,
) -> dict[str, str]:
    """What stands before `_attempt_` -> the user name at its end."""
    befores = sorted(befores)
    for top, said in texts.items():
        before = found[top]["before"]
        if said and said["login"] and before.endswith(f"_{said['login']}"):
            assignment = before.removesuffix(said["login"])
            if all(item.startswith(assignment) and item != assignment for item in befores):
                return {item: item.removeprefix(assignment) for item in befores}
    # In order, all others begin as the first and the last both do.
    shared = "".join(
        one
        for one, _ in takewhile(lambda pair: pair[0] == pair[1], zip(befores[0], befores[-1], strict=False))
    )
    assignment = _assignment(shared[: shared.rfind("_") + 1], unit)
    return {item: item.removeprefix(assignment) or item for item in befores}


def _assignment(shared: str, unit: str) -> str:
    """As much of what all names begin with as is surely the assignment's, with the `_` behind it."""
    parts = shared.split("_")[:-1]
    # The first has no user name in it, nor has any up to one that no user name could hold.
    length = max(
        (place for place, part in enumerate(parts, start=1) if _NOT_IN_LOGINS.search(part)), default=1
    )
    while length < len(parts) and parts[length].isdigit():
        length += 1
    words = _words(unit)
    for last in range(length, len(parts) + 1):
        if f"_{words}_" in f"_{_words('_'.join(parts[:last]))}_":
            length = last
            break
    return "".join(f"{part}_" for part in parts[:length])


def _words(text: str) -> str:
    return re.sub(r"[\W_]+", "_", text.casefold())


def _moment(text: str, zone: dt.tzinfo | None) -> tuple[dt.datetime | None, tuple[Flag, ...]]:
    try:
        return dt.datetime.strptime(text, "%Y-%m-%d-%H-%M-%S").replace(tzinfo=zone or dt.UTC), ()
    except ValueError as error:
        said = f"the file's name says {text!r}, which is no time ({error})"
        return None, (Flag(kind=FlagKind.BAD_TIMESTAMP, text=said, audience="staff"),)

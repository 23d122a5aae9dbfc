"""Gradescope: "Export Submissions", `assignment_{n}_export/`.

`submission_metadata.yml` says whose the folders `submission_{n}/` beside it are, and when they were handed in. Its
keys are Ruby's symbols, which YAML reads as texts with a colon in front. Several submitters are a group.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import yaml

from autograder.errors import UserError
from autograder.intake.kinds import suffix_of
from autograder.intake.layouts.base import Ignored, Level, Reader, Whose, person
from autograder.intake.times import parse_timestamp
from autograder.intake.tree import Entry
from autograder.results import Flag, FlagKind, Person

_METADATA = "submission_metadata.yml"
# A folder, or the only file of somebody.
_FOLDER = re.compile(r"submission_(?P<number>\d+)(?P<suffix>(?:\.\w+)+)?")


def gradescope_reader(level: Level) -> Reader | None:
    """Where the metadata lies, or nothing but such folders."""
    metadata = next((entry for entry in level.entries if entry.parts == (_METADATA,)), None)
    folders = [top for top in level.tops if _FOLDER.fullmatch(top)]
    others = [
        top for top in level.tops if suffix_of(top)[1] and not _FOLDER.fullmatch(top) and top != _METADATA
    ]
    if not folders or (metadata is None and others):
        return None
    said = _said(metadata) if metadata else {}

    def read(entry: Entry) -> Whose | Ignored | None:
        top = entry.parts[0]
        if entry.parts == (_METADATA,):
            return Ignored("the export's own files")
        folder = _FOLDER.fullmatch(top)
        if folder is None:
            return None
        name = top.removesuffix(folder["suffix"] or "")
        found = _whose(name, entry.parts[1:] or (top,), said.get(name), level.zone)
        return replace(found, attempt=int(folder["number"]))

    return read


def absent_folders(level: Level) -> Iterator[Entry]:
    """The folders of which the metadata tell, and that are not there."""
    metadata = next((entry for entry in level.entries if entry.parts == (_METADATA,)), None)
    if metadata is None:
        return
    there = {top.partition(".")[0] for top in level.tops}
    for name in _said(metadata):
        if _FOLDER.fullmatch(name) and name not in there:
            refused = f"is told of in {_METADATA} and is not in the export: export the submissions again"
            yield Entry(parts=(name, "?"), source=metadata.source, refused=refused)


def _said(metadata: Entry) -> Mapping[str, Any]:
    try:
        data = metadata.source.read_bytes()
        # All as texts: a student id of 0123 is no number.
        found = yaml.load(data, getattr(yaml, "CBaseLoader", yaml.BaseLoader))
    except (OSError, UserError) as error:
        raise UserError(f"{metadata.shown} cannot be read: {error}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise UserError(f"{metadata.shown} is no YAML: {error}. Export the submissions again") from error
    if not isinstance(found, dict):
        raise UserError(f"{metadata.shown} does not say whose the submissions are: export them again")
    return {str(name): item for name, item in found.items()}


def _whose(folder: str, parts: tuple[str, ...], said: Any, zone: dt.tzinfo | None) -> Whose:
    facts = _texts(said)
    submitters = facts.get("submitters")
    told = (_person(item, folder) for item in submitters) if isinstance(submitters, list) else ()
    people = tuple(item for item in told if item)
    flags: list[Flag] = []
    if not people:
        people = (person("gradescope", folder),)
        text = f"{_METADATA} does not say whose {folder} is"
        flags.append(Flag(kind=FlagKind.NO_STUDENT, text=text, audience="staff"))
    made = facts.get("created_at")
    time = None
    if made:
        try:
            time = parse_timestamp(str(made), zone, local=True)
        except ValueError as error:
            flags.append(Flag(kind=FlagKind.BAD_TIMESTAMP, text=f"{_METADATA}: {error}", audience="staff"))
    group = ", ".join(item.name for item in people) if len(people) > 1 else None
    return Whose(people=people, parts=parts, group=group, submitted_at=time, flags=tuple(flags))


def _person(said: Any, folder: str) -> Person | None:
    facts = _texts(said)
    name, id_, email = (str(facts.get(key) or "").strip() for key in ("name", "sid", "email"))
    if not (id_ or email or name):
        return None
    # A name is no key: two may have it.
    return person("gradescope", id_ or email or f"{folder} {name}", name, email or None)


def _texts(said: Any) -> Mapping[str, Any]:
    """The entries of a mapping without the colon of Ruby's symbols."""
    if not isinstance(said, dict):
        return {}
    return {str(key).lstrip(":"): value for key, value in said.items()}

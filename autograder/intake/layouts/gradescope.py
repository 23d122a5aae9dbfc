"""Gradescope: "Export Submissions", `assignment_{n}_export/`.

`submission_metadata.yml` says whose the folders `submission_{n}/` beside it are, and when they were handed in. Its
keys are Ruby's symbols, which YAML reads as texts with a colon in front. Several submitters are a group.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import yaml

from autograder.errors import UserError
from autograder.intake.layouts.base import Ignored, Level, Reader, Whose, person
from autograder.intake.times import parse_timestamp
from autograder.intake.tree import Entry
from autograder.results import Flag, FlagKind, Person

_METADATA = "submission_metadata.yml"
_FOLDER = re.compile(r"submission_(?P<number>\d+)")


def gradescope_reader(level: Level) -> Reader | None:
    """Where the metadata lies, or nothing but such folders."""
    metadata = next((entry for entry in level.entries if entry.parts == (_METADATA,)), None)
    folders = [top for top in level.tops if _FOLDER.fullmatch(top)]
    if not folders or (metadata is None and len(folders) < len(level.tops)):
        return None
    said = _said(metadata) if metadata else {}

    def read(entry: Entry) -> Whose | Ignored | None:
        top = entry.parts[0]
        if entry.parts == (_METADATA,):
            return Ignored("the export's own files")
        folder = _FOLDER.fullmatch(top)
        if folder is None:
            return None
        found = _whose(top, entry.parts[1:], said.get(top), level.zone)
        return replace(found, attempt=int(folder["number"]))

    return read


def _said(metadata: Entry) -> Mapping[str, Any]:
    try:
        data = metadata.source.read_bytes()
        found = yaml.load(data, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
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
    told = map(_person, submitters) if isinstance(submitters, list) else ()
    people = tuple(item for item in told if item)
    flags: list[Flag] = []
    if not people:
        people = (person("gradescope", folder),)
        text = f"{_METADATA} does not say whose {folder} is"
        flags.append(Flag(kind=FlagKind.NO_STUDENT, text=text, audience="staff"))
    made = facts.get("created_at")
    time = None
    if isinstance(made, dt.datetime):
        time = made if made.tzinfo else made.replace(tzinfo=dt.UTC)
    elif made is not None:
        try:
            time = parse_timestamp(str(made), zone, local=True)
        except ValueError as error:
            flags.append(Flag(kind=FlagKind.BAD_TIMESTAMP, text=f"{_METADATA}: {error}", audience="staff"))
    group = ", ".join(item.name for item in people) if len(people) > 1 else None
    return Whose(people=people, parts=parts, group=group, submitted_at=time, flags=tuple(flags))


def _person(said: Any) -> Person | None:
    facts = _texts(said)
    name, id_, email = (str(facts.get(key) or "").strip() for key in ("name", "sid", "email"))
    if not (id_ or email or name):
        return None
    return person("gradescope", id_ or email or name, name, email or None)


def _texts(said: Any) -> Mapping[str, Any]:
    """The entries of a mapping without the colon of Ruby's symbols."""
    if not isinstance(said, dict):
        return {}
    return {str(key).lstrip(":"): value for key, value in said.items()}

"""What a layout says of a file: whose it is, or by which rule it is nobody's."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

from autograder.intake.tree import Entry, tops
from autograder.results import Flag, Person


@dataclass(frozen=True, kw_only=True)
class Whose:
    """Whose a file is, and what its place says of the hand-in.

    Attributes:
        people: one person, or the members of a group.
        parts: the file's own path inside the hand-in.
        group: name of the group.
        attempt: which of several hand-ins of the person, as the source counts them; the later has the larger number.
        submitted_at: when it was handed in, if the source says so.
        late: whether the source marks it as late.
        is_upload: whether all of it was put there by the student, so that a `timestamp.txt` says nothing.
        is_text: whether it is what was typed into a form of the learning system.
        is_sure: whether a learning system says whose it is, and not a file's name alone.
        flags: what a person should know.
    """

    people: tuple[Person, ...]
    parts: tuple[str, ...]
    group: str | None = None
    attempt: int = 0
    submitted_at: dt.datetime | None = None
    late: bool = False
    is_upload: bool = True
    is_text: bool = False
    is_sure: bool = True
    flags: tuple[Flag, ...] = ()


ANOTHER_UNIT = "another unit's folder"


class Ignored(NamedTuple):
    """The rule by which a file is nobody's hand-in."""

    rule: str


# What is said of a file; None if the layout says nothing of it.
Reader = Callable[[Entry], Whose | Ignored | None]


@dataclass(frozen=True, kw_only=True)
class Level:
    """A place whose files are to be given to people.

    Attributes:
        entries: the files, their paths as seen from here; nothing of them is hidden.
        name: of the place itself.
        unit: id of the unit.
        units: ids of all units that are known.
        zone: that of the course, for times without one, and for zones that are called as others are.
        is_zip: whether the place is a zip.
    """

    entries: Sequence[Entry]
    unit: str
    name: str = ""
    units: Collection[str] = ()
    zone: dt.tzinfo | None = None
    is_zip: bool = False
    tops: list[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tops", tops(self.entries))

    @cached_property
    def folders(self) -> list[Level]:
        """The folders of the place, each as a place of its own."""
        inside: dict[str, list[Entry]] = {}
        for entry in self.entries:
            if len(entry.parts) > 1:
                inside.setdefault(entry.parts[0], []).append(replace(entry, parts=entry.parts[1:]))
            elif entry.is_folder:
                inside.setdefault(entry.parts[0], [])
        return [replace(self, entries=entries, name=name) for name, entries in inside.items()]


@dataclass(frozen=True, kw_only=True)
class Layout:
    """An entry of the table.

    Attributes:
        name: for `--layout`.
        title: with an article, as in "read as a Moodle download".
        recognise: the reader for a place of this layout; None for another place.
        is_system: whether a learning system makes it, and not people.
        is_marked: whether each of its files bears its mark, so that one is enough.
        expects: what should lie in such a place and does not.
    """

    name: str
    title: str
    recognise: Callable[[Level], Reader | None]
    is_system: bool = False
    is_marked: bool = False
    expects: Callable[[Level], Iterable[Entry]] | None = None


def person(
    source: str, id_: str, name: str = "", email: str | None = None, section: str | None = None
) -> Person:
    """A person whose key is an id that the source guarantees to be one person's alone."""
    return Person(key=f"{source}:{id_}", name=name or id_, email=email, section=section)

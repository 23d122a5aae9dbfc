"""Who of the people that were found is who in a table of the staff's.

Keys decide, then logins and e-mail addresses; a name does only where nobody else has it, and what was found by it alone
says so.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from autograder.course.moments import without_source
from autograder.intake.csv_text import one_form
from autograder.results import Person

# Systems whose own numbers are the keys of what they let download: another number of somebody's may be the same.
_NUMBERED = ("canvas", "moodle")
_SOURCE = re.compile(r"([a-z][a-z0-9]*):.")
# The ways in which a row can fit a person, from the surest down: see `Roster._fitting`.
_BY_BARE_KEY, _BY_NAME = 1, 4


@dataclass(frozen=True, kw_only=True)
class RosterEntry:
    """A row of a table.

    Attributes:
        key: what identifies the person; with the mark of a learning system (`canvas:1003`) where the table is its own.
        name: as it is read, `Ada Lovelace`.
        email, section, group: where the table tells them.
        ids: logins and numbers besides the key.
        line: of the file.
        submitted_at: when that person handed in, if the table is one of times.
        by_name: whether a person was found here by the name alone.
    """

    key: str
    name: str = ""
    email: str | None = None
    section: str | None = None
    group: str | None = None
    ids: tuple[str, ...] = ()
    line: int = 0
    submitted_at: dt.datetime | None = None
    by_name: bool = False


@dataclass(frozen=True)
class Matching:
    """Who of those that were found is who of a table.

    Attributes:
        entries: key of a person -> the row.
        unknown: who is in no row, or could be in several.
        unseen: rows of whom nothing was found. A key without a learning system's mark has that of all others' keys.
        contested: (row, keys) of rows that fit several people equally well, who are among the unknown.
    """

    entries: Mapping[str, RosterEntry]
    unknown: tuple[Person, ...]
    unseen: tuple[RosterEntry, ...]
    contested: tuple[tuple[RosterEntry, tuple[str, ...]], ...]


@dataclass(frozen=True)
class Roster:
    """A table of people.

    Attributes:
        path: the file.
        entries: its rows, with unlike keys.
        notices: what to tell of how the file was read.
        own_keys: whether the keys are those of a learning system or the course, and not some other number of a person.
    """

    path: Path
    entries: tuple[RosterEntry, ...]
    notices: tuple[str, ...] = ()
    own_keys: bool = True

    def find(self, person: Person) -> RosterEntry | None:
        """The one row that is this person's; None if there is none or could be several. See `match` for many people."""
        found = self._candidate(person)
        return found[1] if found else None

    def match(self, people: Iterable[Person]) -> Matching:
        """Find many people: a row that fits several is the one's whom it fits by the surest mark, and else nobody's."""
        people = list({person.key: person for person in people}.values())
        claims: dict[str, list[tuple[int, Person, RosterEntry]]] = defaultdict(list)
        for person in people:
            if found := self._candidate(person):
                rank, entry = found
                claims[entry.key].append((rank, person, entry))
        entries: dict[str, RosterEntry] = {}
        contested = []
        for claim in claims.values():
            surest = min(rank for rank, _, _ in claim)
            best = [(person, entry) for rank, person, entry in claim if rank == surest]
            if len(best) == 1:
                entries[best[0][0].key] = best[0][1]
            else:
                contested.append((best[0][1], tuple(person.key for person, _ in best)))
        unknown = tuple(person for person in people if person.key not in entries)
        unseen = tuple(entry for entry in self.entries if entry.key not in claims)
        # If the others are known to their one source by these very keys, then so are these.
        sources = {_source(person.key) for person in people}
        if len(sources) == 1 and any(
            rank == _BY_BARE_KEY for claim in claims.values() for rank, _, _ in claim
        ):
            unseen = tuple(_with_source(entry, sources) for entry in unseen)
        return Matching(entries, unknown, unseen, tuple(contested))

    @cached_property
    def _index(self) -> _Index:
        return _Index(self.entries)

    def _candidate(self, person: Person) -> tuple[int, RosterEntry] | None:
        """The row that fits best, and how sure that is: the lower the number, the surer."""
        for rank, found in enumerate(self._fitting(person)):
            fits = [entry for entry in found if not _is_other(entry, person, rank)]
            if person.section and len(fits) > 1:
                fits = [entry for entry in fits if _same(entry.section, person.section)]
            if len(fits) == 1:
                return rank, replace(fits[0], by_name=True) if rank == _BY_NAME else fits[0]
        return None

    def _fitting(self, person: Person) -> Iterator[list[RosterEntry]]:
        """The rows that fit by the whole key, by the key without marks, by another id, by e-mail, and by the name."""
        index, bare = self._index, _fold(without_source(person.key))
        if person.section:
            bare = bare.removeprefix(f"{_fold(person.section)}/")
        # The number of a learning system is no other number, though it may look the same.
        is_number = bare.isdigit() and _source(person.key) in _NUMBERED
        yield index.found("key", person.key)
        yield index.found("bare", bare) if self.own_keys or not is_number else []
        yield index.found("id", bare) if not is_number else []
        yield index.found("email", person.email or "", bare)
        yield index.found("name", *_name_forms(person.name))


class _Index:
    """What rows can be looked for by."""

    def __init__(self, entries: Iterable[RosterEntry]) -> None:
        self._rows: dict[tuple[str, str], dict[str, RosterEntry]] = defaultdict(dict)
        for entry in entries:
            marks = (entry.key, *entry.ids, entry.email or "")
            self._put(entry, "key", entry.key)
            self._put(entry, "bare", without_source(entry.key))
            self._put(entry, "id", *entry.ids)
            self._put(entry, "email", *(without_source(mark) for mark in marks if "@" in mark))
            self._put(entry, "name", *_name_forms(entry.name))

    def _put(self, entry: RosterEntry, kind: str, *texts: str) -> None:
        for text in texts:
            self._rows[kind, _fold(text)][entry.key] = entry

    def found(self, kind: str, *texts: str) -> list[RosterEntry]:
        """The rows that have one of the texts as their key, id and so on."""
        rows: dict[str, RosterEntry] = {}
        for text in texts:
            rows |= self._rows.get((kind, _fold(text)), {})
        return list(rows.values())


def _fold(text: str) -> str:
    return one_form(text).casefold()


def _source(key: str) -> str:
    found = _SOURCE.match(key)
    return found[1] if found else ""


def _with_source(entry: RosterEntry, sources: Iterable[str]) -> RosterEntry:
    (source,) = sources
    marked = _source(entry.key) or not source
    return entry if marked else replace(entry, key=f"{source}:{entry.key}")


def _same(one: str | None, other: str | None) -> bool:
    return _fold(one or "") == _fold(other or "")


def _is_other(entry: RosterEntry, person: Person, rank: int) -> bool:
    """Whether marks that are meant to tell people apart say that these are two, though they fit in another way."""
    one, other = _source(entry.key), _source(person.key)
    if one and one == other:
        return not _same(entry.key, person.key)
    if rank == _BY_BARE_KEY:
        return bool(one and other)
    return rank == _BY_NAME and bool(entry.email and person.email) and not _same(entry.email, person.email)


def _name_forms(name: str) -> set[str]:
    """A name whatever the order of its words, and as Canvas writes it in names of files: `lovelaceada`."""
    words = re.findall(r"[^\W_]+", _fold(name))
    if not words:
        return set()
    last, _, first = _fold(name).partition(",")
    turned = re.findall(r"[^\W_]+", f"{first} {last}")
    shifted = words[-1:] + words[:-1]
    return {" ".join(sorted(words)), *("".join(form) for form in (words, turned, shifted))}

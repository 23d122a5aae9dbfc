"""The places that a command line names, and what lies in each.

A place is mostly a PATH. Where a shell's `*` has named people's folders one by one, all of them are one place: what
lies in somebody's folder must not be taken for a class.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from autograder.errors import UserError
from autograder.intake import archive
from autograder.intake.candidate import TIMESTAMP
from autograder.intake.kinds import FileKind, suffix_of
from autograder.intake.layouts.base import Ignored, Level
from autograder.intake.layouts.plain import hidden, hidden_name, is_of_one, says_unit_alone
from autograder.intake.tree import Entry, entries_of_folder, entries_of_zip, entry_of_file


@dataclass(frozen=True, kw_only=True)
class ReadPlace:
    """A place, and what lies in it.

    Attributes:
        title: as it was named.
        entries: its files, without what is ignored whatever it is.
        name: what it is called, which may be the name of its only person.
        is_zip: whether it is a zip.
    """

    title: str
    entries: Sequence[Entry]
    name: str
    is_zip: bool = False


@dataclass(frozen=True)
class _Named:
    """A PATH: the folder around it, the names of its entries from there, and whether it is somebody's."""

    path: Path
    around: Path
    prefix: tuple[str, ...]
    place: ReadPlace
    is_persons: bool

    @property
    def is_zip(self) -> bool:
        return self.place.is_zip

    @property
    def from_around(self) -> list[Entry]:
        """The entries as seen from the folder around; a zip is what somebody gave, and not what is inside."""
        if self.is_zip:
            return [entry_of_file(self.path)]
        return [replace(entry, parts=(*self.prefix, *entry.parts)) for entry in self.place.entries]


def places_of(
    paths: Iterable[Path], unit: str, results: Path | None, ignored: Counter[str]
) -> list[ReadPlace]:
    """What the command line names.

    Args:
        paths: as named; one that is named twice is one.
        unit: the unit's id.
        results: the folder of the grader's own results, which is nobody's.
        ignored: rule -> how many files; what is found is added.

    Raises:
        UserError: a path does not exist or cannot be read.
    """
    named = [
        _named(path, unit, results, ignored) for path in {path.resolve(): path for path in paths}.values()
    ]
    beside: dict[tuple[Path, bool], list[_Named]] = defaultdict(list)
    for item in named:
        beside[item.around, item.is_zip].append(item)
    places = []
    for (around, _), those in beside.items():
        if len(those) > 1 and any(item.is_persons for item in those):
            entries = [entry for item in those for entry in item.from_around]
            title = f"{len(those)} paths in {around}"
            places.append(ReadPlace(title=title, entries=entries, name=around.name))
        else:
            places += [item.place for item in those]
    return [place for place in places if place.entries]


def _named(path: Path, unit: str, results: Path | None, ignored: Counter[str]) -> _Named:
    try:
        if not path.exists():
            raise UserError(f"{path}: no such file or folder")
        if path.is_dir():
            return _folder(path, unit, entries_of_folder(path, results), ignored)
        if suffix_of(path.name)[1] == FileKind.ZIP:
            return _zip(path, unit, ignored)
        return _file(path, unit, ignored)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}") from error
    except UserError as error:
        raise error if str(path) in str(error) else UserError(f"{path} {error}") from error


def _zip(path: Path, unit: str, ignored: Counter[str]) -> _Named:
    entries = _kept(entries_of_zip(path, archive.MOST_OF_A_CLASS), ignored)
    place = ReadPlace(title=str(path), entries=entries, name=path.name, is_zip=True)
    is_persons = is_of_one(Level(entries=entries, unit=unit, name=path.name, is_zip=True))
    return _Named(path, path.resolve().parent, (), place, is_persons)


def _folder(path: Path, unit: str, entries: list[Entry], ignored: Counter[str]) -> _Named:
    folder = path.resolve()
    person = folder.parent if folder.name == unit else folder
    kept = _kept(entries, ignored)
    if folder.name == unit:
        kept = [replace(entry, parts=(unit, *entry.parts)) for entry in kept]
    place = ReadPlace(title=str(path), entries=kept, name=person.name)
    is_persons = is_of_one(Level(entries=kept, unit=unit, name=person.name))
    return _Named(path, person.parent, (person.name,), place, is_persons)


def _file(path: Path, unit: str, ignored: Counter[str]) -> _Named:
    """A file that names the unit and nobody is of the folder around it, as in nbgrader's tree."""
    folder = path.resolve().parent
    entries = [entry_of_file(path)]
    if not says_unit_alone(path.name, unit):
        place = ReadPlace(title=str(path), entries=_kept(entries, ignored), name="")
        return _Named(path, folder, (), place, True)
    if folder.name == unit and os.path.lexists(folder / TIMESTAMP):
        entries.append(entry_of_file(folder / TIMESTAMP))
    made = _folder(folder, unit, entries, ignored)
    return replace(made, path=path, place=replace(made.place, title=str(path)), is_persons=True)


def _kept(entries: Iterable[Entry], ignored: Counter[str]) -> list[Entry]:
    """The files that are not ignored whatever they are; a folder with nothing else in it is an empty one."""
    kept: list[Entry] = []
    emptied: dict[tuple[str, ...], Entry] = {}
    for entry in entries:
        rule = hidden(entry) if entry.parts else Ignored("members without a name")
        if rule is None:
            kept.append(entry)
            continue
        ignored[rule.rule] += not entry.is_folder
        depth = next((depth for depth in range(len(entry.parts)) if hidden_name(entry.parts[depth])), 0)
        if depth:
            parts = entry.parts[:depth]
            emptied.setdefault(parts, Entry(parts=parts, source=entry.source, is_folder=True))
    filled = {entry.parts[:depth] for entry in kept for depth in range(1, len(entry.parts) + 1)}
    return [*kept, *(entry for parts, entry in emptied.items() if parts not in filled)]

"""What one person gave at one time, and which of its files counts.

What `cu.submit` made comes first, then the notebook under its released name, then any other of the unit. Of files of
one kind the later copy counts, by the moment that `cu.submit` wrote down or by the number behind the name: never by
the times of files, which copying changes. A notebook in which nothing was filled in never comes before one in which
something was.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import msgspec

from autograder.errors import UserError
from autograder.intake import archive
from autograder.intake.archive import Member
from autograder.intake.belonging import KnownExercises, is_blank, of_this_unit
from autograder.intake.beside import with_files
from autograder.intake.candidate import Candidate, shown
from autograder.intake.kinds import FileKind, renamed_flag, suffix_of
from autograder.intake.layouts.plain import hidden
from autograder.intake.layouts.table import is_of_a_class
from autograder.intake.naming import HANDED_IN, OTHER, RELEASED, called, named
from autograder.intake.submission import Giver, Submission, Unreadable, When, read_candidate
from autograder.intake.tree import LEADS_OUT, Entry, entries_of_zip
from autograder.results import Flag, FlagKind
from course_utils.slices.plain import clip, clip_path, several

# Of one hand-in so many files are read to find the one that counts.
_MOST_READ = 10
BESIDE = "other files beside a notebook"


@dataclass(kw_only=True)
class HandIn:
    """Files of one person, and what is known of their hand-in.

    Attributes:
        place: number of the PATH that they come from.
        attempt: which of several it is, as the source counts them.
        submitted_at: when it was handed in, if somebody recorded that.
        marked_late: whether the source says that it is late.
        candidates: what may count.
        refused: what cannot be read, with the reason.
        others: what is neither notebook nor script.
        typed: what was typed into a form.
        empty: folders.
        newest: the latest time of a file; orders hand-ins of different places, and nothing else.
    """

    place: int
    attempt: int = 0
    submitted_at: dt.datetime | None = None
    marked_late: bool = False
    flags: list[Flag] = field(default_factory=list)
    candidates: list[Candidate] = field(default_factory=list)
    refused: list[tuple[Entry, str]] = field(default_factory=list)
    others: list[Entry] = field(default_factory=list)
    typed: list[Entry] = field(default_factory=list)
    empty: list[Entry] = field(default_factory=list)
    newest: dt.datetime | None = None
    _code: list[tuple[tuple[str, ...], Entry]] = field(default_factory=list)

    def add(
        self,
        entry: Entry,
        parts: tuple[str, ...],
        unit: str,
        *,
        named_for_person: bool = False,
        is_sure: bool = True,
    ) -> None:
        """Take in a file, or what a zip holds.

        Args:
            entry: the file.
            parts: its own path inside the hand-in.
            unit: id of the unit.
            named_for_person: whether it lies among those of others, so that its name holds the person's as well.
            is_sure: whether a learning system says whose it is; a zip that somebody named may be a class's.
        """
        # A file that is called as a learning system calls people's folders has no name of its own.
        parts = parts or (() if entry.is_folder else entry.parts[-1:])
        for item, own, flags in _unpacked(entry, parts, unit if named_for_person and not is_sure else ""):
            self._take(item, own, unit, flags, named_for_person=named_for_person and item is entry)

    def _take(
        self, entry: Entry, parts: tuple[str, ...], unit: str, flags: list[Flag], *, named_for_person: bool
    ) -> None:
        if entry.time and (self.newest is None or entry.time > self.newest):
            self.newest = entry.time
        if entry.refused:
            self.refused.append((entry, entry.refused))
            return
        if entry.is_folder:
            self.empty.append(entry)
            return
        stem, kind, is_renamed = suffix_of(parts[-1])
        if kind == FileKind.MAYBE_NOTEBOOK:
            kind = FileKind.NOTEBOOK if entry.is_notebook else FileKind.OTHER
        if kind not in (FileKind.NOTEBOOK, FileKind.SCRIPT):
            self.others.append(entry)
            return
        if entry.guessed:
            text = f"the zip does not say in which encoding its names are: read as {entry.guessed}"
            flags.append(Flag(kind=FlagKind.GUESSED_NAME, text=text, audience="staff"))
        if is_renamed:
            flags.append(renamed_flag(parts[-1], stem, kind))
        self.candidates.append(
            Candidate(
                entry=entry,
                parts=parts,
                is_script=kind == FileKind.SCRIPT,
                called=named(stem, unit).called if named_for_person else called(stem, unit),
                flags=flags,
            )
        )

    def settle(self, unit: str) -> None:
        """When all files are in: what lies beside notebooks, or beside the unit's folder, is second."""
        if any(not item.is_script for item in self.candidates):
            # Modules of one's own.
            scripts = [item for item in self.candidates if item.is_script]
            self._code += [(item.parts, item.entry) for item in scripts]
            self.others += [item.entry for item in scripts]
            self.candidates = [item for item in self.candidates if not item.is_script]
        if any(item.parts[0] == unit and len(item.parts) > 1 for item in self.candidates):
            for item in self.candidates:
                item.beside_unit = item.parts[0] != unit
        self.candidates.sort(key=lambda item: item.order)

    def data_of(self, path: str) -> bytes:
        """The content of the file that counts, as read. Raises `OSError` or `UserError` if it is gone."""
        entry = next(item.entry for item in self.candidates if item.path == path)
        return entry.source.read_bytes()

    def read(
        self, owner: Giver, attempt: int, known: KnownExercises, flags: Sequence[Flag]
    ) -> Submission | Unreadable:
        """Read what counts.

        Args:
            owner: whose it is.
            attempt: 1 for the first of several.
            known: by what a file of the unit is recognised.
            flags: what is to be said besides.
        """
        when = When(attempt, self.submitted_at, self.marked_late)
        if not self.candidates:
            return self._nothing(owner, when)
        chosen, item, why = self._chosen(owner, when, known)
        if isinstance(chosen, Unreadable):
            return chosen
        said = (
            *chosen.flags,
            *self.flags,
            *flags,
            *self._of_refused(),
            *self._of_choice(item, owner.unit, why),
        )
        return with_files(
            replace(chosen, flags=tuple(dict.fromkeys(map(_clipped, said)))), self._beside(item)
        )

    def _beside(self, chosen: Candidate) -> dict[str, Entry]:
        """Path, seen from the folder of what counts -> file of code there and below."""
        folder = chosen.parts[:-1]
        found = {}
        for parts, entry in [*self._code, *((item.parts, item.entry) for item in self.candidates)]:
            if entry is not chosen.entry and parts[: len(folder)] == folder:
                found["/".join(parts[len(folder) :])] = entry
        return found

    def _chosen(
        self, owner: Giver, when: When, known: KnownExercises
    ) -> tuple[Submission | Unreadable, Candidate, str]:
        """What counts, of which file it is, and why that."""
        results: dict[int, Submission | Unreadable] = {}

        def read(place: int) -> Submission | Unreadable:
            if place not in results:
                results[place] = of_this_unit(read_candidate(self.candidates[place], owner, when), known)
            return results[place]

        first = self.candidates[0]
        order = list(range(len(self.candidates)))
        if len(order) == 1:
            return read(0), first, ""
        why = _REASONS[first.called.rank]
        made = [place for place in order if self._is_made(self.candidates[place])][:_MOST_READ]
        if len(made) > 1:
            found = {place: read(place) for place in made}
            moments = {
                place: item.made
                for place, item in found.items()
                if isinstance(item, Submission) and item.made
            }
            if moments:
                # Those that do not say when come after, in the order of their numbers.
                order[: len(made)] = sorted(made, key=lambda place: moments.get(place, ""), reverse=True)
                why = "cu.submit made it last"
        blank, unread = None, None
        for place in order[:_MOST_READ]:
            item = read(place)
            if isinstance(item, Unreadable):
                unread = place if unread is None and blank is None else unread
            elif is_blank(item.cells, known.own):
                blank = place if blank is None else blank
            else:
                if unread is not None:
                    why = f"{clip_path(self.candidates[unread].path)} cannot be graded"
                elif blank is not None:
                    why = f"{clip_path(self.candidates[blank].path)} has nothing filled in"
                return item, self.candidates[place], why
        # A file that cannot be read may be the work; a blank one is not.
        place = unread if unread is not None else blank if blank is not None else order[0]
        return read(place), self.candidates[place], "nothing is filled in in any of them"

    def _is_made(self, item: Candidate) -> bool:
        first = self.candidates[0]
        return item.called.rank == HANDED_IN and item.beside_unit == first.beside_unit

    def _of_choice(self, item: Candidate, unit: str, why: str) -> list[Flag]:
        flags = []
        if item.called.rank == OTHER:
            text = f"the notebook is called {clip_path(item.parts[-1])} instead of {unit}.ipynb"
            flags.append(Flag(kind=FlagKind.RENAMED_FILE, text=text, audience="student"))
        if others := [clip_path(other.path) for other in self.candidates if other is not item]:
            text = (
                f"{len(others) + 1} files of this student: {clip_path(item.path)} counts, because {why}. Passed over: "
                f"{several(others)}"
            )
            flags.append(Flag(kind=FlagKind.SEVERAL_FILES, text=text, audience="staff"))
        return flags

    def _of_refused(self) -> list[Flag]:
        by_reason: dict[str, list[str]] = {}
        for entry, reason in self.refused:
            by_reason.setdefault(reason, []).append(clip_path(shown(entry)))
        return [
            Flag(
                kind=FlagKind.LEADS_OUT if reason == LEADS_OUT else FlagKind.NOT_READ,
                text=f"{several(paths)} {reason}",
                audience="student",
            )
            for reason, paths in by_reason.items()
        ]

    def _nothing(self, owner: Giver, when: When) -> Unreadable:
        """Why there is nothing that could be read."""
        if self.refused:
            entry, reason = self.refused[0]
        elif self.others:
            entry, reason = self.others[0], "is no notebook: an .ipynb, .py or .zip is needed"
        elif self.typed:
            entry, reason = self.typed[0], "was typed into the learning system: the notebook itself is needed"
        elif self.empty:
            entry, reason = self.empty[0], f"is a folder without a notebook: {owner.unit}.ipynb is missing"
        else:
            # Of a person with a recorded time alone.
            return owner.unreadable(
                owner.student, f"handed in no notebook: {owner.unit}.ipynb is missing", when
            )
        return owner.unreadable(shown(entry), reason, when)


_REASONS = {
    HANDED_IN: "cu.submit made it",
    RELEASED: "it is called as the unit is, with the highest number",
    OTHER: "of other names it comes first",
}


def _clipped(flag: Flag) -> Flag:
    return msgspec.structs.replace(flag, text=clip(flag.text))


def _unpacked(
    entry: Entry, parts: tuple[str, ...], class_of: str
) -> Iterator[tuple[Entry, tuple[str, ...], list[Flag]]]:
    """A file as it is; of a zip its files, and of the zips inside those theirs: no deeper, and no more than is read."""
    if entry.refused or entry.is_folder or suffix_of(parts[-1])[1] != FileKind.ZIP:
        yield entry, parts, []
        return
    left = archive.MAX_UNPACKED
    zips = 0
    found = _members(entry)
    if class_of and is_of_a_class(found, class_of):
        yield replace(entry, refused=_OF_A_CLASS), parts, []
        return
    for item in found:
        own = (*parts, *item.parts)
        if item.refused or suffix_of(own[-1])[1] != FileKind.ZIP:
            yield item, own, []
            continue
        zips += 1
        left -= item.size
        if zips > archive.MAX_ZIPS:
            reason = f"is one of more than {archive.MAX_ZIPS} zips in a zip: hand in the notebook alone"
            yield replace(item, refused=reason), own, []
        elif left < 0:
            yield replace(item, refused=_too_large()), own, []
        else:
            for inner in _members(item):
                left -= inner.size
                reason = inner.refused or (
                    _TOO_DEEP if suffix_of((*own, *inner.parts)[-1])[1] == FileKind.ZIP else ""
                )
                reason = reason or (_too_large() if left < 0 else "")
                yield replace(inner, refused=reason), (*own, *inner.parts), []


_OF_A_CLASS = (
    "is a learning system's download of several people: name it on the command line, and it is read as one"
)
_TOO_DEEP = "is a zip in a zip in a zip: not read"


def _too_large() -> str:
    most = f"{archive.MAX_BYTES // 2**20} MB a file, {archive.MAX_UNPACKED // 2**20} MB in all"
    return f"unpacks to more than is read of a zip in a zip ({most}): hand in the notebook alone"


def _members(packed: Entry) -> list[Entry]:
    """What a person's zip holds, without what systems leave there; the zip itself, refused, if it cannot be read."""
    if packed.size > archive.MAX_BYTES and isinstance(packed.source, Member):
        # To be looked into, it would be unpacked as a whole.
        return [replace(packed, parts=(), refused=_too_large())]
    try:
        found = [item for item in entries_of_zip(packed.source) if item.parts and not hidden(item)]
    except (UserError, OSError) as error:
        return [replace(packed, parts=(), refused=str(error))]
    if not any(item.refused or suffix_of(item.parts[-1])[1] for item in found):
        return [replace(packed, parts=(), refused="has no notebook in it: an .ipynb or .py is needed")]
    return found

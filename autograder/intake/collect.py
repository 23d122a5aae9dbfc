"""Find the hand-ins of a class: whose each file is, and what is nobody's.

A place (a folder, a zip, a file that the command line names) is read once, its layout is recognised, and every file
of it goes to one person, or to a group, or is ignored by a rule. Nothing is read before it is asked for
(`Found.read`), but for the tables of contents of zips, and the beginnings of files whose names leave open what they
are.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from autograder.errors import UserError
from autograder.intake.belonging import KnownExercises
from autograder.intake.candidate import TIMESTAMP, recorded_time
from autograder.intake.handin import BESIDE, HandIn
from autograder.intake.layouts.base import Ignored, Level, Whose
from autograder.intake.layouts.plain import hidden
from autograder.intake.layouts.table import Arrangement, arranged
from autograder.intake.persons import labels
from autograder.intake.places import places_of
from autograder.intake.submission import Giver, Submission, Unreadable
from autograder.intake.tree import Entry, entries_of_folder
from autograder.results import Flag, FlagKind, Person
from course_utils.slices.plain import several

# Where the best attempt counts, all are run: a student must not keep a class waiting with thousands.
MOST_ATTEMPTS = 20
_LONG_AGO = dt.datetime.min.replace(tzinfo=dt.UTC)


@dataclass(frozen=True, kw_only=True)
class Found:
    """A person of whom something was found; nothing is read yet, so that a large class needs little memory.

    Attributes:
        person: who it is.
        student: how tables and pages call the person, unlike all others.
        unit: id of the unit.
        hand_ins: in their order, the latest last.
        known: by what a file of the unit is recognised.
        group: whose members share the hand-ins.
        flags: what is to be said of the person.
    """

    person: Person
    student: str
    unit: str
    hand_ins: tuple[HandIn, ...]
    known: KnownExercises
    group: str | None = None
    flags: tuple[Flag, ...] = ()

    def called(self, student: str) -> Found:
        """The same under another label."""
        return replace(self, student=student)

    def handed_in_at(self, moment: dt.datetime, attempts: str) -> Found:
        """The same, what counts handed in at this moment."""
        last = self.counting(attempts)[-1]
        made = [
            replace(item, submitted_at=moment) if number == last else item
            for number, item in enumerate(self.hand_ins, start=1)
        ]
        return replace(self, hand_ins=tuple(made))

    def read(self, attempts: str = "latest") -> list[Submission | Unreadable]:
        """Read what may count: the latest hand-in, the first, or all for the best to be chosen.

        Args:
            attempts: `"latest"`, `"first"` or `"best"`, as in course.toml.
        """
        owner = Giver(self.person, self.student, self.unit, self.group)
        numbers = self.counting(attempts)
        flags = list(self.flags)
        if len(self.hand_ins) > 1:
            flags.append(self._of_attempts(numbers, attempts))
        return [self.hand_ins[number - 1].read(owner, number, self.known, flags) for number in numbers]

    def counting(self, attempts: str) -> list[int]:
        """Numbers of the hand-ins that may count."""
        last = len(self.hand_ins)
        every = range(max(1, last - MOST_ATTEMPTS + 1), last + 1)
        return {"latest": [last], "first": [1], "best": list(every)}[attempts]

    def _of_attempts(self, numbers: list[int], attempts: str) -> Flag:
        last = len(self.hand_ins)
        if attempts == "best":
            which = (
                "the best counts" if len(numbers) == last else f"the best of the {len(numbers)} latest counts"
            )
        else:
            which = f"the {attempts} counts, by {_ordered_by(self.hand_ins)}"
        paths = [item.candidates[0].path for item in self.hand_ins if item.candidates]
        text = f"{last} hand-ins of this student: {which}. Found: {several(paths)}"
        return Flag(kind=FlagKind.SEVERAL_FILES, text=text, audience="staff")


@dataclass
class Intake:
    """All that was found.

    Attributes:
        found: one for each person, in the order of their labels.
        places: what was recognised, a sentence for each place.
        ignored: rule -> how many files.
        missing: who is on the roster, and handed in nothing.
    """

    found: list[Found]
    places: list[str]
    ignored: Counter[str]
    missing: tuple[Person, ...] = ()

    def __iter__(self) -> Iterator[Found]:
        return iter(self.found)

    def __len__(self) -> int:
        return len(self.found)

    def counts(self, attempts: str = "latest", damaged: Collection[str] = ()) -> FileCounts:
        """What becomes of the files that were seen.

        Args:
            attempts: which hand-ins count.
            damaged: keys of the people of whom nothing could be graded, known once their files were read.
        """
        graded = passed = beside = refused = 0
        seen: set[int] = set()
        for item in self.found:
            counting = item.counting(attempts)
            for number, hand_in in enumerate(item.hand_ins, start=1):
                if id(hand_in) in seen:
                    # A group's.
                    continue
                seen.add(id(hand_in))
                counts = number in counting and bool(hand_in.candidates)
                graded += counts and item.person.key not in damaged
                refused += counts and item.person.key in damaged
                passed += len(hand_in.candidates) - counts
                refused += len(hand_in.refused) + (
                    0 if hand_in.candidates else len(hand_in.others + hand_in.typed)
                )
                beside += len(hand_in.others + hand_in.typed) if hand_in.candidates else 0
        ignored = self.ignored + Counter({BESIDE: beside})
        return FileCounts(graded, passed, refused, ignored)


@dataclass(frozen=True)
class FileCounts:
    """What becomes of the files that were seen.

    Attributes:
        read: are graded; before they are read, all that will be.
        passed_over: another file of the same person counts.
        refused: cannot be read, are damaged, or hold the work of another unit.
        ignored: rule -> how many.
    """

    read: int
    passed_over: int
    refused: int
    ignored: Mapping[str, int]

    @property
    def seen(self) -> int:
        """All of them."""
        return self.read + self.passed_over + self.refused + sum(self.ignored.values())

    def in_words(self, read: str = "read") -> str:
        """That no file has vanished: a sentence in which each was read, or somebody can see why not.

        Args:
            read: what became of those that were read.
        """
        parts = [f"{self.read} {read}"]
        if self.passed_over:
            parts.append(f"{self.passed_over} passed over for another of the same person")
        if self.refused:
            parts.append(f"{self.refused} unreadable")
        if ignored := {rule: count for rule, count in self.ignored.items() if count}:
            rules = ", ".join(f"{rule} {count}" for rule, count in sorted(ignored.items()))
            parts.append(f"{sum(ignored.values())} ignored ({rules})")
        return f"{self.seen} file{'s' * (self.seen != 1)} seen: {', '.join(parts)}."


@dataclass
class _Gathered:
    """What came together of one person."""

    person: Person
    group: str | None
    hand_ins: dict[tuple[object, ...], HandIn] = field(default_factory=dict)


def collect(
    paths: Iterable[Path],
    unit: str,
    results: Path | None = None,
    *,
    layout: str | None = None,
    known: KnownExercises | None = None,
    zone: dt.tzinfo | None = None,
) -> Intake:
    """All hand-ins of a unit found in `paths`.

    Args:
        paths: nbgrader's `submitted/`, a learning system's download, a folder of notebooks or of people's folders, one
            person's folder, a notebook; folders or zips.
        unit: the unit's id.
        results: the folder of the grader's own results: it may lie among the hand-ins, and is nobody's.
        layout: the name of the layout in `autograder.intake.layouts.table`; recognised if left out.
        known: by what files of this unit and of others are recognised.
        zone: that of the course, for times without one.

    Raises:
        UserError: a path does not exist or cannot be read, or none holds anything to grade, or none has the layout.
    """
    paths = list(paths)
    known = known or KnownExercises(unit, ())
    ignored: Counter[str] = Counter()
    people: dict[str, _Gathered] = {}
    places = []
    for number, place in enumerate(places_of(paths, unit, results, ignored)):
        level = Level(
            entries=place.entries,
            unit=unit,
            name=place.name,
            units=tuple(known.others),
            zone=zone,
            is_zip=place.is_zip,
        )
        read_as = _gather(place.entries, arranged(level, layout), _Where(number, unit, zone), people, ignored)
        places.append(f"{place.title}: read as {', and '.join(_read_as(*item) for item in read_as)}")
    found = [_found(item, unit, known) for item in people.values() if item.hand_ins]
    if not found:
        listed = ", ".join(str(path) for path in paths)
        raise UserError(
            f"{listed}: no submission of {unit!r} found. Expected STUDENT/{unit}/{unit}.ipynb (nbgrader), "
            f"STUDENT.ipynb, or a learning system's download{_said(ignored)}"
        )
    called = labels(item.person for item in found)
    found = [replace(item, student=called[item.person.key]) for item in found]
    return Intake(sorted(found, key=lambda item: item.student), places, ignored)


def hand_in_of(folder: Path, unit: str) -> HandIn:
    """All that lies in one person's folder of a unit, as one hand-in. Raises `OSError` if it cannot be listed."""
    hand_in = HandIn(place=0)
    for entry in entries_of_folder(folder):
        if not hidden(entry) and entry.parts != (TIMESTAMP,):
            hand_in.add(entry, entry.parts, unit)
    if not (hand_in.candidates or hand_in.refused or hand_in.others):
        hand_in.empty.append(Entry(parts=(), source=folder, is_folder=True))
    hand_in.settle(unit)
    return hand_in


def _said(ignored: Mapping[str, int]) -> str:
    if not ignored:
        return ""
    return f". Ignored were {', '.join(f'{count} {rule}' for rule, count in sorted(ignored.items()))}"


def _read_as(title: str, keys: Collection[str]) -> str:
    return title if title.startswith("one person") else f"{title} of {_count(len(keys))}"


def _count(people: int) -> str:
    return "one person" if people == 1 else f"{people} people"


@dataclass(frozen=True)
class _Where:
    number: int
    unit: str
    zone: dt.tzinfo | None


def _gather(
    entries: Iterable[Entry],
    arrangement: Arrangement,
    place: _Where,
    people: dict[str, _Gathered],
    ignored: Counter[str],
) -> list[tuple[str, set[str]]]:
    """Give each file to whom it is of. Returns the titles of the layouts that said so, and of whom."""
    touched: list[HandIn] = []
    read_as: dict[str, set[str]] = {}
    for outer in [*entries, *arrangement.expected]:
        layout, found, entry = arrangement.whose(outer)
        if isinstance(found, Ignored):
            ignored[found.rule] += not entry.is_folder
            continue
        read_as.setdefault(layout.title, set()).update(item.key for item in found.people)
        hand_in = _hand_in(found, place, people)
        touched.append(hand_in)
        _put(entry, found, hand_in, place, ignored)
    for hand_in in touched:
        hand_in.settle(place.unit)
    return list(read_as.items())


def _hand_in(whose: Whose, place: _Where, people: dict[str, _Gathered]) -> HandIn:
    """The hand-in that a file belongs to; members of a group have the same."""
    # Somebody may hand in with a group, and alone: what others have no part in is none of theirs.
    at = (place.number, whose.attempt, *sorted(item.key for item in whose.people))
    shared = HandIn(place=place.number, attempt=whose.attempt)
    for person in whose.people:
        gathered = people.setdefault(person.key, _Gathered(person, whose.group))
        if gathered.person.name == gathered.person.key != person.name:
            # Another file says the name.
            gathered.person = person
        shared = gathered.hand_ins.setdefault(at, shared)
    return shared


def _put(entry: Entry, whose: Whose, hand_in: HandIn, place: _Where, ignored: Counter[str]) -> None:
    hand_in.submitted_at = hand_in.submitted_at or whose.submitted_at
    hand_in.marked_late |= whose.late
    hand_in.flags += [flag for flag in whose.flags if flag not in hand_in.flags]
    if whose.is_text and not entry.is_folder:
        hand_in.typed.append(entry)
    elif not whose.is_upload and whose.parts in ((TIMESTAMP,), (place.unit, TIMESTAMP)):
        ignored["times of hand-in"] += 1
        time, flags = recorded_time(entry, place.zone)
        hand_in.submitted_at = time or hand_in.submitted_at
        hand_in.flags += flags
    else:
        hand_in.add(
            entry,
            whose.parts,
            place.unit,
            named_for_person=whose.parts == entry.parts and len(entry.parts) == 1,
            is_sure=whose.is_sure,
        )


def _found(gathered: _Gathered, unit: str, known: KnownExercises) -> Found:
    ordered = _in_order(list(gathered.hand_ins.values()))
    # A hand-in with nothing in it, such as an empty folder beside a file, is none beside another.
    filled = [item for item in ordered if item.candidates] or [
        item for item in ordered if item.refused or item.others or item.typed
    ]
    kept = filled or ordered[-1:]
    for item in ordered:
        if item not in kept:
            kept[-1].refused += item.refused
            kept[-1].others += item.others
            kept[-1].typed += item.typed
    return Found(
        person=gathered.person,
        student=gathered.person.name,
        unit=unit,
        hand_ins=tuple(kept),
        known=known,
        group=gathered.group,
    )


def _in_order(hand_ins: list[HandIn]) -> list[HandIn]:
    """The latest last: by recorded times; else by the times of places, and by the source's own count."""
    if all(item.submitted_at for item in hand_ins):
        return sorted(hand_ins, key=lambda item: (item.submitted_at or _LONG_AGO, item.place, item.attempt))
    newest: dict[int, dt.datetime] = {}
    for item in hand_ins:
        newest[item.place] = max(
            newest.get(item.place, _LONG_AGO), item.submitted_at or item.newest or _LONG_AGO
        )
    return sorted(hand_ins, key=lambda item: (newest[item.place], item.place, item.attempt))


def _ordered_by(hand_ins: Collection[HandIn]) -> str:
    """What put several hand-ins in order, for a person who may know better."""
    if all(item.submitted_at for item in hand_ins) and len({item.submitted_at for item in hand_ins}) > 1:
        return "the recorded times"
    if len({item.attempt for item in hand_ins}) == len(hand_ins):
        return "the number of the attempt"
    return "the times of the files, which copying may have changed, where nothing was recorded"

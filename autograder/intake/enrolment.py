"""What a course knows of its people, laid over what was found: who they are, who is missing, when they handed in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from autograder.intake.collect import Found, Intake
from autograder.intake.persons import labels
from autograder.intake.tables import Roster, RosterEntry
from autograder.results import Flag, FlagKind, Person
from course_utils.slices.plain import several

_UNKNOWN = Flag(
    kind=FlagKind.UNKNOWN_PERSON,
    text="is not on the roster: is the key right, and the person in the course?",
    audience="staff",
)
_BY_NAME = Flag(
    kind=FlagKind.UNKNOWN_PERSON,
    text="was found on the roster by the name alone: is it the same person?",
    audience="staff",
)


def enrolled(intake: Intake, roster: Roster) -> Intake:
    """The people with the names of the roster; those of whom nothing was found are missing.

    A group's hand-in, of which the learning system names the group or one member, becomes one for each member.
    """
    found = [item for each in intake for item in _members(each, roster)]
    matching = roster.match(item.person for item in found)
    made = []
    for item in found:
        entry = matching.entries.get(item.person.key)
        if entry is None:
            made.append(replace(item, flags=(*item.flags, _UNKNOWN)))
            continue
        flags = (*item.flags, _BY_NAME) if entry.by_name else item.flags
        made.append(replace(item, person=_person(item.person.key, entry, item.person), flags=flags))
    missing = tuple(_person(entry.key, entry) for entry in matching.unseen)
    called = labels((*(item.person for item in made), *missing))
    notices = [*intake.places, *roster.notices, *_told(matching.unknown, len(missing), roster)]
    return replace(
        intake, found=[item.called(called[item.person.key]) for item in made], places=notices, missing=missing
    )


def timed(intake: Intake, times: Roster, attempts: str) -> Intake:
    """The hand-ins with the times of a table, which win over what was found."""
    matching = times.match(item.person for item in intake)
    made = []
    for item in intake:
        entry = matching.entries.get(item.person.key)
        made.append(item.handed_in_at(entry.submitted_at, attempts) if entry and entry.submitted_at else item)
    notices = [*intake.places, *times.notices]
    if lost := [entry.key for entry in matching.unseen if entry.submitted_at]:
        notices.append(f"{times.path} has times of {several(lost)}, of whom nothing was found")
    return replace(intake, found=made, places=notices)


def _members(found: Found, roster: Roster) -> Iterator[Found]:
    """One for each member of a group that the hand-in is named for; itself for a person's own."""
    name = _folded(found.person.name)
    of_group = [entry for entry in roster.entries if entry.group and _folded(entry.group) == name]
    own = roster.find(found.person)
    if (
        found.group is not None
        or not of_group
        or (own is not None and own.key not in {item.key for item in of_group})
    ):
        yield found
        return
    source, mark, _ = found.person.key.partition(":")
    for entry in of_group:
        is_own = own is not None and own.key == entry.key
        key = (
            found.person.key
            if is_own
            else entry.key
            if ":" in entry.key or not mark
            else f"{source}:{entry.key}"
        )
        yield replace(found, person=_person(key, entry), group=entry.group)


def _person(key: str, entry: RosterEntry, found: Person | None = None) -> Person:
    """Somebody by the roster; what it does not say, as found."""
    name = entry.name or (found.name if found else "") or key
    return Person(
        key=key,
        name=name,
        email=entry.email or (found.email if found else None),
        section=entry.section or (found.section if found else None),
    )


def _folded(name: str) -> str:
    """A name as far as names of files keep it."""
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def _told(unknown: Iterable[Person], missing: int, roster: Roster) -> Iterator[str]:
    if strangers := [item.key for item in unknown]:
        yield f"Not on {roster.path}: {several(strangers)}"
    if missing:
        yield f"{missing} of {len(roster.entries)} on {roster.path} handed in nothing"

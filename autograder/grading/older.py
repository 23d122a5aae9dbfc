"""Results of older versions beside today's of the same people.

Older versions had no keys: a label was all that a line said of its person. Today's line of that person has the key of
the learning system, so that both would stand in reports and exports. The older one gives way where name and file show
that both are one person's; where they do not show it, somebody is told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from autograder.course.moments import without_source
from autograder.results import FORMAT, Line
from course_utils.slices.plain import several


class Claim(NamedTuple):
    """What is known of a hand-in today: whose it is, which file counts, and the hash of its content."""

    key: str
    name: str
    unit: str
    file: str
    sha256: str


@dataclass(frozen=True)
class Older:
    """Lines of older versions.

    Attributes:
        replaced: (label, unit) of those whose person has a line of today.
        doubtful: the same of those that have somebody's name, and another file.
    """

    replaced: frozenset[tuple[str, str]]
    doubtful: tuple[tuple[str, str], ...]

    def rest_of(self, lines: Mapping[tuple[str, str], Line]) -> dict[tuple[str, str], Line]:
        """The lines that are not replaced."""
        return {place: line for place, line in lines.items() if place not in self.replaced}

    def notices(self) -> list[str]:
        """What to tell of those that are doubtful, in sentences."""
        if not self.doubtful:
            return []
        results, have = ("result", "has") if len(self.doubtful) == 1 else ("results", "have")
        which = several(f"{label}, {unit}" for label, unit in self.doubtful)
        return [
            f"{len(self.doubtful)} {results} of an older version {have} a name and no key, and a newer result of that "
            f"name is of another file ({which}): whether that is the same person cannot be told, and both stand. If it "
            "is, delete the older line."
        ]


NOTHING_OLDER = Older(frozenset(), ())


def claim_of(line: Line) -> Claim:
    """What a line of today says."""
    return Claim(line.person.key, line.person.name, line.unit, line.file, line.submission_sha256)


def older_among(lines: Mapping[tuple[str, str], Line], claims: Iterable[Claim] | None = None) -> Older:
    """Which lines are older ones of people of whom more is known today.

    Args:
        lines: (key, unit) -> what a journal says.
        claims: what is known today; what the newer lines say if left out.
    """
    if claims is None:
        claims = [claim_of(line) for line in lines.values() if line.format == FORMAT]
    by_name: dict[tuple[str, str], list[Claim]] = defaultdict(list)
    by_file: dict[tuple[str, str], list[Claim]] = defaultdict(list)
    for claim in claims:
        by_name[claim.name, claim.unit].append(claim)
        by_file[claim.file, claim.unit].append(claim)
    replaced, doubtful = set(), []
    for place, line in lines.items():
        label = line.person.key
        if not has_label_only(line):
            continue
        named = [claim for claim in by_name[label, line.unit] if claim.key != label]
        of_file = [claim for claim in by_file[line.file, line.unit] if claim.key != label]
        # A person's own decision is not to be lost.
        is_decided = line.override is not None or bool(line.written)
        if not is_decided and any(_is_same(line, claim) for claim in (*named, *of_file)):
            replaced.add(place)
        elif named and (line.format != FORMAT or any(_has_content(line, claim) for claim in named)):
            doubtful.append((label, line.unit))
    return Older(frozenset(replaced), tuple(doubtful))


def has_label_only(line: Line) -> bool:
    """Whether the key of a line is nothing but a label."""
    person = line.person
    return line.format != FORMAT or (
        person.key == person.name == line.student and without_source(person.key) == person.key
    )


def _is_same(line: Line, claim: Claim) -> bool:
    has_name, has_file = claim.name == line.person.key, bool(line.file) and claim.file == line.file
    signs = has_name + has_file + _has_content(line, claim)
    # Where folders and files of people give the key, today as well, it takes all three.
    if line.format == FORMAT:
        return signs == 3
    return signs >= 2


def _has_content(line: Line, claim: Claim) -> bool:
    return bool(line.submission_sha256) and claim.sha256 == line.submission_sha256

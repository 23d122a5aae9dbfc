"""Whose unit a file is: this one's, another's, or nobody's; and whether anything was written in it.

Found by what the release puts into a notebook (ids of cells, calls of `cu.check`, metadata), failing that by the names
of functions. Nothing is executed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from autograder.intake.submission import Submission, Unreadable
from autograder.results import Flag, FlagKind
from course_utils.slices.cells import Cell
from course_utils.slices.names import cell_id, check_cell_id, function_name
from course_utils.slices.plain import several
from course_utils.slices.slicing import NoSlice, Program

if TYPE_CHECKING:
    from autograder.course.units import Unit

# What gives a name a value; a name that is indented may be a method's, and still tells whose notebook it is.
_NAMED = re.compile(
    r"^(?P<indent>[ \t]*)(?:async[ \t]+)?(?:def|class)[ \t]+(?P<name>\w+)|^(?P<other>\w+)[ \t]*(?::[^=\n]*)?=(?!=)",
    re.MULTILINE,
)
_CHECKED = re.compile(r"\bcheck\([ \t]*[\"']([\w.]{1,100})[\"']")


@dataclass(frozen=True)
class KnownExercises:
    """By what a file is recognised.

    Attributes:
        unit: the unit that is graded.
        own: ids of its exercises, disabled ones too.
        others: other unit -> ids of its exercises.
    """

    unit: str
    own: tuple[str, ...]
    others: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def known_exercises(unit: Unit) -> KnownExercises:
    """By what the files of a unit are recognised."""
    return KnownExercises(unit.id, tuple(unit.folders), unit.exercises_elsewhere)


@dataclass(frozen=True)
class _Signs:
    """What the cells of a file tell of exercises.

    Attributes:
        ids: that only a release gives.
        names: of functions, which anybody may give.
        defined: those among the names that get their value at the top level.
    """

    ids: frozenset[str]
    names: frozenset[str]
    defined: frozenset[str]

    def released(self, exercises: Iterable[str]) -> list[str]:
        return [id_ for id_ in exercises if self.ids & {id_, cell_id(id_), check_cell_id(id_)}]

    def named(self, exercises: Iterable[str]) -> list[str]:
        return [id_ for id_ in exercises if function_name(id_) in self.names]


def _signs(cells: Iterable[Cell]) -> _Signs:
    ids: set[str] = set()
    names: set[str] = set()
    defined: set[str] = set()
    for cell in cells:
        ids |= cell.ids
        ids.update(_CHECKED.findall(cell.source))
        for found in _NAMED.finditer(cell.source):
            name = found["name"] or found["other"]
            names.add(name)
            if not found["indent"]:
                defined.add(name)
    return _Signs(frozenset(ids), frozenset(names), frozenset(defined))


def of_this_unit(read: Submission | Unreadable, known: KnownExercises) -> Submission | Unreadable:
    """What was read, if it may be graded as this unit's work; else why not.

    A file with none of this unit's exercises is another unit's if it has that one's, and a marimo file must define one.
    A file with exercises of both is graded, with a flag. What has none at all is graded as it is: with what is missing.
    """
    if isinstance(read, Unreadable):
        return read
    signs = _signs(read.cells)
    own = signs.released(known.own) or signs.named(known.own)
    other = "" if own else _other(read, signs, known)
    if read.is_marimo and signs.defined.isdisjoint(map(function_name, known.own)):
        names = several(function_name(id_) for id_ in known.own)
        return read.refused(
            f"{other or 'this is a marimo file'} and defines none of the functions of {known.unit} ({names}): hand in "
            f"the notebook of {known.unit}"
        )
    if other:
        return read.refused(f"{other}, not of {known.unit}: hand in the notebook of {known.unit}")
    foreign = {unit: found for unit, ids in known.others.items() if (found := signs.released(ids))}
    if not foreign:
        return read
    stand = several(id_ for ids in foreign.values() for id_ in ids)
    text = f"exercises of {several(foreign)} stand in it too ({stand}): only those of {known.unit} are graded"
    flag = Flag(kind=FlagKind.OTHER_UNIT, text=text, audience="staff")
    return read if flag in read.flags else replace(read, flags=(*read.flags, flag))


def _other(read: Submission, signs: _Signs, known: KnownExercises) -> str:
    """`this is the notebook of simclr (it has simclr.nt_xent)`; empty if it is of none that is known."""
    # Where it says that it is this unit's, a function's name is no proof that it is not.
    for find in (signs.released, signs.named)[: 1 if read.unit_told == known.unit else 2]:
        found = {unit: ids for unit, all_ids in known.others.items() if (ids := find(all_ids))}
        if found:
            # Of several, the one that it has most of; of equals, the one that it says it is.
            unit = max(found, key=lambda name: (len(found[name]), name == read.unit_told))
            return f"this is the notebook of {unit} (it has {several(found[unit])})"
    return f"this is the notebook of {read.unit_told}" if read.unit_told in known.others else ""


def is_blank(cells: Iterable[Cell], exercises: Iterable[str]) -> bool:
    """Whether no exercise was attempted: each has the stub of its release, or nothing at all.

    Cells that bear on no exercise are not parsed. What is no Python was attempted.

    Args:
        cells: a file's code cells.
        exercises: ids of the unit's exercises.
    """
    exercises = tuple(exercises)
    wanted = [
        cell for cell in cells if (signs := _signs([cell])).released(exercises) or signs.named(exercises)
    ]
    if not wanted:
        return True
    program = Program(wanted)
    return all(isinstance(found, NoSlice) and not found.attempted for found in map(program.slice, exercises))

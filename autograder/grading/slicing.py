"""What a person should look at in the slice of an exercise and in what came of running it, as flags.

How slices are cut is in `course_utils.slices.slicing`: `cu.submit` shows students what comes of the very same ones.
"""

from __future__ import annotations

import ast
from weakref import WeakKeyDictionary

from autograder.grading.suspicion import suspicions
from autograder.results import Flag, FlagKind
from course_utils.running.lacking import Lack
from course_utils.slices.plain import clip, several
from course_utils.slices.slicing import NoSlice, Slice

_MOST_NAMED = 8


def flags_of(exercise: str, found: Slice | NoSlice) -> list[Flag]:
    """How the code of an exercise was found, for the student too; and what is suspicious in it, for the staff."""
    flags = [Flag(kind=note.kind, text=note.text, audience="student") for note in found.notes]
    if isinstance(found, NoSlice):
        return flags
    seen = dict.fromkeys(what for item in found.statements for what in _suspicious(item.node))
    if seen:
        text = clip(f"to be looked at: {exercise} uses {several(seen, _MOST_NAMED)}")
        flags.append(Flag(kind=FlagKind.SUSPICIOUS, text=text, audience="staff"))
    return flags


def flag_of(exercise: str, lack: Lack) -> Flag:
    """What this machine does not have and the exercise's function asks for: for a person to decide about."""
    return Flag(kind=FlagKind.GRADER_LACKS, text=clip(f"{exercise}: {lack.staff}"), audience="staff")


# Trees of cells that many students have are shared, and looked through once.
_known: WeakKeyDictionary[ast.stmt, tuple[str, ...]] = WeakKeyDictionary()


def _suspicious(node: ast.stmt) -> tuple[str, ...]:
    found = _known.get(node)
    if found is None:
        try:
            found = tuple(dict.fromkeys(suspicions(node)))
        except RecursionError:
            found = ("code that is nested very deeply",)
        _known[node] = found
    return found

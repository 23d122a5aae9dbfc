"""What a person should look at in the slice of an exercise and in what came of running it, as flags.

How slices are cut is in `course_utils.slices.slicing`: `cu.submit` shows students what comes of the very same ones.
"""

from __future__ import annotations

import ast
import contextlib

from autograder.grading.suspicion import Suspicion, look_through
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
    seen = _suspicious(found)
    doubts = [item.what for item in seen if not item.ready]
    ready = [item.what for item in seen if item.ready]
    if doubts:
        text = clip(f"to be looked at: {exercise} uses {several(doubts, _MOST_NAMED)}")
        flags.append(Flag(kind=FlagKind.SUSPICIOUS, text=text, audience="staff"))
    if ready:
        named = several(ready, _MOST_NAMED)
        text = clip(f"to be looked at: {exercise} uses {named}: perhaps a ready-made answer")
        flags.append(Flag(kind=FlagKind.READY_MADE, text=text, audience="staff"))
    return flags


def flag_of(exercise: str, lack: Lack) -> Flag:
    """What this machine does not have and the exercise's function asks for: for a person to decide about."""
    return Flag(kind=FlagKind.GRADER_LACKS, text=clip(f"{exercise}: {lack.staff}"), audience="staff")


def _suspicious(found: Slice) -> list[Suspicion]:
    modules = [cell for cell in found.cells if cell.module]
    own = {cell.module.split(".")[0] for cell in modules}
    try:
        seen = look_through((item.node for item in found.statements), own)
        for cell in modules:
            with contextlib.suppress(SyntaxError, ValueError):
                seen += look_through(ast.parse(cell.source).body, own)
        return list(dict.fromkeys(seen))
    except (RecursionError, MemoryError):
        return [Suspicion("code that is nested very deeply")]

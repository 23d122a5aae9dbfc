"""The code of one exercise, cut out of a submission, with what a person should look at in it.

How it is cut is in `course_utils.slices.slicing`: `cu.submit` shows students what comes of the very same slices.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import replace
from weakref import WeakKeyDictionary

from autograder.grading.suspicion import suspicions
from autograder.intake.submission import Submission
from course_utils.slices import slicing
from course_utils.slices.plain import clip, several
from course_utils.slices.slicing import NoSlice, Slice, import_prelude

__all__ = ["NoSlice", "Program", "Slice", "import_prelude"]

_MOST_NAMED = 8


class Program(slicing.Program):
    """A submission's binding statements, parsed once for all of its exercises."""

    def __init__(self, submission: Submission, prelude: Mapping[str, str] | None = None) -> None:
        """Parse the cells of a submission; see `course_utils.slices.slicing.Program`."""
        super().__init__(submission.cells, prelude)

    def slice(self, exercise: str) -> Slice | NoSlice:
        """The slice of an exercise; what is suspicious in it is among its flags."""
        found = super().slice(exercise)
        if isinstance(found, NoSlice):
            return found
        seen = dict.fromkeys(what for item in found.statements for what in _suspicious(item.node))
        if not seen:
            return found
        flag = clip(f"to be looked at: {exercise} uses {several(seen, _MOST_NAMED)}")
        return replace(found, flags=(*found.flags, flag))


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

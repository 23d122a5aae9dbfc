"""What students are shown of a failed check: of a hidden case hardly anything, of the notebook's own case all.

Visible checks are graded with hidden seeds like all others. The cases that ship with the notebook are public, and are
run in a process that has never seen a hidden one (`autograder.grading.grader`): their messages, numbers and texts of
exceptions may be told.
"""

from __future__ import annotations

import ast
import hashlib
import re
from dataclasses import replace

from autograder.grading.figures import window
from autograder.results import Window
from course_utils.checks.judge import CheckVerdict, Verdict
from course_utils.slices.slicing import NoSlice, Slice

# What a message says of such a case begins with this, at its own beginning with a capital letter.
OWN_CASE = "in the notebook's own case"
_OWN_PART = re.compile(rf"(?:^|; ){OWN_CASE}: ", re.IGNORECASE)

# The most answers to an exercise that are remembered as right, and the longest, in characters of source.
_MOST_RIGHT = 10_000
_LONGEST = 20_000


def with_public_messages(verdict: Verdict, public: Verdict | None) -> Verdict:
    """The verdict on hidden cases, with the messages of public ones where the same is wrong in those.

    Args:
        verdict: on the hidden cases.
        public: on the public ones; None if they were not run.
    """
    if public is None:
        return verdict
    failed = [item for item in public.checks if item.difference is not None]
    checks = tuple(replace(item, message=_message(item, failed)) for item in verdict.checks)
    return replace(verdict, checks=checks)


def _message(item: CheckVerdict, public: list[CheckVerdict]) -> str:
    if item.difference is None:
        return item.message
    own = next((other for other in public if other.check.id == item.check.id), None)
    if own and _is_of_the_same(item, own):
        return f"{OWN_CASE.capitalize()}: {own.message}"
    if own:
        return f"{item.message}; {OWN_CASE}: {own.message}"
    # What the text of an exception says stands where it was raised, in the visible check.
    alike = (other for other in public if _is_of_the_same(item, other) and not _raised(other))
    other = next(alike, None)
    if other is None or other.message == item.message:  # said once is enough
        return item.message
    return f"{item.message}; {OWN_CASE}: {other.message}"


def in_two(message: str) -> tuple[str, str]:
    """What a message tells of a hidden case, and what of the notebook's own; each empty if it tells nothing of it."""
    hidden, *own = _OWN_PART.split(message, maxsplit=1)
    return hidden, "".join(own)


def _is_of_the_same(item: CheckVerdict, other: CheckVerdict) -> bool:
    """Whether both are wrong in one quantity, in whichever call."""
    one, two = (check.difference and check.difference.name._replace(call=0) for check in (item, other))
    return one == two


def _raised(item: CheckVerdict) -> bool:
    return item.difference is not None and item.difference.quantity == "exception"


def windows(verdict: Verdict, public: Verdict | None, device: str) -> dict[str, Window]:
    """Visible check that failed -> numbers of its public case, if that is wrong as well."""
    if public is None:
        return {}
    failed = {item.check.id for item in verdict.checks if not item.passed and item.observation is not None}
    return {
        item.check.id: made
        for item in public.checks
        if item.check.id in failed and (made := window(item, device))
    }


def fingerprint(slice_: Slice | NoSlice) -> str:
    """The same for slices that are one program, whatever their comments and layout; empty if it is not looked for."""
    if isinstance(slice_, NoSlice) or sum(len(cell.source) for cell in slice_.cells) > _LONGEST:
        return ""
    try:
        program = "\n".join(ast.dump(item.node) for item in slice_.statements)
    except RecursionError:
        return ""
    return hashlib.sha256(program.encode(errors="replace")).hexdigest()


class Fingerprints:
    """Those of right answers. It may be asked by several threads."""

    def __init__(self) -> None:
        self._found: set[str] = set()

    def __contains__(self, item: str) -> bool:
        return item in self._found

    def add(self, item: str) -> None:
        """Remember one, while there is room."""
        if item and len(self._found) < _MOST_RIGHT:
            self._found.add(item)

"""How much help a student has asked for, as the notebook tells it: informative, and never part of a grade.

`cu.check` writes the numbers into its output and `cu.submit` into the notebook's metadata. Both are a student's to
change, so what is read here is bounded and believed by nobody.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import msgspec

from course_utils.slices import notebook_json

# Under this type an output of `cu.check` carries `{"exercise": ..., "asked": ..., "level": ...}`.
MIME = "application/vnd.course.check+json"

_OUTPUT = re.compile(rb'"' + re.escape(MIME).encode() + rb'"\s*:\s*(\{[^{}]{0,300}\})')
_EXERCISE = re.compile(r"[a-z0-9_]{1,40}\.[a-z0-9_]{1,60}")
_MOST_ASKED, _MOST_LEVEL, _MOST_EXERCISES = 999, 3, 50


@dataclass(frozen=True)
class Help:
    """What was asked for one exercise.

    Attributes:
        asked: how often `cu.check` was called with a hint while the function was not right.
        level: the highest hint among these calls, 1 to 3.
    """

    asked: int
    level: int

    def __or__(self, other: Help) -> Help:
        """What is known of two accounts of the same work."""
        return Help(max(self.asked, other.asked), max(self.level, other.level))


def read_help(data: bytes) -> dict[str, Help]:
    """Exercise id -> help, from a notebook's metadata, or from its outputs where `cu.submit` has written none.

    Never raises: a file that is no notebook tells of no help.
    """
    return help_in(data, notebook_json.course_metadata(data))


def help_in(data: bytes, course: Mapping[str, Any]) -> dict[str, Help]:
    """As `read_help`, of a notebook whose metadata were read.

    Args:
        data: the file.
        course: what its metadata hold under `course`.
    """
    told = course.get("submission")
    written = told.get("help") if isinstance(told, dict) else None
    if isinstance(written, dict):
        return merged(_read(exercise, entry) for exercise, entry in written.items())
    found = []
    for match in _OUTPUT.finditer(data):
        try:
            entry = msgspec.json.decode(match[1])
        except (msgspec.MsgspecError, UnicodeDecodeError):
            continue
        found.append(_read(entry.get("exercise"), entry))
    return merged(found)


def merged(accounts: Iterable[Mapping[str, Help]]) -> dict[str, Help]:
    """Several accounts of the same work as one."""
    found: dict[str, Help] = {}
    for account in accounts:
        for exercise, help_ in account.items():
            if exercise in found or len(found) < _MOST_EXERCISES:
                found[exercise] = found.get(exercise, help_) | help_
    return found


def as_json(help_: Mapping[str, Help]) -> dict[str, dict[str, int]]:
    """What `read_help` reads in the metadata, under `course.submission.help`."""
    return {exercise: asdict(item) for exercise, item in help_.items()}


def _read(exercise: Any, entry: Any) -> dict[str, Help]:
    asked, level = (entry.get("asked"), entry.get("level")) if isinstance(entry, dict) else (None, None)
    known = isinstance(exercise, str) and _EXERCISE.fullmatch(exercise)
    # True is an int to Python.
    if not known or type(asked) is not int or type(level) is not int or asked < 1 or level < 1:
        return {}
    return {exercise: Help(min(asked, _MOST_ASKED), min(level, _MOST_LEVEL))}

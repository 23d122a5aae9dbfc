"""One line of `grades.jsonl`, and its flags, as types.

The order of the fields is that of the keys in the file. Keys that a newer version writes besides are passed over when
a line is read. Lines of format 1 become lines of today's in `from_format_1`.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any, Final, Literal

import msgspec

from course_utils.checks.diagnose import NOTHING_KNOWN, Diagnosis
from course_utils.checks.prepared import ExerciseStatus
from course_utils.slices import slicing
from course_utils.slices.help import Help

FORMAT = 2

GRADED: Final = "graded"
UNREADABLE: Final = "unreadable"
MISSING: Final = "missing"

Status = Literal["graded", "unreadable", "missing"]
Audience = Literal["student", "staff"]

# Units are folders in solutions/.
_UNIT = re.compile(r"\w[\w .-]*")


class FlagKind(StrEnum):
    """What a flag is about. What reads a journal must take other kinds too: a newer version may know more."""

    # Of the files.
    UNREADABLE = "unreadable"
    SEVERAL_FILES = "several-files"
    RENAMED_FILE = "renamed-file"
    NO_STUDENT = "no-student"
    LEADS_OUT = "leads-out"
    CELLS_LEFT_OUT = "cells-left-out"
    ODD_FORMAT = "odd-format"
    MERGED = "merged"
    OTHER_UNIT = "other-unit"
    NOT_READ = "not-read"
    GUESSED_NAME = "guessed-name"
    UNKNOWN_PERSON = "unknown-person"
    ATTEMPTS_NOT_RUN = "attempts-not-run"
    # Of the time of hand-in.
    BAD_TIMESTAMP = "bad-timestamp"
    MARKED_LATE = "marked-late"
    UNKNOWN_TIME = "unknown-time"
    # Of the code. Kinds of `course_utils.slices.slicing.SliceNote` stand beside these.
    SUSPICIOUS = "suspicious"
    READY_MADE = "ready-made"
    GRADER_LACKS = "grader-lacks"
    # Of a journal in format 1, which did not say.
    OLD = "old"


# What this version knows the meaning of.
_KINDS = frozenset((*FlagKind, *slicing.NOTES))


class _Part(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a line: values only, compared by them."""


class Flag(_Part, frozen=True, kw_only=True):
    """What a person should know of a hand-in.

    Attributes:
        kind: a `FlagKind`, or the kind of a `SliceNote`.
        text: a sentence without its full stop.
        audience: `student` for what the student is told too, `staff` for what only the staff is.
    """

    kind: str
    text: str
    audience: Audience


class Person(_Part, frozen=True, kw_only=True):
    """Who gets the grade.

    Attributes:
        key: what identifies the person: the id that the source of the hand-ins guarantees to be one person's alone.
        name: for reading.
        email, section: where the source of the hand-ins tells them.
    """

    key: str
    name: str
    email: str | None = None
    section: str | None = None


class Window(_Part, frozen=True, kw_only=True):
    """A few numbers of a public case around the first wrong one.

    Attributes:
        quantity: in words.
        called: with which arguments.
        part: the leading indices in a tensor of more than two dimensions, as a list in brackets; else empty.
        rows, columns: their indices.
        of: how many rows and columns there are.
        got, expected: row by row; NaN and the infinities as text.
        wrong: where they differ by more than is allowed.
    """

    quantity: str
    called: str = ""
    part: str = ""
    rows: tuple[int, ...]
    columns: tuple[int, ...]
    of: tuple[int, int]
    got: tuple[tuple[int | float | str, ...], ...]
    expected: tuple[tuple[int | float | str, ...], ...]
    wrong: tuple[tuple[bool, ...], ...]


class CheckLine(_Part, frozen=True, kw_only=True):
    """What became of one check.

    Attributes:
        points: earned, in the course's points.
        message: what is wrong, without expected values; empty if it passed.
        waits: a side check that would pass, and counts once a check of the values has passed.
        title: what it asks; a hidden one's is not for students.
        visible, side: as in `course_utils.checks.definition.Check`.
        max_points: to be earned, in the course's points.
        off_by: for a near miss, how far off the worst number is, as a share of the largest that is expected.
        shown: numbers of a public case, for a visible check that failed.
    """

    id: str
    passed: bool
    points: float
    message: str = ""
    waits: bool = False
    title: str = ""
    visible: bool = False
    side: bool = False
    max_points: float = 0.0
    off_by: float | None = None
    shown: Window | None = None


class ExerciseLine(_Part, frozen=True, kw_only=True):
    """What became of one exercise.

    Attributes:
        score, max_score: in the course's points.
        status: one of `course_utils.checks.judge`.
        checks_sha256: hash of all that decides its verdict.
        diagnosis: what is known about a wrong answer; without ideas and fact for any other.
        checks: in their order.
        seconds: wall-clock time that its checks took in the sandbox.
        help: the hints that the student says to have asked for; None if none.
    """

    score: float
    max_score: float
    status: ExerciseStatus
    checks_sha256: str = ""
    diagnosis: Diagnosis = NOTHING_KNOWN
    checks: tuple[CheckLine, ...] = ()
    seconds: float = 0.0
    help: Help | None = None


class Written(_Part, frozen=True, kw_only=True):
    """The score of a written question, by a person."""

    score: float | None
    max_score: float
    comment: str = ""


class Line(_Part, frozen=True, kw_only=True):
    """What became of one hand-in of one person. Moments are texts in ISO 8601, with a time zone.

    Attributes:
        format: of the line; 1 for one that was read from an older journal.
        student: a readable label, unique in the journal.
        group: whose members share the hand-in.
        attempt: 1 for the first of several.
        submitted_at: when it was handed in; None if nobody recorded that.
        due, extension: when the unit was due for all, and for this person if later.
        late_days: days begun since then.
        late_penalty: points lost by that.
        file: what was graded.
        release: of the notebook that was handed in.
        status: `graded`, `unreadable` (no score) or `missing` (on the roster, and nothing handed in).
        score: after what lateness costs.
        override: a person's score in place of it.
        written: cell id of a written question -> its score.
        sandbox: the tier of isolation in which it was made.
        seconds: wall-clock time in the sandbox.
        exercises: exercise id -> what became of it.
        settings_sha256: fingerprint of what decides a score besides file and checks; empty if nothing is kept for it.
    """

    format: int = FORMAT
    person: Person
    student: str
    group: str | None = None
    unit: str
    attempt: int = 1
    submitted_at: str | None = None
    due: str | None = None
    extension: str | None = None
    late_days: int = 0
    late_penalty: float = 0.0
    file: str = ""
    submission_sha256: str = ""
    checks_sha256: str = ""
    release: str | None = None
    versions: dict[str, str] = {}
    status: Status
    score: float | None
    max_score: float
    override: float | None = None
    written: dict[str, Written] = {}
    sandbox: str = ""
    device: str = ""
    seconds: float = 0.0
    exercises: dict[str, ExerciseLine] = {}
    flags: tuple[Flag, ...] = ()
    settings_sha256: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """The last line with the same one wins: the person's key, and the unit."""
        return self.person.key, self.unit


def to_json(line: Line) -> dict[str, Any]:
    """The line as JSON takes it: dictionaries, sequences, texts and numbers. The texts may be any that Python knows."""
    made: dict[str, Any] = msgspec.to_builtins(line)
    return made


def from_json(found: object) -> Line:
    """A line from what JSON gives. Raises `msgspec.ValidationError` if it is none."""
    return msgspec.convert(found, Line)


def fault(line: Line) -> str:
    """What is wrong with the values of a line whose types are right; empty if nothing is."""
    if not _UNIT.fullmatch(line.unit):
        return f"{line.unit!r} is no name of a unit"
    for name in ("submitted_at", "due", "extension"):
        text = getattr(line, name)
        if text is not None and not _is_moment(text):
            return f"{name} is {text!r}, which is no moment in ISO 8601 with a time zone"
    return ""


def _is_moment(text: str) -> bool:
    try:
        return dt.datetime.fromisoformat(text).utcoffset() is not None
    except ValueError:
        return False


def texts(flags: Iterable[Flag]) -> str:
    """What flags say, one after the other."""
    return "; ".join(flag.text for flag in flags)


def for_student(flags: Iterable[Flag]) -> list[Flag]:
    """Those that the student is told too; of a kind that a newer version knows, only the staff is."""
    return [flag for flag in flags if flag.audience == "student" and flag.kind in _KINDS]


# --- format 1 -------------------------------------------------------------------------------------------------------


def from_format_1(found: Mapping[str, Any]) -> Line:
    """A line of format 1, which had texts for flags and did not say who may read them: the staff may.

    Raises:
        msgspec.ValidationError, KeyError, TypeError, AttributeError: it is no such line.
    """
    exercises = {id_: _exercise_1(entry) for id_, entry in found.get("exercises", {}).items()}
    flags = [{"kind": FlagKind.OLD, "text": text, "audience": "staff"} for text in found.get("flags", ())]
    named = {"key": found["student"], "name": found["student"]}
    kept = {name: value for name, value in found.items() if name != "release"}
    return from_json(kept | {"format": 1, "person": named, "exercises": exercises, "flags": flags})


def _exercise_1(entry: Mapping[str, Any]) -> dict[str, Any]:
    alike = entry.get("alike", ())
    one = entry.get("diagnosis")
    ideas = [{"name": name, "hint": ""} for name in alike] or list(
        _ideas_1([one] if one else entry.get("together", ()))
    )
    diagnosis = {
        "ideas": ideas,
        "fact": entry.get("fact", ""),
        "alternatives": bool(alike),
        "separated_by": entry.get("separated_by", ""),
    }
    return {**entry, "diagnosis": diagnosis}


def _ideas_1(found: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    for item in found:
        yield {"name": item["misconception"], "hint": item["hint"]}

"""The visible checks as they ship: recorded values, no code.

`recorded/<unit>.json` holds, for every exercise, the visible cases, what a right function shows, what each known
misconception shows, and the hints.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import files

import msgspec

from course_utils.checks.judge import PreparedCheck, PreparedExercise
from course_utils.checks.values import (
    DTYPES,
    CaseData,
    ExpectationData,
    dtype_name,
    pack_case,
    pack_expectation,
    unpack_case,
    unpack_expectation,
)


class RecordedCheck(msgspec.Struct, frozen=True):
    """A `judge.PreparedCheck`."""

    id: str
    title: str
    points: float
    accuracy: str
    looks_at: tuple[str, ...]
    dtype: str
    side: bool
    cases: tuple[CaseData, ...]
    expected: tuple[ExpectationData, ...]
    wrong: dict[str, tuple[ExpectationData, ...]]


class RecordedExercise(msgspec.Struct, frozen=True):
    """A `judge.PreparedExercise`, with the points of all its checks, hidden ones included."""

    id: str
    max_score: float
    checks: tuple[RecordedCheck, ...]
    hints: dict[str, str]


class RecordedUnit(msgspec.Struct, frozen=True):
    """One file of `recorded/`."""

    unit: str
    exercises: tuple[RecordedExercise, ...]


def record(unit: str, exercises: Sequence[tuple[PreparedExercise, float]]) -> bytes:
    """The file of a unit: its exercises' visible checks, each with the exercise's full points.

    Raises:
        ValueError: a visible check is a property.
    """

    def pack(exercise: PreparedExercise, max_score: float) -> RecordedExercise:
        for check in exercise.checks:
            if check.visible and check.property is not None:
                raise ValueError(
                    f"{exercise.id}/{check.id}: a property is code and cannot be recorded; make the check hidden"
                )
        checks = tuple(
            RecordedCheck(
                check.id,
                check.title,
                check.points,
                check.accuracy,
                check.looks_at,
                dtype_name(check.dtype),
                check.side,
                tuple(pack_case(case) for case in check.cases),
                tuple(pack_expectation(expectation) for expectation in check.expected),
                {name: tuple(pack_expectation(e) for e in wrong) for name, wrong in check.wrong.items()},
            )
            for check in exercise.checks
            if check.visible
        )
        return RecordedExercise(exercise.id, max_score, checks, dict(exercise.hints))

    unit_data = RecordedUnit(unit, tuple(pack(exercise, points) for exercise, points in exercises))
    return msgspec.json.format(msgspec.json.encode(unit_data), indent=1) + b"\n"


def decode(data: bytes) -> RecordedUnit:
    """Read a recorded file. Raises `msgspec.ValidationError` if it is none."""
    return msgspec.json.decode(data, type=RecordedUnit)


def exercise_ids(unit: str) -> list[str]:
    """Ids of the exercises of a unit, in their order.

    Raises:
        LookupError: there is no such unit; the message names those there are.
    """
    return [item.id for item in _unit(unit).exercises]


@cache
def load(exercise: str) -> tuple[PreparedExercise, float]:
    """The visible checks of an exercise and its full points.

    Raises:
        LookupError: there is no such exercise; the message names those there are.
    """
    unit = exercise.split(".", 1)[0]
    recorded = {item.id: item for item in _unit(unit).exercises}
    if exercise not in recorded:
        raise LookupError(f"there is no exercise {exercise!r}: {unit} has {', '.join(sorted(recorded))}")
    return unpack(recorded[exercise])


@cache
def _unit(unit: str) -> RecordedUnit:
    folder = files("course_utils.checks") / "recorded"
    names = [item.name for item in folder.iterdir()] if folder.is_dir() else []
    known = sorted(name.removesuffix(".json") for name in names if name.endswith(".json"))
    # Compared with the names there are, so that no text can point outside the folder.
    if unit not in known:
        raise LookupError(f"there is no problem set {unit!r}: known are {', '.join(known) or 'none'}")
    return decode((folder / f"{unit}.json").read_bytes())


def unpack(data: RecordedExercise) -> tuple[PreparedExercise, float]:
    """The prepared exercise of a recorded one, and the exercise's full points."""
    checks = tuple(
        PreparedCheck(
            check.id,
            check.title,
            check.points,
            check.accuracy,
            check.looks_at,
            DTYPES[check.dtype],
            True,
            check.side,
            tuple(unpack_case(case) for case in check.cases),
            tuple(unpack_expectation(expectation) for expectation in check.expected),
            {name: tuple(unpack_expectation(e) for e in wrong) for name, wrong in check.wrong.items()},
        )
        for check in data.checks
    )
    return PreparedExercise(data.id, checks, data.hints), data.max_score

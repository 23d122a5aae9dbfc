"""The visible checks as they ship: recorded values, no code.

`<unit>.json` holds, for every exercise, the visible cases, what a right function shows, what each known
misconception shows, and the hints.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files

import msgspec
import torch
from torch import Tensor

from course_utils.checks.expectation import Expectation
from course_utils.checks.observation import Quantity, dtype_name
from course_utils.checks.prepared import PreparedCheck, PreparedExercise
from course_utils.checks.wire import (
    DTYPES,
    CaseData,
    ExpectationData,
    pack_case,
    pack_expectation,
    unpack_case,
    unpack_expectation,
)


class WrongData(msgspec.Struct, frozen=True):
    """What a misconception shows on a case, where that is not what is expected.

    Attributes:
        differs: quantities and dtypes that are others than the expected ones.
        missing: names of expected quantities that it does not show.
    """

    differs: ExpectationData
    missing: tuple[str, ...] = ()


class RecordedCheck(msgspec.Struct, frozen=True):
    """A `prepared.PreparedCheck`."""

    id: str
    title: str
    points: float
    accuracy: str
    looks_at: tuple[str, ...]
    dtype: str
    side: bool
    cases: tuple[CaseData, ...]
    expected: tuple[ExpectationData, ...]
    wrong: dict[str, tuple[WrongData, ...]]


class RecordedExercise(msgspec.Struct, frozen=True):
    """A `prepared.PreparedExercise`, with the points of all its checks, hidden ones included."""

    id: str
    max_score: float
    checks: tuple[RecordedCheck, ...]
    hints: dict[str, str]


class RecordedUnit(msgspec.Struct, frozen=True):
    """One of the files here."""

    unit: str
    exercises: tuple[RecordedExercise, ...]
    # Name -> import statement: what the grader lends to a notebook that has lost its set-up cell.
    imports: dict[str, str] = {}


def record(
    unit: str,
    exercises: Sequence[tuple[PreparedExercise, float]],
    imports: Mapping[str, str] | None = None,
) -> bytes:
    """The file of a unit: its exercises' visible checks, each with the exercise's full points.

    Args:
        unit: its id.
        exercises: each with its points.
        imports: what the grader lends, see `course_utils.slices.slicing.import_prelude`.

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
                {
                    name: tuple(
                        _pack_wrong(one, expected)
                        for one, expected in zip(wrong, check.expected, strict=True)
                    )
                    for name, wrong in check.wrong.items()
                },
            )
            for check in exercise.checks
            if check.visible
        )
        return RecordedExercise(exercise.id, max_score, checks, dict(exercise.hints))

    packed = tuple(pack(exercise, points) for exercise, points in exercises)
    unit_data = RecordedUnit(unit, packed, dict(imports or {}))
    return msgspec.json.format(msgspec.json.encode(unit_data), indent=1) + b"\n"


def _pack_wrong(wrong: Expectation, expected: Expectation) -> WrongData:
    differs = {
        name: value
        for name, value in wrong.quantities.items()
        if name not in expected.quantities or not _is_same(value, expected.quantities[name])
    }
    dtypes = {name: dtype for name, dtype in wrong.dtypes.items() if expected.dtypes.get(name) != dtype}
    missing = tuple(name for name in expected.quantities if name not in wrong.quantities)
    return WrongData(pack_expectation(Expectation(differs, dtypes)), missing)


def _unpack_wrong(data: WrongData, expected: Expectation) -> Expectation:
    differs = unpack_expectation(data.differs)
    quantities = {**expected.quantities, **differs.quantities}
    dtypes = {**expected.dtypes, **differs.dtypes}
    for name in data.missing:
        del quantities[name]
    # A dtype belongs to a tensor.
    return Expectation(
        quantities,
        {name: dtype for name, dtype in dtypes.items() if isinstance(quantities.get(name), Tensor)},
    )


def _is_same(one: Quantity, other: Quantity) -> bool:
    if isinstance(one, Tensor) and isinstance(other, Tensor):
        return one.dtype == other.dtype and one.shape == other.shape and torch.equal(one, other)
    return type(one) is type(other) and one == other


def decode(data: bytes) -> RecordedUnit:
    """Read a recorded file. Raises `msgspec.ValidationError` if it is none."""
    return msgspec.json.decode(data, type=RecordedUnit)


def exercise_ids(unit: str) -> list[str]:
    """Ids of the exercises of a unit, in their order.

    Raises:
        LookupError: there is no such unit; the message names those there are.
    """
    return [item.id for item in _unit(unit).exercises]


def imports(unit: str) -> dict[str, str]:
    """Name -> import statement, for names that the grader lends to a notebook that has lost its set-up cell.

    Raises:
        LookupError: there is no such unit; the message names those there are.
    """
    return _unit(unit).imports


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
    folder = files("course_utils.shipped")
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
            {
                name: tuple(
                    _unpack_wrong(one, unpack_expectation(expected))
                    for one, expected in zip(wrong, check.expected, strict=True)
                )
                for name, wrong in check.wrong.items()
            },
        )
        for check in data.checks
    )
    return PreparedExercise(data.id, checks, data.hints), data.max_score

"""The visible checks as they ship: recorded values, no code.

`<unit>.<exercise>.msgpack.z` holds the visible cases of an exercise, what a right function shows, what each
misconception shows that a visible check can tell from it, and the hints of those: MessagePack, compressed by zlib.
`<unit>.json` has what belongs to the unit as a whole: the order of its exercises, and the imports that are lent to a
notebook. So a change of one exercise changes one file, and a notebook reads the files that it asks for and no others.

`autograder build` writes these files. It leaves one alone whose values differ from new ones by rounding only.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
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

# How the names of the files end.
EXERCISE_SUFFIX, UNIT_SUFFIX = ".msgpack.z", ".json"


class WrongData(msgspec.Struct, frozen=True):
    """What another function than the reference shows on a case, where that is not what the reference shows.

    Attributes:
        differs: quantities and dtypes that are others than the expected ones.
        missing: names of expected quantities that it does not show.
    """

    differs: ExpectationData
    missing: tuple[str, ...] = ()


class RecordedCheck(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
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
    also: dict[str, tuple[WrongData, ...]] = {}
    signs: str = ""


class RecordedExercise(msgspec.Struct, frozen=True, omit_defaults=True):
    """A `prepared.PreparedExercise`, with the points of all its checks, hidden ones included."""

    id: str
    max_score: float
    checks: tuple[RecordedCheck, ...]
    hints: dict[str, str]
    hidden: tuple[str, ...] = ()


class RecordedUnit(msgspec.Struct, frozen=True):
    """What a unit needs besides its exercises.

    Attributes:
        exercises: their ids, in their order.
        imports: name -> import statement: what the grader lends to a notebook that has lost its set-up cell.
    """

    exercises: tuple[str, ...]
    imports: dict[str, str]


def record(exercise: PreparedExercise, max_score: float) -> bytes:
    """The file of an exercise: its visible checks, and its full points.

    Hidden checks are left out but for a few words each (`PreparedExercise.hidden`), and with them every misconception
    that shows what is right wherever a visible check looks: its name and its hint would tell what only a hidden check
    asks for.

    Args:
        exercise: with all its checks, or the visible ones.
        max_score: the points of all its checks.

    Raises:
        ValueError: a visible check is a property.
    """
    checks = tuple(check for check in exercise.checks if check.visible)
    for check in checks:
        if check.property is not None:
            raise ValueError(
                f"{exercise.id}/{check.id}: a property is code and cannot be recorded; make the check hidden"
            )
    shown = PreparedExercise(exercise.id, checks, exercise.hints)
    hints = {name: hint for name, hint in exercise.hints.items() if shown.failed_by[name]}
    packed = tuple(_pack_check(check, hints) for check in checks)
    data = msgspec.msgpack.encode(RecordedExercise(exercise.id, max_score, packed, hints, exercise.hidden))
    return zlib.compress(data, 9)


def record_unit(exercises: Sequence[str], imports: Mapping[str, str]) -> bytes:
    """The file of a unit as a whole.

    Args:
        exercises: the ids of those that have a file, in their order.
        imports: what the grader lends, see `course_utils.slices.slicing.import_prelude`.
    """
    data = msgspec.json.encode(RecordedUnit(tuple(exercises), dict(imports)))
    return msgspec.json.format(data, indent=1) + b"\n"


def _pack_check(check: PreparedCheck, names: Mapping[str, str]) -> RecordedCheck:
    """The recorded form of a check, with those misconceptions alone that have one of these names."""
    return RecordedCheck(
        id=check.id,
        title=check.title,
        points=check.points,
        accuracy=check.accuracy,
        looks_at=check.looks_at,
        dtype=dtype_name(check.dtype),
        side=check.side,
        cases=tuple(pack_case(case) for case in check.cases),
        expected=tuple(pack_expectation(expectation) for expectation in check.expected),
        wrong=_pack_others(
            {name: wrong for name, wrong in check.wrong.items() if name in names}, check.expected
        ),
        also=_pack_others(check.also, check.expected),
        signs=check.signs,
    )


def _pack_others(
    others: Mapping[str, Sequence[Expectation]], expected: tuple[Expectation, ...]
) -> dict[str, tuple[WrongData, ...]]:
    return {
        name: tuple(_pack_wrong(one, right) for one, right in zip(of_cases, expected, strict=True))
        for name, of_cases in others.items()
    }


def _unpack_others(
    others: Mapping[str, tuple[WrongData, ...]], expected: tuple[Expectation, ...]
) -> dict[str, tuple[Expectation, ...]]:
    return {
        name: tuple(_unpack_wrong(one, right) for one, right in zip(of_cases, expected, strict=True))
        for name, of_cases in others.items()
    }


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
    # Only tensors have a dtype: what has become something else has none.
    return Expectation(
        quantities,
        {name: dtype for name, dtype in dtypes.items() if isinstance(quantities.get(name), Tensor)},
    )


def _is_same(one: Quantity, other: Quantity) -> bool:
    if isinstance(one, Tensor) and isinstance(other, Tensor):
        return one.dtype == other.dtype and one.shape == other.shape and torch.equal(one, other)
    return type(one) is type(other) and one == other


def decode(data: bytes) -> RecordedExercise:
    """Read the file of an exercise. Raises `msgspec.DecodeError` if it is none."""
    return msgspec.msgpack.decode(_decompressed(data), type=RecordedExercise)


def decode_unit(data: bytes) -> RecordedUnit:
    """Read the file of a unit as a whole. Raises `msgspec.DecodeError` if it is none."""
    return msgspec.json.decode(data, type=RecordedUnit)


def all_texts(data: bytes) -> Iterator[str]:
    """Every text in the file of an exercise, names included, whether or not it has a place in `RecordedExercise`.

    Raises:
        msgspec.DecodeError: it is no such file.
    """

    def walk(value: object) -> Iterator[str]:
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            for item in value.items():
                yield from walk(item)
        elif isinstance(value, list | tuple):
            for item in value:
                yield from walk(item)

    yield from walk(msgspec.msgpack.decode(_decompressed(data)))


def _decompressed(data: bytes) -> bytes:
    try:
        return zlib.decompress(data)
    except zlib.error as error:
        raise msgspec.DecodeError(f"no file of an exercise: {error}") from error


def exercise_ids(unit: str) -> list[str]:
    """Ids of the exercises of a unit, in their order.

    Raises:
        LookupError: there is no such unit; the message names those there are.
    """
    return list(_unit(unit).exercises)


def imports(unit: str) -> dict[str, str]:
    """Name -> import statement, for names that the grader lends to a notebook that has lost its set-up cell.

    Raises:
        LookupError: there is no such unit; the message names those there are.
    """
    return _unit(unit).imports


@cache
def load_checks(exercise: str) -> tuple[PreparedExercise, float]:
    """The visible checks of an exercise and its full points.

    Raises:
        LookupError: there is no such exercise; the message names those there are.
    """
    unit = exercise.split(".", 1)[0]
    known = exercise_ids(unit)
    # Compared with the ids there are, so that no text can point outside the folder.
    if exercise not in known:
        raise LookupError(f"there is no exercise {exercise!r}: {unit} has {', '.join(sorted(known))}")
    return unpack(decode((files("course_utils.shipped") / f"{exercise}{EXERCISE_SUFFIX}").read_bytes()))


def known_units() -> list[str]:
    """Ids of the problem sets that there are."""
    folder = files("course_utils.shipped")
    names = [item.name for item in folder.iterdir()] if folder.is_dir() else []
    return sorted(name.removesuffix(UNIT_SUFFIX) for name in names if name.endswith(UNIT_SUFFIX))


@cache
def _unit(unit: str) -> RecordedUnit:
    known = known_units()
    # Compared with the ids there are, so that no text can point outside the folder.
    if unit not in known:
        raise LookupError(f"there is no problem set {unit!r}: known are {', '.join(known) or 'none'}")
    return decode_unit((files("course_utils.shipped") / f"{unit}{UNIT_SUFFIX}").read_bytes())


def unpack(data: RecordedExercise) -> tuple[PreparedExercise, float]:
    """The prepared exercise of a recorded one, and the exercise's full points."""
    checks = []
    for check in data.checks:
        expected = tuple(map(unpack_expectation, check.expected))
        checks.append(
            PreparedCheck(
                id=check.id,
                title=check.title,
                points=check.points,
                accuracy=check.accuracy,
                looks_at=check.looks_at,
                dtype=DTYPES[check.dtype],
                visible=True,
                side=check.side,
                cases=tuple(map(unpack_case, check.cases)),
                expected=expected,
                wrong=_unpack_others(check.wrong, expected),
                also=_unpack_others(check.also, expected),
                signs=check.signs,
            )
        )
    return PreparedExercise(data.id, tuple(checks), data.hints, data.hidden), data.max_score

"""Whatever a student's process says it saw is judged without a fault, and its words come back in no hidden check."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import msgspec
import pytest
import torch

from autograder.course.units import load_unit
from autograder.sandbox.client import read_observation
from autograder.sandbox.control import WireError
from course_utils.checks.case import Case
from course_utils.checks.judge import CRASHED, judge
from course_utils.checks.observation import Observation
from course_utils.checks.observe import observe
from course_utils.checks.prepared import Fault, PreparedExercise
from course_utils.checks.wire import DTYPES, MAX_TEXT, pack_observation
from tests.support import ROOT, UNITS

EXERCISES = {exercise.id: exercise for unit in UNITS for exercise in load_unit(ROOT, unit).exercises.values()}
# Of each exercise. Three thousand of each were run when this was written.
SEEDS = 40

# What only a student's process can have said.
OWN = "mallory"
TEXTS = [
    OWN,
    f"a {OWN}",
    f"a tuple or list of {OWN} values",
    f"a tuple or list of {'7' * 300} values",
    f"a tensor of dtype {OWN}",
    f"a tensor without plain values, on device {OWN} and of layout {OWN}",
    f"an object of type {OWN}",
    f"an object of type {OWN} of type list",
    f"the string '{OWN}'",
    f"\x1b[2J{OWN}",
    f"<script>{OWN}</script>",
    f"={OWN}()",
    OWN * MAX_TEXT,
    "",
    "none",
    "none in the backward pass",
    "ValueError",
    "KeyboardInterrupt",
    "NotImplementedError in the backward pass",
]
PLAIN: list[Any] = [
    None,
    True,
    False,
    0,
    -1,
    2**63 - 1,
    2**64 - 1,
    -(2**63),
    0.0,
    1e308,
    5e-324,
    [1],
    {},
    *({"type": "float", "name": name} for name in ("nan", "inf", "-inf", OWN)),
    {"type": OWN},
    *TEXTS,
]
SHAPES = [
    (),
    (0,),
    (1,),
    (7,),
    (1, 1, 1),
    (2, 3, 4, 5),
    (1,) * 8,
    (1,) * 9,
    (-1,),
    (0, 2**39),
    (0, 2**39, 2**39),
    (0, 2**62),
    (2**20, 0),
]
NUMBERS = [math.nan, math.inf, -math.inf, 0.0, -0.0, 1e308, -1e308, 5e-324, 1e-30, 2.0, 1.0 + 1e-6]


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """As the grader has it."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@cache
def prepared(id_: str) -> tuple[PreparedExercise, list[dict[str, list[dict[str, Any]]]]]:
    """The exercise, and as plain data what answers to it show: the reference, each misconception and None."""
    exercise = EXERCISES[id_]
    made = exercise.prepare(b"forged")
    answers = [exercise.reference, *(item.function for item in exercise.misconceptions), lambda *_: None]
    shown = []
    for answer in answers:
        seen = {check.id: [observe(answer, case) for case in check.cases] for check in made.checks}
        shown.append({name: [_plain(item) for item in items] for name, items in seen.items()})
    return made, shown


def _plain(observation: Observation) -> dict[str, Any]:
    return msgspec.msgpack.decode(msgspec.msgpack.encode(pack_observation(observation)))


def forge(honest: dict[str, Any], chance: random.Random) -> bytes:
    """The frame of an observation that no function has shown."""
    forged = msgspec.msgpack.decode(msgspec.msgpack.encode(honest))
    quantities = forged["quantities"]
    for _ in range(chance.choice([1, 1, 2, 5])):
        if not quantities:
            break
        name = chance.choice(list(quantities))
        how = chance.choice([_retyped, _reshaped, _other_numbers, _tensor, _anything])
        act = chance.random()
        if act < 0.7:
            quantities[name] = how(quantities[name], chance)
        elif act < 0.8:
            del quantities[name]
        elif act < 0.9:
            other = chance.choice(list(quantities))
            quantities[name], quantities[other] = quantities[other], quantities[name]
        else:
            quantities[chance.choice([OWN, OWN * 100, f"result.{OWN}", "result#9", "exception"])] = (
                chance.choice(PLAIN)
            )
    if chance.random() < 0.2:
        kind, text = chance.choice(TEXTS), chance.choice(TEXTS)
        line = chance.choice([None, -1, 0, 1, 2**62])
        forged["failure"] = {"kind": kind, "message": text, "line": line, "code": text, "cell": text}
    frame = bytearray(msgspec.msgpack.encode(forged))
    if chance.random() < 0.1:
        frame[chance.randrange(len(frame))] = chance.randrange(256)
    return bytes(frame)


def _anything(value: Any, chance: random.Random) -> Any:
    return chance.choice(PLAIN)


def _tensor(value: Any, chance: random.Random) -> dict[str, Any]:
    dtype, shape = chance.choice([*DTYPES, "float8_e5m2", "qint8", OWN]), chance.choice(SHAPES)
    size = DTYPES[dtype].itemsize if dtype in DTYPES else 1
    count = max(0, math.prod(shape)) * size + (chance.random() < 0.05)
    return {"type": "tensor", "dtype": dtype, "shape": shape, "data": chance.randbytes(count)}


def _is_tensor(value: Any) -> bool:
    return isinstance(value, dict) and value.get("type") == "tensor" and value["dtype"] in DTYPES


def _retyped(value: Any, chance: random.Random) -> dict[str, Any]:
    """The same shape, or the same bytes, in another dtype."""
    if not _is_tensor(value):
        return _tensor(value, chance)
    dtype = chance.choice(list(DTYPES))
    if chance.random() < 0.3:
        return {**value, "dtype": dtype}
    data = chance.randbytes(max(0, math.prod(value["shape"])) * DTYPES[dtype].itemsize)
    return {**value, "dtype": dtype, "data": data}


def _reshaped(value: Any, chance: random.Random) -> dict[str, Any]:
    """The same numbers in another shape."""
    if not _is_tensor(value):
        return _tensor(value, chance)
    shape = list(value["shape"])
    chance.shuffle(shape)
    for _ in range(chance.randrange(3)):
        shape.insert(chance.randrange(len(shape) + 1), 1)
    return {**value, "shape": chance.choice([shape, [math.prod(shape)], [2, *shape]])}


def _other_numbers(value: Any, chance: random.Random) -> Any:
    """Some or all entries are numbers that arithmetic trips over."""
    if not _is_tensor(value) or not value["data"]:
        return _tensor(value, chance)
    dtype = DTYPES[value["dtype"]]
    if len(value["data"]) % dtype.itemsize:
        return value
    data = torch.frombuffer(bytearray(value["data"]), dtype=torch.uint8 if dtype is torch.bool else dtype)
    if not (dtype.is_floating_point or dtype.is_complex):
        data = torch.tensor(list(chance.randbytes(len(value["data"]))), dtype=torch.uint8)
    else:
        number = torch.tensor(chance.choice(NUMBERS), dtype=torch.float64).to(dtype)
        data[slice(None) if chance.random() < 0.5 else chance.randrange(len(data))] = number
    return {**value, "data": data.view(torch.uint8).numpy().tobytes()}


def read(frame: bytes) -> Observation | Fault:
    """As the grader does."""
    try:
        return read_observation(frame)
    except (WireError, ValueError) as error:
        return Fault(CRASHED, f"the process sent a malformed reply ({error})")


def forged(
    shown: list[dict[str, list[dict[str, Any]]]], chance: random.Random
) -> dict[str, list[Observation | Fault]]:
    """What a process has sent of all cases of an exercise: some or all of it forged, often what can be read."""
    answer = shown[0] if chance.random() < 0.4 else chance.choice(shown)
    share, readable = chance.choice([0.2, 1.0]), chance.random() < 0.6
    seen: dict[str, list[Observation | Fault]] = {}
    for name, items in answer.items():
        seen[name] = []
        for item in items:
            honest = msgspec.msgpack.encode(item)
            found = read(forge(item, chance) if chance.random() < share else honest)
            seen[name].append(read(honest) if readable and isinstance(found, Fault) else found)
    return seen


@pytest.mark.parametrize("id_", EXERCISES)
def test_what_is_forged_is_judged_without_a_fault(id_: str) -> None:
    exercise, shown = prepared(id_)
    read_at_all = 0
    for seed in range(SEEDS):
        seen = forged(shown, random.Random(f"{id_} {seed}"))
        read_at_all += all(isinstance(item, Observation) for items in seen.values() for item in items)
        verdict = judge(exercise, seen)
        assert 0 <= verdict.score <= verdict.max_score
        for item in verdict.checks:
            assert item.message.isprintable(), seed
            assert item.place.isprintable(), seed
            if not item.check.visible:
                assert OWN not in item.message, seed
                assert "7" * 9 not in item.message, seed
                assert len(item.message) < 300, seed
    assert read_at_all > SEEDS / 4


def test_a_property_that_cannot_look_at_a_result_has_failed() -> None:
    def stumbles(case: Case, observation: Observation) -> str | None:
        raise TypeError("a number was expected")

    exercise, _ = prepared("simclr.nt_xent")
    changed = [
        replace(item, property=stumbles) if item.id == "single-pair" else item for item in exercise.checks
    ]
    exercise = replace(exercise, checks=tuple(changed))
    reference = EXERCISES["simclr.nt_xent"].reference
    seen = {item.id: [observe(reference, case) for case in item.cases] for item in exercise.checks}
    (verdict,) = [item for item in judge(exercise, seen).checks if item.check.id == "single-pair"]
    assert (verdict.passed, verdict.message) == (False, "the result is of a kind that cannot be judged")

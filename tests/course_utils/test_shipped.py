"""Recorded checks: they come back the same, and say nothing of what is hidden."""

from __future__ import annotations

import math
import shutil
import zlib
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
import torch

from course_utils import shipped
from course_utils.checks import Case, Input
from course_utils.checks.expectation import Expectation
from course_utils.checks.prepared import PreparedCheck, PreparedExercise
from course_utils.checks.wire import pack_case, pack_expectation
from course_utils.shipped import (
    all_texts,
    decode,
    decode_unit,
    exercise_ids,
    load_checks,
    record,
    record_unit,
    unpack,
)
from tests.support import ROOT

FOLDER = ROOT / "course_utils/shipped"


def _expectation(result: object, **others: object) -> Expectation:
    return Expectation({"exception": "none", "result": result, **others}, {})  # type: ignore[dict-item]


def _prepared(visible: bool = True, **options: object) -> PreparedExercise:
    case = Case({"x": Input(torch.ones(2)), "t": math.inf})
    expectation = Expectation(
        {"exception": "none", "result": torch.tensor([1.0, -math.inf])}, {"result": "float32"}
    )
    made = PreparedCheck(
        id="values", title="Right.", points=2.0, accuracy="reduction", looks_at=("result",), dtype=torch.float32, visible=visible, side=False, cases=(case,), expected=(expectation,),
        wrong={"wrong": (_expectation(math.nan),)}, **options,  # type: ignore[arg-type]
    )  # fmt: skip
    return PreparedExercise("unit.f", (made,), {"wrong": "A hint."})


def test_a_recorded_exercise_comes_back() -> None:
    exercise, points = unpack(decode(record(_prepared(), 5.0)))
    assert (points, exercise.id, exercise.hints) == (5.0, "unit.f", {"wrong": "A hint."})
    [back], [sent] = exercise.checks, _prepared().checks
    assert pack_case(back.cases[0]) == pack_case(sent.cases[0])
    assert pack_expectation(back.expected[0]) == pack_expectation(sent.expected[0])
    assert math.isnan(back.wrong["wrong"][0].quantities["result"])  # type: ignore[arg-type]
    assert (back.dtype, back.looks_at, back.visible) == (torch.float32, ("result",), True)


def test_a_recorded_unit_comes_back() -> None:
    unit = decode_unit(record_unit(["unit.g", "unit.f"], {"nn": "from torch import nn"}))
    assert (unit.exercises, unit.imports) == (("unit.g", "unit.f"), {"nn": "from torch import nn"})


def test_hidden_checks_are_not_recorded() -> None:
    data = record(_prepared(visible=False), 5.0)
    assert (decode(data).checks, decode(data).hints) == ((), {})
    assert sorted(all_texts(data)) == ["checks", "hints", "id", "max_score", "unit.f"]


def test_what_only_a_hidden_check_can_show_is_not_recorded() -> None:
    """Neither its name nor its hint, and no value that it has where no visible check looks."""
    right, other = (
        torch.tensor([1.0, 2.0], dtype=torch.float64),
        torch.tensor([3.0, 4.0], dtype=torch.float64),
    )
    wrong = {
        "seen": _expectation(other),
        "seen-in-dtype": Expectation({"exception": "none", "result": right}, {"result": "float64"}),
        "raises": Expectation({"exception": "ValueError"}, {}),
        "by-rounding-only": _expectation(right * (1 + 1e-15)),
        "elsewhere": _expectation(right, **{"after.x": other}),
        "hidden-alone": _expectation(right),
    }
    expected = Expectation(
        {"exception": "none", "result": right, "after.x": right}, {"result": "float32", "after.x": "float32"}
    )
    wrong = {
        name: replace(item, dtypes=item.dtypes or expected.dtypes) if name != "raises" else item
        for name, item in wrong.items()
    }
    [made] = _prepared().checks
    visible = replace(made, expected=(expected,), wrong={name: (item,) for name, item in wrong.items()})
    hidden = replace(visible, id="hidden", visible=False, wrong=dict.fromkeys(wrong, (_expectation(other),)))
    exercise = PreparedExercise("unit.f", (visible, hidden), {name: f"Hint of {name}." for name in wrong})
    assert all("hidden" in failed for failed in exercise.failed_by.values())

    data = record(exercise, 5.0)
    shown = ["seen", "seen-in-dtype", "raises"]
    assert decode(data).hints == {name: f"Hint of {name}." for name in shown}
    assert list(decode(data).checks[0].wrong) == shown
    for name in wrong.keys() - set(shown):
        assert not any(name in text for text in all_texts(data))
    # The whole bank or that part of it: nobody can tell from the file.
    part = replace(
        exercise,
        checks=(replace(visible, wrong={name: visible.wrong[name] for name in shown}),),
        hints={name: exercise.hints[name] for name in shown},
    )
    assert record(part, 5.0) == data


def test_a_visible_property_cannot_be_recorded() -> None:
    with pytest.raises(ValueError, match="unit.f/values"):
        record(_prepared(property=lambda case, observation: None), 5.0)


@pytest.mark.parametrize(
    "name", ["nope.f", "../moco.f", "moco.nope", "moco", "", "moco.enqueue.msgpack.z", "moco.../moco.enqueue"]
)
def test_an_unknown_exercise_is_named_with_those_there_are(name: str) -> None:
    with pytest.raises(LookupError, match="moco"):
        load_checks(name)


@pytest.mark.parametrize("unit", ["nope", "moco.enqueue", "moco.enqueue.msgpack.z", "../shipped/moco", ""])
def test_an_unknown_unit_is_named_with_those_there_are(unit: str) -> None:
    for ask in (exercise_ids, shipped.imports):
        with pytest.raises(LookupError, match="known are .*moco"):
            ask(unit)


def test_recorded_units_are_complete() -> None:
    assert exercise_ids("moco") == ["moco.momentum_update", "moco.enqueue", "moco.moco_logits"]
    for path in FOLDER.glob("*.json"):
        for name in exercise_ids(path.stem):
            exercise, points = load_checks(name)
            assert exercise.id == name
            assert 0 < exercise.max_score <= points


def test_no_file_is_read_but_those_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("moco.json", "moco.enqueue.msgpack.z"):
        shutil.copy(FOLDER / name, tmp_path)
    for name in ("video.json", "moco.moco_logits.msgpack.z"):
        (tmp_path / name).write_bytes(b"broken")
    monkeypatch.setattr(shipped, "files", lambda _: tmp_path)
    load_checks.cache_clear()
    shipped._unit.cache_clear()
    try:
        assert load_checks("moco.enqueue")[0].checks
        assert len(exercise_ids("moco")) == 3
        with pytest.raises(msgspec.DecodeError):
            load_checks("moco.moco_logits")
    finally:
        load_checks.cache_clear()
        shipped._unit.cache_clear()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        record(_prepared(), 5.0)[:-5],
        zlib.decompress(record(_prepared(), 5.0)),
        zlib.compress(msgspec.msgpack.encode({"id": "unit.f"})),
    ],
)
def test_what_is_no_recorded_exercise_is_refused(data: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode(data)


def test_all_texts_of_a_file_are_found() -> None:
    found = set(all_texts(record(_prepared(), 5.0)))
    assert found >= {"unit.f", "values", "Right.", "A hint.", "wrong", "x", "result", "nan", "float32"}
    more = zlib.compress(msgspec.msgpack.encode({"a": [1, None, {"b": ["c"]}], "d": b"bytes"}))
    assert sorted(all_texts(more)) == ["a", "b", "c", "d"]

"""Faults of how a function behaves: each belongs to some exercise, and checks that ask for it tell it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from torch import Tensor, nn

from autograder.course.trial import judge_function
from autograder.course.units import Exercise, load_unit
from autograder.quality.behaviours import BEHAVIOURS, behaviours, traits
from autograder.quality.trivial import trivial_answers
from course_utils.checks import Case, Draw, Input, Module, check
from course_utils.checks.definition import PUBLIC_SECRET
from course_utils.checks.judge import CORRECT
from tests.support import ROOT, UNITS
from tests.support.exercises import exercise


def test_every_fault_belongs_to_some_exercise() -> None:
    found: set[str] = set()
    for unit in UNITS:
        for item in load_unit(ROOT, unit).exercises.values():
            found |= set(behaviours(replace(item, misconceptions=()).prepare(b"key"), item.reference))
    for item in (RATE, WEIGHTS):
        found |= set(behaviours(item.prepare(b"key"), item.reference))
    assert found == set(BEHAVIOURS)


def _rate(step: int) -> float:
    return 0.3 / (1 + step)


def _weighted(model: nn.Module, x: Tensor) -> Tensor:
    return model(x).sum()


@check(points=1, visible=True, accuracy="elementwise")
def _rates(draw: Draw) -> Case:
    """The rate is right."""
    return Case({"step": draw.integer(1, 9)})


@check(
    points=1,
    visible=True,
    looks_at=("result", "gradient", "mode", "members", "same", "grad"),
)
def _weights(draw: Draw) -> Case:
    """The sum and the gradients of the weights are right."""
    state = {"weight": draw.normal(4, 3), "bias": draw.normal(4)}
    model = Module("rotation_head", {"in_features": 3}, state, {"bias": draw.normal(4)}, wants_grad=True)
    return Case({"model": model, "x": Input(draw.normal(5, 3))})


RATE = exercise("unit.rate", _rate, (_rates,), ())  # type: ignore[arg-type]
WEIGHTS = exercise("unit.weighted", _weighted, (_weights,), ())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("item", "trait", "faults"),
    [(RATE, "a number", 3), (WEIGHTS, "gradients of modules", 1)],
    ids=lambda value: getattr(value, "id", None),
)
def test_faults_of_numbers_and_of_parameters_are_told(item: Exercise, trait: str, faults: int) -> None:
    prepared = item.prepare(b"key")
    assert judge_function(prepared, item.reference).status == CORRECT
    of_trait = [name for name, behaviour in BEHAVIOURS.items() if behaviour.needs == trait]
    assert len(of_trait) == faults
    made = behaviours(prepared, item.reference)
    assert not [name for name in of_trait if judge_function(prepared, made[name]).status == CORRECT]
    hidden = item.prepare(b"other key")
    for name, answer in trivial_answers(item.reference, item.prepare(PUBLIC_SECRET)).items():
        assert judge_function(hidden, answer).score == 0, name


def test_traits() -> None:
    def of(id_: str) -> set[str]:
        return set(
            traits(
                replace(load_unit(ROOT, id_.split(".")[0]).exercises[id_], misconceptions=()).prepare(b"key")
            )
        )

    assert of("moco.momentum_update") == {"anything", "no result", "modules"}
    assert of("moco.enqueue") == {"anything", "a result", "tensor inputs"}
    assert of("simclr.nt_xent") == {"anything", "a result", "a tensor", "floats", "tensor inputs"}
    assert of("pretext.rotate_batch") >= {"a tensor", "floats", "dimensions"}

"""What wrong answers are told: pairs of slips by their names, single slips of another kind and mutants at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from autograder.course.equivalents import Equivalent
from autograder.course.exercises import Exercise
from autograder.course.trial import judge_function
from autograder.quality.behaviours import Function, behaviours
from autograder.quality.mutation import mutants
from autograder.quality.pairs import PairsTried, try_pairs
from autograder.quality.telling import BARELY, kind_of_telling
from course_utils.checks.definition import PUBLIC_SECRET
from course_utils.checks.judge import CORRECT

# Slips that are hardly ever ideas: a dtype, a missing exception, an off-by-one.
_OPERATORS = ("precision", "exception", "off-by-one")
_FAULTS = (
    "result-through-half-precision",
    "result-in-double-precision",
    "result-in-single-precision",
    "computed-in-single-precision",
)


@dataclass(frozen=True, kw_only=True)
class NamesTried:
    """What was told of wrong answers to an exercise.

    Attributes:
        pairs: two slips at once.
        slips: single slips of another kind (a dtype, a missing exception, an off-by-one).
        slips_told: those of them that get a name or a fact.
        mutants: mutants that are wrong.
        bare: those of them that are told nothing but that values are wrong.
        right: right answers that were named all the same.
    """

    pairs: PairsTried
    slips: int
    slips_told: int
    mutants: int
    bare: tuple[str, ...]
    right: tuple[str, ...]


def try_names(exercise: Exercise, equivalents: Sequence[Equivalent], secret: bytes) -> NamesTried:
    """What wrong answers are told under one secret.

    Args:
        exercise: the exercise.
        equivalents: mutants that are right after all.
        secret: the key of the hidden seeds.
    """
    prepared = exercise.prepare(secret)
    visible = exercise.prepare(PUBLIC_SECRET, visible_only=True)
    equal = {(item.before, item.after) for item in equivalents}

    def kind_of(function: Function) -> str | None:
        """What the answer is told; None if it is right."""
        verdict = judge_function(prepared, function)
        return (
            None if verdict.status == CORRECT else kind_of_telling(verdict, judge_function(visible, function))
        )

    slips = slips_told = count = 0
    bare: list[str] = []
    for mutant in mutants(exercise.reference):
        if (mutant.before, mutant.after) in equal or (kind := kind_of(mutant.function)) is None:
            continue
        count += 1
        if kind == BARELY:
            bare.append(mutant.id)
        if mutant.operator in _OPERATORS:
            slips += 1
            slips_told += kind != BARELY
    for name, function in behaviours(prepared, exercise.reference).items():
        if name in _FAULTS and (kind := kind_of(function)) is not None:
            slips += 1
            slips_told += kind != BARELY
    right = [
        item.id for item in exercise.right_answers if judge_function(prepared, item.function).diagnosis.ideas
    ]
    return NamesTried(
        pairs=try_pairs(exercise, prepared),
        slips=slips,
        slips_told=slips_told,
        mutants=count,
        bare=tuple(bare),
        right=tuple(right),
    )

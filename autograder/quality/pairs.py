"""Two slips at once, made by machine: whether a diagnosis names one of them, and none that is not there.

Pairs are of two kinds: two ideas of the bank whose edits of the reference touch different places (`edits`), and an idea
with a fault of behaviour around it (`behaviours`). A pair cannot be tried, and counts as *impossible*, if

- one of its ideas is no clean edit, or both edit the same place;
- together they do not run: a name is gone, or one's text makes no sense in the other's;
- it is right, or behaves in every case like a third idea: then the name of that one would be right;
- it behaves in every case like one half of it that has no name: an idea below a function that returns nothing.

Where it behaves in every case like one of its two ideas, that one's name is asked for. *Rightly* named is a pair of
which at least one half is named, and nothing that is not there; *wrongly*, of which something is. What a fault of
behaviour alone is called is there as well: a bank may know it under a name of its own.

Some ideas are others at once, and the bank says so (`Misconception.of`): "nothing normalised" is three missing
normalisations. Such a one is there if all that it is made of is, in whichever of the two slips; and where it is in the
pair, what it is made of is there as well. So a name may say less than the whole of an idea or join parts of both, but
never more than the two slips hold.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from types import FunctionType

import torch

from autograder.course.units import Exercise
from autograder.quality.behaviours import Function, behaviours
from autograder.quality.edits import Edit, Text
from course_utils.checks.diagnose import Diagnosis, diagnose
from course_utils.checks.lens import EXACT
from course_utils.checks.observation import Observation
from course_utils.checks.observe import observe
from course_utils.checks.prepared import PreparedExercise
from course_utils.checks.seen_case import SeenCase, items_of

# So many pairs are tried of an exercise, picked by a hash of their names.
MOST_PAIRS = 150
# What a piece of text raises that stands where it makes no sense.
_SENSELESS = ("NameError", "UnboundLocalError")

_Observed = Mapping[str, Sequence[Observation]]


@dataclass(frozen=True, kw_only=True)
class PairsTried:
    """What became of the pairs of an exercise.

    Attributes:
        all: how many there are.
        tried: those that were picked and could be made.
        impossible: those that were picked and could not.
        rightly: pairs of which a half was named, and nothing else.
        wrong: those that were named wrongly, with the names.
        missed: those of which nothing was named.
    """

    all: int = 0
    tried: int = 0
    impossible: int = 0
    rightly: int = 0
    wrong: tuple[str, ...] = ()
    missed: tuple[str, ...] = ()


def try_pairs(exercise: Exercise, prepared: PreparedExercise, most: int = MOST_PAIRS) -> PairsTried:
    """Pairs of two ideas, and pairs of an idea and a fault of behaviour.

    Args:
        exercise: the exercise.
        prepared: its checks under one secret, with the bank.
        most: how many are tried.
    """
    ideas = {item.id: item.function for item in exercise.misconceptions}
    pairs = [*_of_ideas(exercise, prepared, ideas), *_with_faults(exercise, prepared, ideas)]
    return _tried(prepared, pairs, most, {item.id: item.of for item in exercise.misconceptions if item.of})


def parts_of(names: Iterable[str], made_of: Mapping[str, Sequence[str]]) -> set[str]:
    """What some ideas are made of in the end; one that is made of no others is its own part.

    Args:
        names: ids of the ideas.
        made_of: idea -> the others that it is at once; without circles.
    """
    return {
        part for name in names for part in (parts_of(made_of[name], made_of) if name in made_of else (name,))
    }


@dataclass(frozen=True)
class _Pair:
    """Two slips in one function.

    Attributes:
        name: of the pair.
        ideas: those of the bank that are in it.
        make: makes the function, or None where the two can't be joined.
        fault: makes the fault of behaviour alone, around the reference.
    """

    name: str
    ideas: tuple[str, ...]
    make: Callable[[], Function | None]
    fault: Callable[[], Function] | None = None


def _of_ideas(
    exercise: Exercise, prepared: PreparedExercise, ideas: Mapping[str, Function]
) -> Iterator[_Pair]:
    text = Text(exercise.reference, exercise.name)
    edits: dict[str, Edit | None] = {}

    def edit_of(name: str) -> Edit | None:
        if name not in edits:
            function = ideas[name]
            found = text.compare(function) if isinstance(function, FunctionType) else None
            edits[name] = text.least(found, lambda made: _shows(prepared, made, name)) if found else None
        return edits[name]

    def joined(one: str, other: str) -> Function | None:
        left, right = edit_of(one), edit_of(other)
        return text.apply([left, right]) if left and right and not left.meets(right) else None

    for one, other in combinations(ideas, 2):
        yield _Pair(f"{one} + {other}", (one, other), lambda one=one, other=other: joined(one, other))  # type: ignore[misc]


def _with_faults(
    exercise: Exercise, prepared: PreparedExercise, ideas: Mapping[str, Function]
) -> Iterator[_Pair]:
    for fault in behaviours(prepared, exercise.reference):
        alone = lambda fault=fault: behaviours(prepared, exercise.reference)[fault]  # noqa: E731
        for name, function in ideas.items():
            make = lambda fault=fault, function=function: behaviours(prepared, function)[fault]  # noqa: E731
            yield _Pair(f"{name} + {fault}", (name,), make, alone)


def _tried(
    prepared: PreparedExercise, pairs: Sequence[_Pair], most: int, made_of: Mapping[str, Sequence[str]]
) -> PairsTried:
    picked = sorted(pairs, key=lambda pair: hashlib.sha256(f"{prepared.id} {pair.name}".encode()).digest())
    tried = impossible = rightly = 0
    wrong, missed = [], []
    # One and the same function makes a fault for all pairs that it is in.
    faults: dict[Callable[[], Function], tuple[_Observed, set[str]]] = {}
    for pair in picked:
        if tried == most:
            break
        function = pair.make()
        seen = _seen(prepared, function) if function is not None else None
        fault, of_fault = None, set[str]()
        if pair.fault:
            if pair.fault not in faults:
                alone = _seen(prepared, pair.fault())
                faults[pair.fault] = alone, _names(diagnose(prepared, alone, hidden=True))
            fault, of_fault = faults[pair.fault]
        if seen is None or _is_senseless(seen) or not _can_be_named(prepared, seen, pair, fault):
            impossible += 1
            continue
        tried += 1
        found = diagnose(prepared, seen, hidden=True)
        named = {idea.name for idea in found.ideas}
        halves = parts_of(pair.ideas, made_of)
        there = halves | parts_of(of_fault, made_of)
        if strange := {name for name in named if not parts_of((name,), made_of) <= there}:
            wrong.append(f"{pair.name}: {', '.join(sorted(strange))}")
        elif any(parts_of((name,), made_of) & halves for name in named):
            rightly += 1
        else:
            missed.append(pair.name)
    return PairsTried(
        all=len(pairs),
        tried=tried,
        impossible=impossible,
        rightly=rightly,
        wrong=tuple(wrong),
        missed=tuple(missed),
    )


def _names(diagnosis: Diagnosis) -> set[str]:
    return {idea.name for idea in diagnosis.ideas}


def _seen(prepared: PreparedExercise, function: Function) -> _Observed:
    with torch.random.fork_rng(devices=[]):
        return {check.id: [observe(function, case) for case in check.cases] for check in prepared.checks}


def _is_senseless(seen: _Observed) -> bool:
    kinds = {item.quantities.get("exception") for observations in seen.values() for item in observations}
    return bool(kinds & set(_SENSELESS))


def _items(prepared: PreparedExercise, seen: _Observed) -> list[SeenCase]:
    # Nothing that is observed here is a fault.
    return items_of(prepared, seen, "cpu") or []


def _shows(prepared: PreparedExercise, function: Function, name: str) -> bool:
    """Whether a function shows in every case what an idea does."""
    return _is_alike(_items(prepared, _seen(prepared, function)), name)


def _is_alike(items: Sequence[SeenCase], name: str) -> bool:
    return all(
        EXACT.changed_by(name, item) == item.wrong
        and all(EXACT.shows(item, name, quantity) for quantity in item.wrong)
        for item in items
    )


def _can_be_named(prepared: PreparedExercise, seen: _Observed, pair: _Pair, fault: _Observed | None) -> bool:
    items = _items(prepared, seen)
    if not any(item.wrong for item in items):
        return False
    if any(_is_alike(items, name) for name in pair.ideas):
        return True
    if any(_is_alike(items, name) for name in prepared.hints):
        return False
    if fault is None:
        return True
    # Nothing is seen of the idea: every case shows what the fault does around the reference.
    return not all(_is_same(one, other) for one, other in zip(items, _items(prepared, fault), strict=True))


def _is_same(one: SeenCase, other: SeenCase) -> bool:
    if one.wrong != other.wrong:
        return False
    for name in one.wrong:
        left, right = one.seen.quantities.get(name), other.seen.quantities.get(name)
        if isinstance(left, torch.Tensor) and isinstance(right, torch.Tensor):
            same = left.dtype == right.dtype and left.shape == right.shape
            if not same or not torch.allclose(left, right, rtol=1e-4, atol=1e-6, equal_nan=True):
                return False
        elif left != right and not (left != left and right != right):  # noqa: PLR0124 - NaN
            return False
    return True

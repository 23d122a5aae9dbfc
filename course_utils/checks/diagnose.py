"""Which idea is behind a wrong answer: the misconception that shows the very same, or else what holds over all cases.

Nothing here decides about points.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import torch
from torch import Tensor

from course_utils.checks.case import Case, Input
from course_utils.checks.compare import differing, matches, selected
from course_utils.checks.expectation import Expectation
from course_utils.checks.observation import Observation, Quantity
from course_utils.checks.prepared import Fault, PreparedCheck, PreparedExercise, Seen
from course_utils.checks.quantity import QuantityName
from course_utils.checks.tolerance import UNITS, Yardstick

# Kinds of quantities that can be told apart by name.
_VALUES = ("exception", "result", "after", "module", "buffer", "gradient")
# If more misconceptions than this fit an answer, none is named.
_MOST_ALIKE = 4
_MOST_NAMED = 3
# The most misconceptions that are looked for together in one answer.
_MOST_TOGETHER = 3
# A factor that is seen in one case only may be a coincidence.
_FEWEST_FACTORS = 2


@dataclass(frozen=True)
class Idea:
    """A misconception that was recognised.

    Attributes:
        name: its id.
        hint: what is told about it.
        explains: ids of the failed checks in which it shows exactly what was seen.
    """

    name: str
    hint: str
    explains: tuple[str, ...] = ()


@dataclass(frozen=True)
class Diagnosis:
    """What is known about a wrong answer; the same in a verdict, in the notebook and in a line of the journal.

    Attributes:
        ideas: the misconceptions that explain it: the one that shows exactly what was seen; or, where none does, the
            few that do together, each in a check of its own; or `alternatives`.
        fact: what holds over all cases, such as "right values, but wrong gradients"; empty if nothing does.
        alternatives: each of the ideas shows exactly what was seen by itself: which it is cannot be told.
        separated_by: what tells those apart, in words.
    """

    ideas: tuple[Idea, ...] = ()
    fact: str = ""
    alternatives: bool = False
    separated_by: str = ""

    @property
    def misconception(self) -> str | None:
        """Id of the one misconception that shows exactly what was seen, or None."""
        return self.ideas[0].name if len(self.ideas) == 1 else None

    @property
    def alike(self) -> tuple[Idea, ...]:
        """Those of which each shows exactly what was seen."""
        return self.ideas if self.alternatives else ()

    @property
    def together(self) -> tuple[Idea, ...]:
        """Those that show what was seen between them."""
        return self.ideas if len(self.ideas) > 1 and not self.alternatives else ()


# Of a right answer, and of one that could not be observed.
NOTHING_KNOWN = Diagnosis()


@dataclass(frozen=True)
class _Item:
    """One case of a check and what was seen of it, in the order in which the cases ran."""

    check: PreparedCheck
    index: int
    seen: Observation

    @property
    def case(self) -> Case:
        return self.check.cases[self.index]

    @property
    def expected(self) -> Expectation:
        return self.check.expected[self.index]

    @property
    def raised(self) -> bool:
        return self.seen.quantities.get("exception") != "none"


def diagnose(exercise: PreparedExercise, seen: Seen, device: str = "cpu") -> Diagnosis:
    """Find what is behind a wrong answer.

    Args:
        exercise: its checks and bank.
        seen: what was observed of each case.
        device: where the function ran.
    """
    items = []
    for check in exercise.checks:
        for index, observation in enumerate(seen.get(check.id, ())):
            if isinstance(observation, Fault):
                return NOTHING_KNOWN
            items.append(_Item(check, index, observation))
    wrong = [item for item in items if _is_wrong(item, device)]
    fitting = [
        name
        for name in exercise.hints
        if all(_shows(item, name, device, item.check.looks_at) for item in items)
    ]
    if fitting and _is_evidence(items, wrong):
        if len(fitting) > 1:
            # Quantities that the checks don't look at may still tell these misconceptions apart.
            closer = [name for name in fitting if all(_shows(item, name, device, ()) for item in items)]
            fitting = closer or fitting
        if len(fitting) <= _MOST_ALIKE:
            failed = tuple(dict.fromkeys(item.check.id for item in wrong))
            ideas = tuple(Idea(name, exercise.hints[name], failed) for name in fitting)
            if len(ideas) == 1:
                return Diagnosis(ideas)
            return Diagnosis(ideas, alternatives=True, separated_by=_separation(items, fitting, device))
    fact = next(_facts(items, wrong, device), "")
    return Diagnosis(() if fitting else _together(exercise, items, wrong, device), fact)


def _is_wrong(item: _Item, device: str) -> bool:
    check = item.check
    if check.property is not None:
        # A property gives points but says nothing of misconceptions: only the exceptions are compared here.
        return item.seen.quantities.get("exception") != item.expected.quantities["exception"]
    return not matches(item.expected, item.seen, check.yardstick(device))


def _is_evidence(items: Sequence[_Item], wrong: Sequence[_Item]) -> bool:
    """Whether what was seen can speak for an idea at all.

    A wrong value that agrees with one is evidence. An exception of the same type is none by itself, but to raise in the
    very cases in which the idea does, and to be right in the others, is.
    """
    return any(not item.raised for item in wrong) or (
        bool(wrong) and any(not item.check.side and not item.raised for item in items)
    )


def _yardstick(check: PreparedCheck, device: str, looks_at: tuple[str, ...]) -> Yardstick:
    # A misconception may round where the reference only copies ("keys normalised").
    accuracy = check.accuracy if UNITS[check.accuracy] >= UNITS["reduction"] else "reduction"
    return replace(check.yardstick(device), accuracy=accuracy, looks_at=looks_at)


def _shows(item: _Item, name: str, device: str, looks_at: tuple[str, ...]) -> bool:
    """Whether an observation is that of a misconception, which may overflow."""
    return matches(
        item.check.wrong[name][item.index],
        item.seen,
        _yardstick(item.check, device, looks_at),
        nan_matches=True,
    )


def _together(
    exercise: PreparedExercise, items: Sequence[_Item], wrong: Sequence[_Item], device: str
) -> tuple[Idea, ...]:
    """The misconceptions that explain the failed checks between them, if there is one smallest set of such.

    Each must show itself in a check that none of the others fails; where several meet, nothing can be seen of either.
    """
    failed = {item.check.id for item in wrong}
    if any(item.check.property is not None for item in wrong):
        return ()
    fails = exercise.failed_by
    # A misconception that fails checks which this answer passes cannot be part of it.
    shows = {name: _shown_in(items, name, fails[name], device) for name in fails if fails[name] <= failed}
    candidates = [name for name, checks in shows.items() if checks]
    for count in range(2, min(_MOST_TOGETHER, len(failed)) + 1):
        found = []
        for names in combinations(candidates, count):
            shared = {check for check in failed if sum(check in fails[name] for name in names) > 1}
            explained = shared.union(*(shows[name] for name in names))
            if explained == failed and all(shows[name] - shared for name in names):
                found.append(names)
        if len(found) > 1:
            return ()
        if found:
            order = [check.id for check in exercise.checks]
            return tuple(
                Idea(name, exercise.hints[name], tuple(id_ for id_ in order if id_ in shows[name]))
                for name in found[0]
            )
    return ()


def _shown_in(items: Sequence[_Item], name: str, fails: frozenset[str], device: str) -> set[str]:
    """The checks among those that a misconception fails in which it shows exactly what was seen.

    To raise where it raises is evidence only if it is seen wherever the misconception would be: anything raises.
    """
    asked: dict[str, list[_Item]] = {}
    for item in items:
        if item.check.id in fails:
            asked.setdefault(item.check.id, []).append(item)
    shown = {
        check
        for check, of_check in asked.items()
        if all(_shows(item, name, device, item.check.looks_at) for item in of_check)
    }
    has_values = any(not item.raised for check in shown for item in asked[check])
    return shown if has_values or shown == fails else set()


def _separation(items: Sequence[_Item], names: Sequence[str], device: str) -> str:
    """The quantities in which misconceptions differ that showed the same where the checks look."""
    found: dict[str, None] = {}
    for item in items:
        for one, other in combinations(names, 2):
            wrong = item.check.wrong
            left = wrong[one][item.index]
            as_seen = Observation(wrong[other][item.index].quantities)
            seen = differing(left, as_seen, _yardstick(item.check, device, ()), values_only=True)
            for quantity in map(QuantityName.parse, seen):
                if quantity.kind in _VALUES:
                    found.setdefault(quantity._replace(call=0).describe())
    return ", ".join(list(found)[:_MOST_NAMED])


# --- what holds over all cases ------------------------------------------------------------------------------------


def _facts(items: Sequence[_Item], wrong: Sequence[_Item], device: str) -> Iterator[str]:
    """The most telling first."""
    if not wrong or len(wrong) == len(items):
        # All cases are wrong, or none: there is no kind of case to point at, and each check has its message.
        if wrong and not any(item.raised for item in wrong):
            yield from filter(None, (_parts(items, device), _factor(wrong)))
        return
    yield from filter(None, (_parts(items, device), _factor(wrong)))
    bad = {id(item) for item in wrong}
    values = [item for item in items if not item.check.side]
    for holds, words in _KINDS_OF_CASES:
        of_kind = [item for item in values if holds(item)]
        others = [item for item in values if not holds(item)]
        if (
            of_kind
            and others
            and all(id(item) in bad for item in of_kind)
            and not any(id(item) in bad for item in others)
        ):
            yield f"right, except {words}"
    if all(item.raised for item in wrong) and any(not item.raised for item in values):
        yield "right wherever it does not raise"


def _parts(items: Sequence[_Item], device: str) -> str:
    """Right in one sort of quantity and wrong in another."""
    wrong: set[str] = set()
    seen: set[str] = set()
    later_only = True
    for item in items:
        if item.raised or item.check.property is not None:
            continue
        seen |= _looked_at(item)
        for name in map(
            QuantityName.parse, differing(item.expected, item.seen, item.check.yardstick(device))
        ):
            wrong.add(name.kind)
            later_only &= name.call > 1
    if wrong and later_only:
        return "right on the first call, wrong on the one after it"
    if wrong == {"gradient"} and "result" in seen:
        return "right values, but wrong gradients"
    if (
        wrong
        and wrong <= {"graph", "grad", "memory", "own", "same", "mode", "device"}
        and {"result", "after"} & seen
    ):
        return "right values, but something besides them is not as it should be"
    return ""


def _factor(wrong: Sequence[_Item]) -> str:
    """A factor between got and expected that is the same expression of the inputs in every case that is wrong."""
    found = [
        (factor, _expressions(item.case))
        for item in wrong
        if not item.raised and (factor := _ratio(item)) is not None
    ]
    if len(found) < _FEWEST_FACTORS or len(found) < sum(_has_float_result(item) for item in wrong):
        return ""
    for name in found[0][1]:
        values = [expressions.get(name, 0.0) for _, expressions in found]
        # If the expression has the same value in every case, nothing shows that the factor depends on it.
        if max(values) - min(values) > 1e-3 * max(values) and all(
            abs(factor / value - 1) < 1e-4 if value else False
            for (factor, _), value in zip(found, values, strict=True)
        ):
            return f"result is too large by the factor {name} in every case"
    return ""


def _has_float_result(item: _Item) -> bool:
    expected = _floats(item.expected.quantities.get("result"))
    return expected is not None and "result" in _looked_at(item)


def _floats(value: Quantity) -> Tensor | None:
    """A floating-point tensor, or a Python float as one."""
    if isinstance(value, float):
        return torch.tensor(value, dtype=torch.float64)
    return value if isinstance(value, Tensor) and value.is_floating_point() else None


def _looked_at(item: _Item) -> set[str]:
    """The kinds of quantities that its check looks at."""
    return {QuantityName.parse(name).kind for name in selected(item.expected, item.check.looks_at)}


def _ratio(item: _Item) -> float | None:
    """`f` if the result is `f` times what is expected."""
    expected, got = (seen.quantities.get("result") for seen in (item.expected, item.seen))
    expected, got = _floats(expected), _floats(got)
    if not _has_float_result(item) or expected is None or got is None or got.shape != expected.shape:
        return None
    wanted, value = expected.double().flatten(), got.double().flatten()
    square = float(wanted @ wanted)
    if not square or not bool(value.isfinite().all()):
        return None
    factor = float(value @ wanted) / square
    off = float((value - factor * wanted).abs().max())
    return factor if factor and off <= 1e-4 * abs(factor) * float(wanted.abs().max()) else None


def _expressions(case: Case) -> dict[str, float]:
    """Name -> value of what a factor may be: numbers and sizes among the inputs, and their reciprocals."""
    found: dict[str, float] = {}
    for name, value in case.inputs.items():
        if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
            found[name] = float(value)
        elif isinstance(value, Input):
            for dim, size in enumerate(value.tensor.shape):
                found[f"{name}.shape[{dim}]"] = float(size)
                found[f"2 * {name}.shape[{dim}]"] = 2.0 * size
                found[f"sqrt({name}.shape[{dim}])"] = size**0.5
    found |= {
        f"1 / {name}" if " " not in name else f"1 / ({name})": 1 / value
        for name, value in found.items()
        if value
    }
    return found


def _is_noncontiguous(item: _Item) -> bool:
    return any(isinstance(value, Input) and not value.contiguous for value in item.case.inputs.values())


def _is_batch_of_one(item: _Item) -> bool:
    tensors = [value.tensor for value in item.case.inputs.values() if isinstance(value, Input)]
    return bool(tensors) and any(tensor.ndim > 1 and tensor.shape[0] == 1 for tensor in tensors)


def _is_float64(item: _Item) -> bool:
    return item.check.dtype is torch.float64


def _has_calls(item: _Item) -> bool:
    return len(item.case.calls) > 1


_KINDS_OF_CASES: tuple[tuple[Callable[[_Item], bool], str], ...] = (
    (_is_noncontiguous, "for inputs that are not contiguous in memory"),
    (_is_batch_of_one, "for a batch of one"),
    (_is_float64, "for float64 inputs"),
    (_has_calls, "when it is called more than once"),
)

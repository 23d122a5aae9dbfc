"""Which ideas are behind a wrong answer, and what else can be said of it.

A diagnosis is built check by check. What an idea changes alone is known of each case, quantity by quantity. One that
would have changed what is right cannot be behind the answer; one that shows exactly what was seen in all that it changes
in some check is, and explains that check. Where several ideas change the same quantity, nothing can be seen of either.

Nothing here decides about points.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import torch
from torch import Tensor

from course_utils.checks.compare import differing, matches
from course_utils.checks.item import Item, items_of
from course_utils.checks.lens import EXACT, LENSES, Lens
from course_utils.checks.observation import Observation, Quantity
from course_utils.checks.overall import facts
from course_utils.checks.prepared import PreparedCheck, PreparedExercise, Seen
from course_utils.checks.quantity import QuantityName
from course_utils.checks.tolerance import UNITS, Yardstick

# Kinds of quantities that can be told apart by name.
_VALUES = ("exception", "result", "after", "module", "buffer", "gradient")
# If more misconceptions than this fit an answer, none is named.
_MOST_ALIKE = 4
_MOST_NAMED = 3
# The most misconceptions that are looked for in one answer.
_MOST_TOGETHER = 3
# How much must speak for an idea that does not explain everything: one real number is enough, one yes or no is not.
_ENOUGH = 6.0


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
        ideas: the misconceptions that are behind it, each with the checks that it explains; or `alternatives`.
        fact: what holds over all cases, such as "right values, but wrong gradients"; empty if nothing does.
        alternatives: each of the ideas shows what was seen by itself: which it is cannot be told.
        separated_by: what tells those apart, in words.
        failed: how many checks failed.
    """

    ideas: tuple[Idea, ...] = ()
    fact: str = ""
    alternatives: bool = False
    separated_by: str = ""
    failed: int = 0

    @property
    def misconception(self) -> str | None:
        """Id of the one misconception that was recognised, or None."""
        return self.ideas[0].name if len(self.ideas) == 1 else None

    @property
    def alike(self) -> tuple[Idea, ...]:
        """Those of which each shows what was seen."""
        return self.ideas if self.alternatives else ()

    @property
    def together(self) -> tuple[Idea, ...]:
        """Those that show what was seen between them."""
        return self.ideas if len(self.ideas) > 1 and not self.alternatives else ()

    @property
    def explained(self) -> tuple[str, ...]:
        """Ids of the failed checks that one of the ideas explains."""
        return tuple(dict.fromkeys(check for idea in self.ideas for check in idea.explains))


# Of a right answer, and of one that could not be observed.
NOTHING_KNOWN = Diagnosis()


def diagnose(exercise: PreparedExercise, seen: Seen, device: str = "cpu") -> Diagnosis:
    """Find what is behind a wrong answer.

    Args:
        exercise: its checks and bank.
        seen: what was observed of each case.
        device: where the function ran.
    """
    items = items_of(exercise, seen, device)
    if items is None:
        return NOTHING_KNOWN
    wrong = [item for item in items if item.wrong]
    if not wrong:
        return NOTHING_KNOWN
    failed = tuple(dict.fromkeys(item.check.id for item in wrong))
    fitting = [
        name for name in exercise.hints if all(_shows(item, name, item.check.looks_at) for item in items)
    ]
    if fitting and _is_evidence(items, wrong):
        if len(fitting) > 1:
            # Quantities that the checks don't look at may still tell these misconceptions apart.
            closer = [name for name in fitting if all(_shows(item, name, ()) for item in items)]
            fitting = closer or fitting
        if len(fitting) <= _MOST_ALIKE:
            ideas = tuple(Idea(name, exercise.hints[name], failed) for name in fitting)
            if len(ideas) == 1:
                return Diagnosis(ideas, failed=len(failed))
            apart = _separation(items, fitting)
            return Diagnosis(ideas, alternatives=True, separated_by=apart, failed=len(failed))
    fact = next(facts(items, wrong), "")
    if fitting:
        return Diagnosis(fact=fact, failed=len(failed))
    for lens in LENSES:
        found = _in_part(exercise, items, lens)
        if found.ideas:
            return replace(found, fact=fact, failed=len(failed))
    return Diagnosis(fact=fact, failed=len(failed))


# --- one idea that shows everything -------------------------------------------------------------------------------


def _is_evidence(items: Sequence[Item], wrong: Sequence[Item]) -> bool:
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


def _shows(item: Item, name: str, looks_at: tuple[str, ...]) -> bool:
    """Whether an observation is that of a misconception, which may overflow."""
    return matches(
        item.check.wrong[name][item.index],
        item.seen,
        _yardstick(item.check, item.device, looks_at),
        nan_matches=True,
    )


def _separation(items: Sequence[Item], names: Sequence[str]) -> str:
    """The quantities in which misconceptions differ that showed the same where the checks look."""
    found: dict[str, None] = {}
    for item in items:
        for one, other in combinations(names, 2):
            wrong = item.check.wrong
            left = wrong[one][item.index]
            as_seen = Observation(wrong[other][item.index].quantities)
            seen = differing(left, as_seen, _yardstick(item.check, item.device, ()), values_only=True)
            for quantity in map(QuantityName.parse, seen):
                if quantity.kind in _VALUES:
                    found.setdefault(quantity._replace(call=0).describe())
    return ", ".join(list(found)[:_MOST_NAMED])


# --- ideas that show something ------------------------------------------------------------------------------------

# A quantity of a case: the number of the case, and the quantity's name.
Cell = tuple[int, str]


@dataclass(frozen=True)
class _Traces:
    """What is to be seen of an idea in an answer.

    Attributes:
        name: of the idea.
        cells: quantities that it changes and that show exactly this.
        hidden: quantities that it changes and that show something else.
        whole: checks that fail as they do by the idea, and by nothing else.
        evidence: how much that speaks for it.
    """

    name: str
    cells: frozenset[Cell]
    hidden: frozenset[Cell]
    whole: tuple[str, ...]
    evidence: float


def _in_part(exercise: PreparedExercise, items: Sequence[Item], lens: Lens) -> Diagnosis:
    """The ideas that explain some of the failed checks; what is left is told as facts."""
    seen = [lens.wrong(item) for item in items]
    found = [
        traces for name in exercise.hints if (traces := _traces(name, items, seen, lens)) is not None
    ]
    named: list[_Traces] = []
    explained: frozenset[Cell] = frozenset()
    while found and len(named) < _MOST_TOGETHER:
        best = max(found, key=_weight)
        rivals = [other for other in found if other is not best and not other.cells <= best.cells]
        equals = [other for other in found if other is not best and other.cells == best.cells]
        if any(_weight(other) == _weight(best) and other.cells & best.cells for other in rivals):
            break
        if equals := [other for other in equals if len(other.hidden) <= len(best.hidden)]:
            if named or len(equals) >= _MOST_ALIKE:
                break
            return _alternatives(exercise, items, [best, *equals], lens)
        named.append(best)
        explained |= best.cells
        # Where one idea shows exactly, no other one is at work.
        found = [other for other in found if not (other.cells | other.hidden) & explained]
    order = list(exercise.hints)
    named.sort(key=lambda traces: (-len(traces.whole), order.index(traces.name)))
    return Diagnosis(
        tuple(Idea(item.name, exercise.hints[item.name], _explains(item, items)) for item in named)
    )


def _weight(traces: _Traces) -> tuple[int, int, int]:
    return len(traces.whole), len(traces.cells), -len(traces.hidden)


def _explains(traces: _Traces, items: Sequence[Item]) -> tuple[str, ...]:
    if traces.whole:
        return traces.whole
    # It shows in some quantities of checks in which others are wrong in another way.
    return tuple(dict.fromkeys(items[number].check.id for number, _ in sorted(traces.cells)))


def _alternatives(
    exercise: PreparedExercise, items: Sequence[Item], several: Sequence[_Traces], lens: Lens
) -> Diagnosis:
    names = [traces.name for traces in several]
    if lens is EXACT:
        # As above: what the checks don't look at may tell them apart.
        numbers = {number for number, _ in several[0].cells}
        closer = [name for name in names if all(_shows(items[number], name, ()) for number in numbers)]
        names = closer or names
    ideas = tuple(
        Idea(traces.name, exercise.hints[traces.name], _explains(traces, items))
        for traces in several
        if traces.name in names
    )
    if len(ideas) == 1:
        return Diagnosis(ideas)
    return Diagnosis(ideas, alternatives=True, separated_by=_separation(items, names))


def _traces(
    name: str, items: Sequence[Item], seen: Sequence[frozenset[str]], lens: Lens
) -> _Traces | None:
    """What is to be seen of an idea; None if it contradicts what is right, or too little speaks for it."""
    changes = [lens.changed_by(name, item) for item in items]
    for item, wrong, changed in zip(items, seen, changes, strict=True):
        if changed and not changed <= wrong and not ("exception" in wrong and item.raised):
            return None
    cells: set[Cell] = set()
    hidden: set[Cell] = set()
    evidence: dict[str, float] = {}
    spoilt: set[str] = set()
    mixed: set[str] = set()
    for number, (item, wrong, changed) in enumerate(zip(items, seen, changes, strict=True)):
        id_ = item.check.id
        shown = {quantity for quantity in changed & wrong if lens.shows(item, name, quantity)}
        cells |= {(number, quantity) for quantity in shown}
        hidden |= {(number, quantity) for quantity in changed - shown}
        if changed - shown:
            spoilt.add(id_)
        if wrong - changed:
            mixed.add(id_)
        if shown:
            told = sum(_says(item, quantity) for quantity in shown)
            evidence[id_] = evidence.get(id_, 0.0) + told
    exact = [id_ for id_ in evidence if id_ not in spoilt]
    if not exact:
        return None
    strength = sum(evidence[id_] for id_ in exact)
    if strength < _ENOUGH and hidden:
        return None
    kept = set(exact)
    return _Traces(
        name,
        frozenset(cell for cell in cells if items[cell[0]].check.id in kept),
        frozenset(hidden | {cell for cell in cells if items[cell[0]].check.id not in kept}),
        tuple(id_ for id_ in exact if id_ not in mixed),
        strength,
    )


def _says(item: Item, quantity: str) -> float:
    """How much it says that a quantity is as an idea makes it, in bits, roughly."""
    value: Quantity = item.seen.quantities.get(quantity)
    if quantity == "exception":
        # Anything raises. To go through where something should be raised, and to write the very same, is another thing.
        written = [name for name in item.seen.quantities if name.startswith(("after.", "result"))]
        return 0.0 if item.raised or not written else max(_says(item, name) for name in written)
    if isinstance(value, Tensor):
        return float(min(20, value.numel() * (20 if value.is_floating_point() else 2)))
    if isinstance(value, float):
        return 20.0
    return 3.0 if isinstance(value, int) and not isinstance(value, bool) else 1.0

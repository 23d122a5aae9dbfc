"""Which ideas are behind a wrong answer, and what else can be said of it.

A diagnosis is built check by check. What an idea changes alone is known of each case, quantity by quantity. One that
would have changed what is right cannot be behind the answer; one that shows exactly what was seen in all that it
changes in some check is, and explains that check. Where several ideas change the same quantity, nothing
can be seen of either.

Nothing here decides about points.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from course_utils.checks.compare import differing, matches
from course_utils.checks.evidence import SeenQuantity, evidence_for
from course_utils.checks.lens import EXACT, LENSES, Lens
from course_utils.checks.observation import Observation
from course_utils.checks.overall import facts
from course_utils.checks.prepared import PreparedCheck, PreparedExercise, Seen, is_known
from course_utils.checks.quantity import QuantityName
from course_utils.checks.seen_case import SeenCase, items_of
from course_utils.checks.tolerance import UNITS, Yardstick

# Kinds of quantities that can be told apart by name.
_VALUES = ("exception", "result", "after", "module", "buffer", "gradient")
# If more misconceptions than this fit an answer, none is named.
_MOST_ALIKE = 4
_MOST_NAMED = 3
# The most misconceptions that are looked for in one answer.
_MOST_TOGETHER = 3


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
        failed: how many checks failed; of a verdict's, those that wait are none of them.
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

    def of_failed(self, checks: Iterable[str]) -> Diagnosis:
        """The same for the checks that are shown as failed: one that waits counts for nothing.

        Args:
            checks: ids of those.
        """
        shown = tuple(checks)
        ideas = (
            replace(idea, explains=tuple(check for check in idea.explains if check in shown))
            for idea in self.ideas
        )
        left = tuple(idea for idea in ideas if idea.explains)
        several = len(left) > 1
        return replace(
            self,
            ideas=left,
            alternatives=self.alternatives and several,
            separated_by=self.separated_by if several else "",
            failed=min(self.failed, len(shown)),
        )

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


def diagnose(
    exercise: PreparedExercise, seen: Seen, device: str = "cpu", *, hidden: bool = False
) -> Diagnosis:
    """Find what is behind a wrong answer.

    Args:
        exercise: its checks and bank.
        seen: what was observed of each case.
        device: where the function ran.
        hidden: the cases are hidden. Then nothing is told that depends on how near a wrong value is to the expected
            one: an answer is compared with ideas, which it can know itself, and for the rest is right or wrong.
    """
    items = items_of(exercise, seen, device)
    if items is None:
        return NOTHING_KNOWN
    wrong = [item for item in items if item.wrong]
    if not wrong:
        return NOTHING_KNOWN
    failed = tuple(dict.fromkeys(item.check.id for item in wrong))
    fitting = [
        name
        for name in exercise.hints
        if all(_shows(item, name, item.check.looks_at) for item in _quickest_first(items, name))
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
    fact = next(facts(items, wrong, hidden=hidden), "")
    if fitting:
        return Diagnosis(fact=fact, failed=len(failed))
    ideas = next(
        filter(None, (_in_part(exercise, items, lens, hidden) for lens in LENSES if lens.is_of_use(wrong))),
        (),
    )
    return Diagnosis(ideas, fact, failed=len(failed))


# --- one idea that shows everything -------------------------------------------------------------------------------


def _is_evidence(items: Sequence[SeenCase], wrong: Sequence[SeenCase]) -> bool:
    """Whether what was seen can speak for an idea at all.

    A wrong value that agrees with one is evidence. An exception of the same type is none by itself, but to raise in the
    very cases in which the idea does, and to be right in the others, is.
    """
    return any(not item.raised for item in wrong) or (
        any(not item.check.side and not item.raised for item in items)
    )


def _yardstick(check: PreparedCheck, device: str, looks_at: tuple[str, ...]) -> Yardstick:
    # A misconception may round where the reference only copies ("keys normalised").
    accuracy = check.accuracy if UNITS[check.accuracy] >= UNITS["reduction"] else "reduction"
    return replace(check.yardstick(device), accuracy=accuracy, looks_at=looks_at)


def _shows(item: SeenCase, name: str, looks_at: tuple[str, ...]) -> bool:
    """Whether an observation is that of a misconception, which may overflow."""
    return matches(
        item.check.wrong[name][item.index],
        item.seen,
        _yardstick(item.check, item.device, looks_at),
        nan_matches=True,
    )


def _quickest_first(items: Sequence[SeenCase], name: str) -> list[SeenCase]:
    """The cases in the order in which it is soon seen that an answer shows something else than a misconception.

    What the misconception shows is known of some from earlier answers, and takes a millisecond to work out of others;
    and where the answer is wrong hardly any misconception shows the same.
    """
    return sorted(items, key=lambda item: (not is_known(item.check.wrong[name], item.index), not item.wrong))


def _separation(items: Sequence[SeenCase], names: Sequence[str]) -> str:
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


@dataclass(frozen=True)
class _Traces:
    """What is to be seen of an idea in an answer.

    Attributes:
        name: of the idea.
        cells: quantities that it changes and that show exactly this, in all cases of a check that it changes.
        hidden: other quantities that it changes; they are wrong, too, but in another way.
        whole: checks that fail as they do by the idea, and by nothing else.
        evidence: how much all this says.
    """

    name: str
    cells: frozenset[SeenQuantity]
    hidden: frozenset[SeenQuantity]
    whole: tuple[str, ...]
    evidence: float

    @property
    def doubt(self) -> int:
        """How many times as much as usual must speak for it: for one that never shows all that it changes, more."""
        return 4 if self.hidden and not self.whole else 1


def _in_part(
    exercise: PreparedExercise, items: Sequence[SeenCase], lens: Lens, hidden: bool
) -> tuple[Idea, ...]:
    """The ideas that explain some of the failed checks; what is left is told as facts."""
    # Through a lens a wrong value may count as right if it is near enough: whoever is told of hidden cases which idea
    # that leaves could find the expected number by halving.
    seen = [item.wrong if hidden else lens.wrong(item) for item in items]
    found = [traces for name in exercise.hints if (traces := _traces(name, items, seen, lens)) is not None]
    named: list[_Traces] = []
    guessed: set[str] = set()
    explained: frozenset[SeenQuantity] = frozenset()

    def weight(traces: _Traces) -> tuple[bool, int, int, int]:
        strong = traces.evidence >= lens.enough * traces.doubt
        return strong, len(traces.whole), len(traces.cells), -len(traces.hidden)

    while found and len(named) < _MOST_TOGETHER:
        best = max(found, key=weight)
        # An idea of which all is seen that is seen of the best one may be behind it as well.
        same = [other for other in found if other.cells >= best.cells]
        if len(same) > 1:
            alike = all(other.cells | other.hidden == best.cells | best.hidden for other in same)
            closest = _closest(items, same) if lens is EXACT and alike else same
            if len(closest) > 1:
                # One that shows all that it changes, if it leaves nothing unexplained in the end.
                closest = [other for other in same if not other.hidden]
                guessed.update(traces.name for traces in closest)
            same = closest
        rivals = [other for other in found if other.cells & best.cells and not other.cells <= best.cells]
        if len(same) != 1 or any(
            weight(other)[0] >= weight(best)[0] for other in rivals if other not in same
        ):
            # Which it is cannot be told; what shows elsewhere may still be.
            found = [other for other in found if not other.cells & best.cells]
            continue
        (best,) = same
        named.append(best)
        explained |= best.cells
        # Where one idea shows exactly, no other one is at work.
        found = [other for other in found if not (other.cells | other.hidden) & explained]
    all_wrong = {(number, name) for number, names in enumerate(seen) for name in names}
    if all_wrong - explained:
        # A few bits could come from anywhere, and so only tell something where nothing else is left to be told.
        named = [
            item for item in named if item.name not in guessed and item.evidence >= lens.enough * item.doubt
        ]
    order = list(exercise.hints)
    named.sort(key=lambda traces: (-len(traces.whole), order.index(traces.name)))
    return tuple(Idea(item.name, exercise.hints[item.name], _explains(item, items)) for item in named)


def _closest(items: Sequence[SeenCase], several: Sequence[_Traces]) -> list[_Traces]:
    """Of ideas of which the same is seen, those that are right in most of what the checks don't look at."""
    far = [
        sum(
            len(
                differing(
                    item.check.wrong[traces.name][item.index],
                    item.seen,
                    _yardstick(item.check, item.device, ()),
                )
            )
            for item in items
        )
        for traces in several
    ]
    return [traces for traces, count in zip(several, far, strict=True) if count == min(far)]


def _explains(traces: _Traces, items: Sequence[SeenCase]) -> tuple[str, ...]:
    if traces.whole:
        return traces.whole
    # It shows in some quantities of checks in which others are wrong in another way.
    return tuple(dict.fromkeys(items[number].check.id for number, _ in sorted(traces.cells)))


def _traces(
    name: str, items: Sequence[SeenCase], seen: Sequence[frozenset[str]], lens: Lens
) -> _Traces | None:
    """What is to be seen of an idea; None if there is nothing, or it would have changed what is right."""
    changes: list[frozenset[str]] = []
    for item, wrong in zip(items, seen, strict=True):
        changed = lens.changed_by(name, item)
        # Where an exception came first nothing is known of the other quantities; if it is the right one, that is.
        if (spared := changed - wrong) and (not item.raised or "exception" in spared):
            return None
        changes.append(changed)
    shown: dict[tuple[str, str], set[SeenQuantity]] = {}
    spoilt: set[tuple[str, str]] = set()
    mixed: set[str] = set()
    for number, (item, wrong, changed) in enumerate(zip(items, seen, changes, strict=True)):
        for quantity in changed:
            unit = item.check.id, str(QuantityName.parse(quantity)._replace(call=0))
            if quantity in wrong and unit not in spoilt and lens.shows(item, name, quantity):
                shown.setdefault(unit, set()).add((number, quantity))
            else:
                spoilt.add(unit)
                if not shown and len(spoilt) >= lens.patience:
                    return None
        if wrong - changed:
            mixed.add(item.check.id)
    units = shown.keys() - spoilt
    if not units:
        return None
    cells = frozenset(cell for unit in units for cell in shown[unit])
    if all(_is_raised_in_vain(items[number], quantity) for number, quantity in cells):
        return None
    every = {(number, quantity) for number, names in enumerate(changes) for quantity in names}
    bad = mixed | {check for check, _ in spoilt}
    whole = tuple(dict.fromkeys(check for check, _ in shown if check not in bad))
    hidden = frozenset(every - cells)
    evidence = evidence_for(name, items, lens, cells=cells, hidden=hidden, whole=whole)
    return _Traces(
        name,
        cells,
        hidden,
        whole,
        evidence,
    )


def _is_raised_in_vain(item: SeenCase, quantity: str) -> bool:
    """Whether all that is seen is a ValueError where a right answer raises none: many things may be refused there."""
    seen, expected = (of.quantities.get("exception") for of in (item.seen, item.expected))
    return quantity == "exception" and seen == "ValueError" and expected == "none"

"""What is asked of the checks, and where they fall short of it: every complaint names file, line and the way out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, isinf, sqrt

from autograder.course.exercises import Exercise
from autograder.course.receipt import Counts
from autograder.quality.depth import missing
from autograder.quality.naming import NamesTried
from autograder.quality.oracle import OracleTried
from autograder.quality.survey import (
    BEHAVIOUR,
    MISCONCEPTION,
    MUTANT,
    NAMELESS,
    TriedRight,
    TriedWrong,
    Wrongs,
)
from course_utils.checks.structures import Structures

# Of the misconceptions, plain and disguised, so many must be called by their names.
NAMED = 0.95
# Of two slips at once one is called by its name; something that is not there is hardly ever named. That is asked of all
# exercises together (`tests/test_pairs_told.py`). Of one some hundred pairs are tried, so its share may come out
# lower by chance: it is complained of beyond two standard deviations.
PAIRS_NAMED, PAIRS_WRONG = 0.8, 0.01
# Single slips of another kind get a name or a fact; mutants that are told nothing but "is wrong" are few.
SLIPS_TOLD, BARE = 0.9, 0.1
# So many are listed in one complaint.
_MOST_NAMED = 8
# A right answer may use up so much of the tolerance: what other machines and versions of torch add fits into the rest.
LARGEST_HONEST_ERROR = 0.5
# And the smallest fault is so many times what is allowed: no seed brings it under the tolerance.
SMALLEST_FAULT = 4.0


@dataclass(frozen=True, kw_only=True)
class Result:
    """What became of all answers to one exercise.

    Attributes:
        exercise: the exercise.
        minutes: how long the notebook says it takes.
        seeds: under so many the right answers were tried.
        wrongs, rights: what became of wrong and of right answers.
        oracle: what became of `test_reference.py`; None if it was not tried.
        structures: what the cases are made of.
        naming: what wrong answers are told; None if that was not tried.
    """

    exercise: Exercise
    minutes: int
    seeds: int
    wrongs: Wrongs
    rights: tuple[TriedRight, ...]
    oracle: OracleTried | None
    structures: Structures
    naming: NamesTried | None = None

    @property
    def found(self) -> Counts:
        """The counts, as a receipt holds them."""
        smallest, oracle, naming = self.smallest_fault, self.oracle, self.naming
        pairs = naming.pairs if naming else None
        return Counts(
            ideas=len(self.of(MISCONCEPTION)),
            others=len(self.of(NAMELESS)),
            mutants=len(self.of(MUTANT)),
            equivalents=len(self.wrongs.answers) - len(self.wrong),
            faults=len(self.of(BEHAVIOUR)),
            killed=self.killed,
            named=round(self.named, 3),
            pairs=pairs.tried if pairs else 0,
            pairs_impossible=pairs.impossible if pairs else 0,
            pairs_named=pairs.rightly if pairs else 0,
            pairs_wrong=len(pairs.wrong) if pairs else 0,
            slips=naming.slips if naming else 0,
            slips_told=naming.slips_told if naming else 0,
            bare=len(naming.bare) if naming else 0,
            right_named=len(naming.right) if naming else 0,
            visible_kills=round(self.visible_kill_rate, 3),
            trivial=self.wrongs.trivial,
            trivial_paid=len(self.wrongs.points_for_nothing),
            right=len(self.rights),
            accepted=self.accepted,
            flakes=self.flakes,
            honest_error=round(self.honest_error, 2),
            smallest_fault=None if isinf(smallest) else float(f"{smallest:.3g}"),
            oracle_asked=len(oracle.asked) if oracle else 0,
            oracle_caught=len(oracle.asked) - len(oracle.survived) if oracle else 0,
            draws=tuple(sorted(self.structures.kinds)),
            longest_side=self.structures.longest_side,
        )

    def of(self, kind: str) -> list[TriedWrong]:
        """The wrong answers of this kind that are not listed as equivalent."""
        return [item for item in self.wrongs.answers if item.kind == kind and not item.reason]

    @property
    def wrong(self) -> list[TriedWrong]:
        """All wrong answers but the equivalent ones."""
        return [item for item in self.wrongs.answers if not item.reason]

    @property
    def killed(self) -> int:
        """How many wrong answers the checks tell from the reference under every secret."""
        return sum(not item.survived for item in self.wrong)

    @property
    def named(self) -> float:
        """Share of the misconceptions called by their names."""
        bank = self.of(MISCONCEPTION)
        return sum(item.named for item in bank) / len(bank) if bank else 1.0

    @property
    def visible_kill_rate(self) -> float:
        """Share of the wrong answers that fail a visible check."""
        return sum(not item.survived_visible for item in self.wrong) / max(1, len(self.wrong))

    @property
    def accepted(self) -> int:
        """How many right answers passed all checks under every seed."""
        return sum(not item.refused for item in self.rights)

    @property
    def flakes(self) -> int:
        """How many answers are right under some seeds and wrong under others."""
        return sum(item.flaky for item in self.wrong) + sum(
            0 < len(item.refused) < item.tries for item in self.rights
        )

    @property
    def honest_error(self) -> float:
        """The largest error of a right answer, in units of what is allowed."""
        return max((item.error for item in self.rights), default=0.0)

    @property
    def smallest_fault(self) -> float:
        """The smallest error of a wrong answer, in units of what is allowed; infinite if none is a matter of size."""
        return min((item.effect for item in self.wrong if not item.survived), default=float("inf"))


def complaints(results: Sequence[Result]) -> list[str]:
    """All that is wrong with the checks; empty if the gate is open."""
    return [complaint for result in results for complaint in _complaints(result)]


def _complaints(result: Result) -> Iterator[str]:
    exercise = result.exercise
    checks = exercise.files["checks.py"]
    for item in result.wrong:
        if item.survived:
            yield f"{_place(result, item)}: {_in_words(item)} of {exercise.id} passes every check. {_way_out(item)}"
        elif item.flaky:
            yield f"{_place(result, item)}: {_in_words(item)} of {exercise.id} passes under some seeds"
    for name in result.wrongs.stale_equivalents:
        path = exercise.files["equivalents.toml"]
        yield f"{path}: {name!r} of {exercise.id} is not made any more, or is told from the reference: take it out"
    for name, score in result.wrongs.points_for_nothing:
        yield f"{checks}: the trivial answer {name!r} to {exercise.id} scores {score:g}; it must score nothing"
    for id_ in result.wrongs.checks:
        # An answer that raises fails every check, which is no evidence that this check sees anything.
        if not any(id_ in item.failed - item.raised for item in result.wrong):
            yield f"{checks}: the check {id_!r} of {exercise.id} kills nothing: make it harder, or remove it"
    if result.named < NAMED:
        wrong = ", ".join(item.name for item in result.of(MISCONCEPTION) if item.named < 1)
        yield (
            f"{exercise.files['wrong.py']}: {result.named:.0%} of the misconceptions of {exercise.id} are called by "
            f"their names, {NAMED:.0%} are asked for; not always: {wrong}"
        )
    if result.naming is not None:
        yield from _of_names(result, result.naming)
    for right in result.rights:
        if right.refused:
            yield (
                f"{_place_of_right(exercise, right.name)}: the right answer {right.name!r} to {exercise.id} is refused "
                f"{len(right.refused)} times in {right.tries}, first by {right.refused[0]}"
            )
        elif right.error > LARGEST_HONEST_ERROR:
            yield (
                f"{checks}: the right answer {right.name!r} to {exercise.id} uses up {right.error:.0%} of the "
                f"tolerance; {LARGEST_HONEST_ERROR:.0%} leave room for other machines: is its accuracy right?"
            )
    if result.smallest_fault < SMALLEST_FAULT:
        item = min((item for item in result.wrong if not item.survived), key=lambda item: item.effect)
        yield (
            f"{_place(result, item)}: {_in_words(item)} of {exercise.id} is only {item.effect:.3g} times what is "
            f"allowed where the check {item.effect_in!r} sees it best, {SMALLEST_FAULT:g} times are asked for: let a "
            "case show it more clearly"
        )
    yield from _of_the_oracle(result)
    alike = len(result.of(MISCONCEPTION)) - len({item.shows for item in result.of(MISCONCEPTION)})
    yield from missing(exercise, result.minutes, result.structures, alike)


def _by_chance(share: float, tried: int) -> float:
    """How far a count may lie from its expected value by chance: two standard deviations."""
    return 2 * sqrt(share * (1 - share) * tried)


def _of_names(result: Result, naming: NamesTried) -> Iterator[str]:
    exercise, pairs = result.exercise, naming.pairs
    place = f"{exercise.files['wrong.py']}, line 1"
    if pairs.rightly < PAIRS_NAMED * pairs.tried - _by_chance(PAIRS_NAMED, pairs.tried):
        yield (
            f"{place}: of {pairs.tried} pairs of slips in {exercise.id}, {pairs.rightly} have one named, "
            f"{PAIRS_NAMED:.0%} are asked for: let a case show each idea by itself. Nothing is named of "
            f"{_some(pairs.missed)}"
        )
    # One of a few is no share.
    if len(pairs.wrong) > ceil(PAIRS_WRONG * pairs.tried + _by_chance(PAIRS_WRONG, pairs.tried)):
        yield (
            f"{place}: of {pairs.tried} pairs of slips in {exercise.id}, {len(pairs.wrong)} are called by a name "
            f"that is not theirs, {PAIRS_WRONG:.0%} may be: {_some(pairs.wrong)}"
        )
    if naming.slips_told < SLIPS_TOLD * naming.slips:
        yield (
            f"{place}: of {naming.slips} slips in {exercise.id} of a dtype, an exception or by one, "
            f"{naming.slips_told} get a name or a fact, {SLIPS_TOLD:.0%} are asked for"
        )
    if len(naming.bare) > BARE * naming.mutants:
        yield (
            f"{place}: {len(naming.bare)} of {naming.mutants} mutants of {exercise.id} are told nothing but that "
            f"values are wrong, {BARE:.0%} may be: add misconceptions for {_some(naming.bare)}"
        )
    for name in naming.right:
        yield f"{place}: the right answer {name!r} to {exercise.id} is called a misconception"


def _some(names: Sequence[str]) -> str:
    few = "; ".join(names[:_MOST_NAMED])
    return few if len(names) <= _MOST_NAMED else f"{few}; and {len(names) - _MOST_NAMED} more"


def _of_the_oracle(result: Result) -> Iterator[str]:
    exercise, oracle = result.exercise, result.oracle
    if oracle is None:
        return
    path = exercise.files["test_reference.py"]
    if not oracle.passes:
        yield f"{path}, line 1: it does not pass with the reference: run `pytest {path}`"
    elif not oracle.asked:
        return
    for line, name in oracle.imports:
        yield (
            f"{path}, line {line}: imports {name}: an oracle is independent, so it imports nothing of ours but the "
            f"reference of {exercise.id}"
        )
    if oracle.survived:
        yield (
            f"{path}, line 1: it passes with wrong values in the reference's place: {', '.join(oracle.survived)}. "
            "Compare with a loop, another library or a value worked out by hand where these differ"
        )


def _place(result: Result, item: TriedWrong) -> str:
    if item.kind == MUTANT:
        return f"{result.exercise.files['reference.py']}, line {item.line}"
    if item.kind == BEHAVIOUR:
        return str(result.exercise.files["checks.py"])
    return result.exercise.place(next(wrong for wrong in result.exercise.wrong if wrong.id == item.name))


def _in_words(item: TriedWrong) -> str:
    return {
        MUTANT: f"the mutant [{item.name}]",
        BEHAVIOUR: f"the fault {item.name!r}",
        NAMELESS: f"the wrong answer {item.name!r}",
    }.get(item.kind, f"the misconception {item.name!r}")


def _way_out(item: TriedWrong) -> str:
    if item.kind in (MISCONCEPTION, NAMELESS):
        return "Add a case that tells it from the reference"
    before = f"before = {_quoted(item.before)}\n" if item.before else ""
    return (
        "Add a case that tells it from the reference. If it is right after all, list it in equivalents.toml:\n\n"
        f'[[equivalent]]\n{before}after = {_quoted(item.after)}\nreason = "..."\n'
    )


def _quoted(text: str) -> str:
    """A string of TOML."""
    return json.dumps(text, ensure_ascii=False)


def _place_of_right(exercise: Exercise, name: str) -> str:
    for item in exercise.right_answers:
        if item.id == name:
            return exercise.place(item)
    return f"{exercise.files['reference.py']}, line {exercise.reference.__code__.co_firstlineno}"


def in_tolerances(error: float) -> str:
    """`0.26`, `540`, or a dash for what is no matter of size."""
    return (
        "-" if isinf(error) else f"{error:.2f}" if error < 10 else f"{error:.2g}" if error < 1e6 else "> 1e6"
    )

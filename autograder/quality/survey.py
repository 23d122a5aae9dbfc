"""Try the checks of an exercise on all answers that there are, wrong ones and right ones."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import product

import torch
from torch import Tensor

from autograder.course.equivalents import Equivalent
from autograder.course.trial import judge_function, told_by_properties
from autograder.course.units import Exercise
from autograder.quality.behaviours import Function, behaviours
from autograder.quality.disguise import disguised
from autograder.quality.mutation import mutants
from autograder.quality.trivial import trivial_answers
from course_utils.checks.case import Case
from course_utils.checks.compare import error_in_tolerances, matches
from course_utils.checks.definition import PUBLIC_SECRET, Check
from course_utils.checks.expectation import Expectation, expect
from course_utils.checks.judge import CORRECT, CheckVerdict, Verdict, judge
from course_utils.checks.observation import Observation
from course_utils.checks.observe import observe
from course_utils.checks.prepared import PreparedExercise
from course_utils.checks.tolerance import Yardstick
from course_utils.checks.wire import pack_tensor

# What each right function shows on the cases of a check; the reference's name is empty.
Readings = Mapping[str, Sequence[Expectation]]

MISCONCEPTION, NAMELESS, MUTANT, BEHAVIOUR = "misconception", "wrong answer", "mutant", "behaviour"


@dataclass(frozen=True, kw_only=True)
class TriedWrong:
    """A wrong answer and what became of it.

    Attributes:
        kind: `misconception`, `wrong answer` (without a name of its own), `mutant` or `behaviour`.
        name: of the misconception, the wrong answer or the fault; what a mutant changed into what.
        line: of the statement that a mutant changed, in the reference's file.
        failed: ids of the checks that it failed under every secret.
        raised: those of them that it failed by an exception, whatever they look at.
        survived: whether all checks passed under some secret.
        flaky: whether that was so under some secrets and not under others.
        survived_visible: whether all visible checks pass, as a student sees them.
        named: share of the secrets under which a misconception was called by its name, disguised or not.
        effect: its largest error in units of the tolerance, the smallest under all secrets; infinite if the fault is
            none of numbers.
        effect_in: id of the check that shows this error; empty if none compares numbers.
        before, after: what a mutant changed into what.
        reason: why it is right after all, for an equivalent one.
        shows: what a misconception shows in all cases, as one hash: two that show the same cannot be told apart.
    """

    kind: str
    name: str
    line: int = 0
    failed: frozenset[str] = frozenset()
    raised: frozenset[str] = frozenset()
    survived: bool = False
    flaky: bool = False
    survived_visible: bool = False
    named: float = 1.0
    effect: float = 0.0
    effect_in: str = ""
    before: str = ""
    after: str = ""
    reason: str = ""
    shows: str = ""


@dataclass(frozen=True)
class TriedRight:
    """A right answer and what became of it.

    Attributes:
        tries: how often all checks were asked.
        refused: for each setting under which a check failed, which and how: flakes, if it is not all of them.
        error: its largest error in units of the tolerance.
    """

    name: str
    tries: int
    refused: tuple[str, ...]
    error: float


@dataclass(frozen=True)
class Wrongs:
    """What became of all wrong answers to an exercise.

    Attributes:
        checks: ids of the checks, in their order.
        points_for_nothing: name and score of each trivial answer that scores.
        stale_equivalents: listed as equivalent, but told from the reference, or no longer made.
    """

    exercise: str
    checks: tuple[str, ...]
    answers: tuple[TriedWrong, ...]
    trivial: int
    points_for_nothing: tuple[tuple[str, float], ...]
    stale_equivalents: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """How much is tried.

    Attributes:
        secrets: keys of the hidden seeds under which wrong answers are tried.
        seeds: keys under which right answers are tried.
        threads: numbers of torch's threads.
        dtypes: dtypes into which every case is cast for right answers.
        every: each seed with all numbers of threads and all dtypes; if false, with one of these settings in turn.
    """

    secrets: tuple[bytes, ...] = tuple(f"secret {number}".encode() for number in range(3))
    seeds: int = 200
    threads: tuple[int, ...] = (1, 2, 8)
    dtypes: tuple[torch.dtype, ...] = field(default=(torch.float32, torch.float64))
    every: bool = False

    def settings(self, seed: int) -> list[tuple[torch.dtype, int]]:
        """Dtype and number of threads for the seed of this number."""
        every = list(product(self.dtypes, self.threads))
        return every if self.every else [every[seed % len(every)]]


# --- wrong answers ------------------------------------------------------------------------------------------------


def try_wrong_answers(exercise: Exercise, equivalents: Sequence[Equivalent], plan: Plan) -> Wrongs:
    """Every misconception, mutant and fault under every secret."""
    with quiet(1):
        blank = replace(exercise, misconceptions=())
        hidden = [blank.prepare(secret) for secret in plan.secrets]
        visible = blank.prepare(PUBLIC_SECRET, visible_only=True)
        reasons = {(item.before, item.after): item.reason for item in equivalents}
        answers = []
        unknown = set(reasons)
        for kind, before, after, line, function in _wrong_functions(exercise, visible):
            name = f"{before}  =>  {after}" if before else after
            answer = _try(kind, name, line, function, hidden, visible)
            answer = replace(answer, before=before, after=after)
            if (before, after) in reasons:
                if answer.survived:
                    unknown.discard((before, after))
                answer = replace(answer, reason=reasons[before, after])
            answers.append(answer)
        if exercise.misconceptions:
            with_bank = [exercise.prepare(secret) for secret in plan.secrets]
            answers = [_named(item, exercise, with_bank) for item in answers]
        trivial = trivial_answers(exercise.reference, visible)
        scores = [
            (name, max(judge_function(prepared, function).score for prepared in hidden))
            for name, function in trivial.items()
        ]
    return Wrongs(
        exercise.id,
        tuple(check.id for check in exercise.checks),
        tuple(answers),
        len(trivial),
        tuple((name, score) for name, score in scores if score),
        tuple(f"{before}  =>  {after}" if before else after for before, after in sorted(unknown)),
    )


def _wrong_functions(
    exercise: Exercise, prepared: PreparedExercise
) -> Iterator[tuple[str, str, str, int, Callable[[], Function]]]:
    """Kind, before, after, line, and what makes the function: some remember what they were called with."""
    for wrong in exercise.misconceptions:
        yield MISCONCEPTION, "", wrong.id, 0, lambda function=wrong.function: function  # type: ignore[misc]
    for other in exercise.wrong_answers:
        yield NAMELESS, "", other.id, 0, lambda function=other.function: function  # type: ignore[misc]
    for mutant in mutants(exercise.reference):
        yield MUTANT, mutant.before, mutant.after, mutant.line, lambda function=mutant.function: function  # type: ignore[misc]
    for name in behaviours(prepared, exercise.reference):
        make = lambda name=name: behaviours(prepared, exercise.reference)[name]  # noqa: E731
        yield BEHAVIOUR, "", name, 0, make


def _try(
    kind: str,
    name: str,
    line: int,
    make: Callable[[], Function],
    hidden: Sequence[PreparedExercise],
    visible: PreparedExercise,
) -> TriedWrong:
    failed, raised = frozenset[str](), frozenset[str]()
    passed: set[bool] = set()
    effect, effect_in = float("inf"), ""
    for number, prepared in enumerate(hidden):
        verdict, largest, where = _measured(prepared, make())
        lost = [item for item in verdict.checks if not item.passed and not item.waits]
        now = frozenset(item.check.id for item in lost)
        failed = failed & now if number else now
        raised |= frozenset(item.check.id for item in lost if _has_raised(item))
        passed.add(verdict.status == CORRECT)
        if largest < effect:
            effect, effect_in = largest, where
    seen = judge_function(visible, make())
    return TriedWrong(
        kind=kind,
        name=name,
        line=line,
        failed=failed,
        raised=raised & failed,
        survived=True in passed,
        flaky=len(passed) > 1,
        survived_visible=seen.status == CORRECT,
        effect=effect if failed else 0.0,
        effect_in=effect_in,
    )


def _has_raised(item: CheckVerdict) -> bool:
    """Whether a check failed because of an exception for which it did not ask."""
    expected = item.check.expected[item.case].quantities["exception"]
    return item.observation is not None and item.observation.quantities.get("exception") != expected == "none"


def _named(answer: TriedWrong, exercise: Exercise, prepared: Sequence[PreparedExercise]) -> TriedWrong:
    if answer.kind != MISCONCEPTION:
        return answer
    function = next(item.function for item in exercise.misconceptions if item.id == answer.name)
    forms: list[Function] = [function, disguised(function)]  # type: ignore[arg-type]
    verdicts = [judge_function(item, form) for item in prepared for form in forms]
    right = [item.misconception == answer.name or told_by_properties(item) for item in verdicts]
    return replace(answer, named=sum(right) / len(right), shows=_shown(prepared[0], answer.name))


def _shown(prepared: PreparedExercise, name: str) -> str:
    """What a misconception shows, to be compared with what others show.

    One that is told by properties alone has no one observation: it counts for itself.
    """
    compared = [check for check in prepared.checks if check.property is None]
    if not any(check.is_failed_by(name) for check in compared):
        return name
    digest = hashlib.sha256()
    for check in compared:
        for seen in check.wrong[name]:
            for quantity, value in seen.quantities.items():
                digest.update(
                    f"{quantity}\0{pack_tensor(value) if isinstance(value, Tensor) else value!r}\0".encode()
                )
    return digest.hexdigest()


def _measured(prepared: PreparedExercise, function: Function) -> tuple[Verdict, float, str]:
    """The verdict, the largest error in units of the tolerance, and the check that shows it."""
    seen = {check.id: [observe(function, case) for case in check.cases] for check in prepared.checks}
    largest, where = 0.0, ""
    verdict = judge(prepared, seen)
    for check in (item.check for item in verdict.checks):
        if check.property is not None:
            continue
        for expected, got in zip(check.expected, seen[check.id], strict=True):
            error = error_in_tolerances(expected, got, check.yardstick())
            if error > largest:
                largest, where = error, check.id
    if verdict.status != CORRECT and largest <= 1:
        largest = float("inf")  # told by a property
    return verdict, largest, where


# --- right answers ------------------------------------------------------------------------------------------------


def try_right_answers(exercise: Exercise, plan: Plan, seeds: Iterable[int]) -> list[TriedRight]:
    """The reference and every other right answer under the seeds of these numbers."""
    answers: Mapping[str, Function] = {
        "the reference": exercise.reference,
        **{name: function for check in exercise.checks for name, function in check.also.items()},
        **{item.id: item.function for item in exercise.right_answers},
    }
    refused: dict[str, list[str]] = {name: [] for name in answers}
    errors = dict.fromkeys(answers, 0.0)
    tries = 0
    for number in seeds:
        seed = f"seed {number}".encode()
        for dtype, threads in plan.settings(number):
            tries += 1
            with quiet(1):
                asked = [(check, *_expected(exercise, check, seed, dtype)) for check in exercise.checks]
            with quiet(threads):
                for name, function in answers.items():
                    found = _errors(function, dtype, asked)
                    worst = max(found, key=lambda id_: found[id_])
                    errors[name] = max(errors[name], found[worst])
                    if found[worst] > 1:
                        where = f"{worst} (seed {number}, {dtype}, {threads} threads)"
                        refused[name].append(f"{where}: {found[worst]:.3g} times what is allowed")
    return [TriedRight(name, tries, tuple(refused[name]), errors[name]) for name in answers]


def _expected(
    exercise: Exercise, check: Check, seed: bytes, dtype: torch.dtype
) -> tuple[list[Case], Readings]:
    cases = [case.to(dtype) for case in exercise.draw(check, seed)]
    functions: dict[str, Function] = {"": exercise.reference, **check.also}
    return cases, {
        name: [expect(function, case, dtype) for case in cases] for name, function in functions.items()
    }


def _errors(
    function: Function, dtype: torch.dtype, asked: Sequence[tuple[Check, Sequence[Case], Readings]]
) -> dict[str, float]:
    """Check id -> error, by the one of the right functions that the answer is nearest to."""
    seen = [[observe(function, case) for case in cases] for _, cases, _ in asked]
    by_reading = [
        {
            check.id: _error(got, check, dtype, cases, readings.get(name, readings[""]))
            for got, (check, cases, readings) in zip(seen, asked, strict=True)
        }
        for name in dict.fromkeys(name for _, _, readings in asked for name in readings)
    ]
    return min(by_reading, key=lambda errors: max(errors.values()))


def _error(
    seen: Sequence[Observation],
    check: Check,
    dtype: torch.dtype,
    cases: Sequence[Case],
    expected: Sequence[Expectation],
) -> float:
    """The largest error in units of the tolerance; infinite if the check fails for another reason."""
    largest = 0.0
    yardstick = Yardstick(check.accuracy, dtype, check.looks_at, signs=check.signs)
    for case, wanted, got in zip(cases, expected, seen, strict=True):
        if check.property is not None:
            if check.property(case, got) is not None:
                return float("inf")
            continue
        error = error_in_tolerances(wanted, got, yardstick)
        if (error <= 1) != matches(wanted, got, yardstick):
            raise AssertionError(f"{check.exercise}/{check.id}: error {error} and verdict do not agree")
        largest = max(largest, error)
    return largest


@contextmanager
def quiet(threads: int) -> Iterator[None]:
    """On so many threads of torch, and without the warnings of wrong code."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        torch.set_num_threads(before)

"""From observations to a verdict: which checks passed, what is wrong, and which idea is behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, replace
from typing import Final

from course_utils.checks.case import Case
from course_utils.checks.compare import distance, find_difference, matches
from course_utils.checks.diagnose import NOTHING_KNOWN, Diagnosis, diagnose
from course_utils.checks.difference import Difference
from course_utils.checks.observation import Observation
from course_utils.checks.overall import relation
from course_utils.checks.prepared import (
    ExerciseStatus,
    Fault,
    PreparedCheck,
    PreparedExercise,
    Property,
    Seen,
)
from course_utils.checks.quantity import QuantityName
from course_utils.checks.seen_case import items_of

CORRECT: Final = "correct"
WRONG: Final = "wrong"
NOT_ATTEMPTED: Final = "not attempted"
ERROR: Final = "error"
TIMEOUT: Final = "timeout"
MEMORY: Final = "memory"
CRASHED: Final = "crashed"

# The message of a check that waits: of a side check that holds, but also for a function that does nothing; and of a
# check of gradients, or of a property, where the very values are wrong.
WITHHELD = "judged once the values are right"


@dataclass(frozen=True, kw_only=True)
class CheckVerdict:
    """What became of one check.

    Attributes:
        message: structural fact, without expected values; empty if the check passed. Of a hidden case only what does
            not depend on them (`Difference.hidden_fact`).
        waits: it earns nothing yet, and is judged once the values are right: a side check that would pass, or a
            check of gradients, or of a property, that fails while the values are wrong.
        place: numbers got and expected; to be shown for visible checks only.
        difference, case, observation: what a picture of a failed visible check is drawn from.
    """

    check: PreparedCheck
    passed: bool
    points: float
    message: str = ""
    place: str = ""
    difference: Difference | None = None
    case: int = 0
    observation: Observation | None = None
    waits: bool = False


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What became of one exercise.

    Attributes:
        status: `correct`, `wrong`, `not attempted`, `error`, `timeout`, `memory` or `crashed`.
        diagnosis: what is known about a wrong answer.
        reading: which of several right functions the answer was judged by; empty for the reference.
    """

    exercise: str
    status: ExerciseStatus
    score: float
    max_score: float
    checks: tuple[CheckVerdict, ...]
    diagnosis: Diagnosis = NOTHING_KNOWN
    _: KW_ONLY
    reading: str = ""

    @property
    def misconception(self) -> str | None:
        """Id of the one misconception that shows exactly what was seen, or None."""
        return self.diagnosis.misconception


def judge(exercise: PreparedExercise, seen: Seen, device: str = "cpu", *, hidden: bool = False) -> Verdict:
    """Judge the observations of an exercise.

    Where several functions are right, the answer is judged by the one it is nearest to, in all checks alike: one that
    follows a convention here and another there is right by neither. So its diagnosis is made as well.

    Args:
        exercise: its checks.
        seen: check id -> one observation or fault for each case, in order. Missing cases count as failed.
        device: where the function ran.
        hidden: the cases are hidden, those of visible checks too. Then messages say nothing that depends on expected
            values, and no text of an exception: that is the student's, and could carry what the process has seen.
    """
    reading = nearest_reading(exercise, seen, device, hidden=hidden)
    exercise = exercise.readings[reading]
    first = [_judge_check(check, seen.get(check.id, ()), device, hidden) for check in exercise.checks]
    first = _properties_wait(_gradients_wait(first, device))
    if not hidden:
        first = _with_relations(exercise, first, seen, device)
    # No free points: "inputs unchanged" is true of a function that does nothing.
    works = any(verdict.passed and not verdict.check.side for verdict in first)
    verdicts = tuple(verdict if works or not verdict.check.side else _withhold(verdict) for verdict in first)
    score = sum(verdict.points for verdict in verdicts)
    status = _status(exercise, seen, verdicts)
    found = diagnose(exercise, seen, device, hidden=hidden) if status == WRONG else NOTHING_KNOWN
    found = found.of_failed(item.check.id for item in verdicts if not item.passed and not item.waits)
    return Verdict(
        exercise=exercise.id,
        status=status,
        score=score,
        max_score=exercise.max_score,
        checks=verdicts,
        diagnosis=found,
        reading=reading,
    )


def nearest_reading(
    exercise: PreparedExercise, seen: Seen, device: str = "cpu", *, hidden: bool = False
) -> str:
    """Which of an exercise's right functions an answer is nearest to; a name of `PreparedExercise.readings`.

    That is the one by which it earns most; of equals, the one by which most cases are right; of equals, the one to
    which it has a simple relation ("twice too large") in most cases; of equals, the one whose values are nearest. The
    reference comes first. Of hidden cases only what is right counts: what is nearest would tell where values lie.
    """
    readings = exercise.readings
    if len(readings) == 1:
        return ""
    return max(readings, key=lambda name: _nearness(readings[name], seen, device)[: 2 if hidden else None])


def _nearness(exercise: PreparedExercise, seen: Seen, device: str) -> tuple[float, int, int, float]:
    points, right, related, apart = 0.0, 0, 0, 0.0
    for check in exercise.checks:
        if not check.also:
            continue
        yardstick, observations = check.yardstick(device), seen.get(check.id, ())
        matching = 0
        for case, expected, item in zip(check.cases, check.expected, observations, strict=False):
            if isinstance(item, Observation):
                difference = find_difference(expected, item, yardstick, case=case)
                matching += difference is None
                related += difference is not None and difference.is_structural
                apart += distance(expected, item, yardstick)
        right += matching
        points += check.points * (matching == len(check.cases))
    return points, right, related, -apart


def not_run(exercise: PreparedExercise, status: ExerciseStatus, message: str) -> Verdict:
    """The verdict on an exercise whose function could not be called at all."""
    verdicts = tuple(
        CheckVerdict(check=check, passed=False, points=0.0, message=message) for check in exercise.checks
    )
    return Verdict(
        exercise=exercise.id, status=status, score=0.0, max_score=exercise.max_score, checks=verdicts
    )


def _judge_check(
    check: PreparedCheck, seen: Sequence[Observation | Fault], device: str, hidden: bool
) -> CheckVerdict:
    smallest: CheckVerdict | None = None
    for index, case in enumerate(check.cases):
        observation = seen[index] if index < len(seen) else Fault(CRASHED, "was not run")
        if isinstance(observation, Fault):
            # What was seen before says more than that the process ended.
            return smallest or CheckVerdict(
                check=check, passed=False, points=0.0, message=observation.message, case=index
            )
        if smallest and case.size >= check.cases[smallest.case].size:
            continue
        difference, message = None, None
        if check.property is None:
            difference = find_difference(
                check.expected[index], observation, check.yardstick(device), case=case
            )
            if difference:
                message = difference.hidden_message if hidden else difference.message
        else:
            message = _ask(check.property, case, observation)
        if message:
            place = difference.place if difference else ""
            failure = observation.failure
            if failure and difference and difference.quantity == "exception":
                if check.visible and not hidden:
                    # "raised ValueError" becomes "raised ValueError: text".
                    ends = message.endswith(failure.kind)
                    message = message.removesuffix(failure.kind) if ends else f"{message}, "
                    message, place = f"{message}{failure.message.rstrip('.')}", ""
                if failure.code:
                    message += f", in line {failure.line} of your cell: {failure.code.strip()}"
            smallest = CheckVerdict(
                check=check,
                passed=False,
                points=0.0,
                message=message,
                place=place,
                difference=difference,
                case=index,
                observation=observation,
            )
            # A hidden case is shown to nobody, so the first one that fails says it.
            if not check.visible:
                break
    return smallest or CheckVerdict(check=check, passed=True, points=check.points)


def _gradients_wait(verdicts: Sequence[CheckVerdict], device: str) -> list[CheckVerdict]:
    """Where values are wrong, a check of gradients that fails by them too says nothing of its own: it waits.

    A right gradient of wrong values (a loss that is too large by a constant) keeps its points, and a call that raises
    is told.
    """
    values = [item for item in verdicts if not item.check.side and not _has_gradients(item.check)]
    looks_at = tuple(dict.fromkeys(name for item in values for name in item.check.looks_at))
    if all(item.passed for item in values):
        return list(verdicts)

    def waits(item: CheckVerdict) -> bool:
        seen, check = item.observation, item.check
        # Who reads of a hidden one has handed in, and gets all that can be told.
        if item.passed or seen is None or not check.visible or not _has_gradients(check):
            return False
        if seen.quantities.get("exception") != "none":
            return False
        yardstick = replace(check.yardstick(device), looks_at=looks_at)
        return not matches(check.expected[item.case], seen, yardstick)

    return [_waiting(item) if waits(item) else item for item in verdicts]


def _with_relations(
    exercise: PreparedExercise, verdicts: Sequence[CheckVerdict], seen: Seen, device: str
) -> list[CheckVerdict]:
    """Of a number of which nothing is known but that it is too large or small, what holds in all cases."""
    told = ("is too large", "is too small")
    if not any(item.difference and item.difference.fact in told for item in verdicts):
        return list(verdicts)
    items = items_of(exercise, seen, device)
    wrong = [item for item in items or () if item.wrong]

    def with_relation(item: CheckVerdict) -> CheckVerdict:
        difference = item.difference
        if item.passed or difference is None or difference.fact not in told:
            return item
        words = relation(wrong, difference.quantity)
        if not words:
            return item
        related = replace(difference, fact=words, is_structural=True)
        return replace(item, difference=related, message=related.message)

    return [with_relation(item) for item in verdicts]


def _properties_wait(verdicts: Sequence[CheckVerdict]) -> list[CheckVerdict]:
    """A property that is a side check names a cause, which says nothing of its own while the very values are wrong.

    A call that raises is told.
    """
    if all(item.passed or item.check.side or _has_gradients(item.check) for item in verdicts):
        return list(verdicts)

    def waits(item: CheckVerdict) -> bool:
        if item.passed or item.check.property is None or not item.check.side or item.observation is None:
            return False
        return item.observation.quantities.get("exception") == "none"

    return [_waiting(item) if waits(item) else item for item in verdicts]


def _ask(property_: Property, case: Case, observation: Observation) -> str | None:
    try:
        return property_(case, observation)
    except Exception:
        # A process can send anything, and what a property of right answers cannot even look at is none.
        return "the result is of a kind that cannot be judged"


def _has_gradients(check: PreparedCheck) -> bool:
    return any(QuantityName.parse(name).kind == "gradient" for name in check.looks_at)


def _withhold(verdict: CheckVerdict) -> CheckVerdict:
    return _waiting(verdict) if verdict.passed else verdict


def _waiting(verdict: CheckVerdict) -> CheckVerdict:
    return CheckVerdict(check=verdict.check, passed=False, points=0.0, message=WITHHELD, waits=True)


def _status(exercise: PreparedExercise, seen: Seen, verdicts: Sequence[CheckVerdict]) -> ExerciseStatus:
    if all(verdict.passed for verdict in verdicts):
        return CORRECT
    observations = [item for check in exercise.checks for item in seen.get(check.id, ())]
    for item in observations:
        if isinstance(item, Fault):
            return item.status
    raised = [item.quantities.get("exception") for item in observations if isinstance(item, Observation)]
    if raised and all(kind == "NotImplementedError" for kind in raised):
        return NOT_ATTEMPTED if all(map(_is_stub, observations)) else ERROR
    if raised and all(kind != "none" for kind in raised):
        return ERROR
    return WRONG


def _is_stub(item: Observation | Fault) -> bool:
    """Whether the exception is the stub's own: torch raises NotImplementedError too, for an operation that it lacks."""
    failure = item.failure if isinstance(item, Observation) else None
    if failure is None:
        return True
    return failure.line is not None and (not failure.code or failure.code.strip().startswith("raise"))

"""What a class report says, as plain numbers: counted from `grades.jsonl`, ready to be drawn."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, median

from autograder.report.attention import Group, grouped
from autograder.report.items import Item, item_of
from autograder.results import GRADED, ExerciseLine, Line
from course_utils.checks.diagnose import Idea
from course_utils.checks.judge import CORRECT, NOT_ATTEMPTED, WRONG


@dataclass(frozen=True)
class CheckSummary:
    """How a class did on one check."""

    id: str
    title: str
    visible: bool
    item: Item


@dataclass(frozen=True)
class Spread:
    """What a class took of something.

    Attributes:
        middle: the median.
        most: the largest, and whose it is.
    """

    middle: float
    most: float
    who: str


@dataclass(frozen=True)
class Hints:
    """The hints that were asked for, by the students' own word.

    Attributes:
        students: who asked.
        asked: how often in all.
        levels: highest level asked for -> number of students.
    """

    students: Sequence[str]
    asked: int
    levels: Mapping[int, int]


@dataclass(frozen=True, kw_only=True)
class ExerciseSummary:
    """How a class did on one exercise.

    Attributes:
        statuses: status -> number of students, the commonest first.
        item: whether all its checks were passed, as one question.
        seconds: in the sandbox; None if no result says.
    """

    id: str
    mean_score: float
    max_score: float
    statuses: Mapping[str, int]
    item: Item
    checks: Sequence[CheckSummary]
    seconds: Spread | None
    hints: Hints


@dataclass(frozen=True)
class Recognised:
    """A misconception (or several that fit alike) and who has it; without an id, wrong answers that none explains."""

    exercise: str
    id: str
    hint: str
    students: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class UnitSummary:
    """How a class did on one unit.

    Attributes:
        histogram: number of students in each tenth of the score; the last includes the full score.
        misconceptions: the commonest first.
        unexplained: what is wrong for no known reason, by exercise.
        attention: kind -> (students, reasons) for all that needs a person.
        late: (days, students), the latest first.
        sandbox, devices, versions: all that there are.
    """

    unit: str
    grades: Sequence[Line]
    graded: int
    mean_score: float
    median_score: float
    max_score: float
    histogram: Sequence[int]
    exercises: Sequence[ExerciseSummary]
    misconceptions: Sequence[Recognised]
    unexplained: Sequence[Recognised]
    attention: Mapping[str, Sequence[Group]]
    late: Sequence[tuple[int, Sequence[str]]]
    seconds: Spread | None
    sandbox: str
    devices: str
    versions: str


def summarise(lines: Sequence[Line]) -> list[UnitSummary]:
    """One summary for each unit, in the order of their names."""
    by_unit: dict[str, list[Line]] = defaultdict(list)
    for line in sorted(lines, key=lambda item: item.student):
        by_unit[line.unit].append(line)
    return [_unit(unit, by_unit[unit]) for unit in sorted(by_unit)]


def hints_asked(line: Line) -> int:
    """How many hints a student asked for in a unit, by their own word."""
    return sum(result.help.asked for result in line.exercises.values() if result.help)


def _unit(unit: str, lines: Sequence[Line]) -> UnitSummary:
    graded = [line for line in lines if line.status == GRADED]
    scores = [line.score for line in graded if line.score is not None]
    max_score = max((line.max_score for line in lines), default=0.0)
    histogram = [0] * 10
    for score in scores:
        # With every exercise disabled there is nothing to reach.
        histogram[max(0, min(9, int(10 * score / max_score))) if max_score else 9] += 1
    names = list(dict.fromkeys(name for line in graded for name in line.exercises))
    late: dict[int, list[str]] = defaultdict(list)
    for line in lines:
        late[line.late_days].append(line.student)
    versions = {", ".join(f"{name} {which}" for name, which in line.versions.items()) for line in lines}
    return UnitSummary(
        unit=unit,
        grades=lines,
        graded=len(graded),
        mean_score=mean(scores) if scores else 0.0,
        median_score=median(scores) if scores else 0.0,
        max_score=max_score,
        histogram=histogram,
        exercises=[_exercise(name, graded) for name in names],
        misconceptions=_misconceptions(graded),
        unexplained=_unexplained(names, graded),
        attention=grouped(lines),
        late=sorted(((days, students) for days, students in late.items() if days), reverse=True),
        seconds=_spread([(line.student, line.seconds) for line in graded]),
        sandbox=", ".join(sorted({line.sandbox for line in lines if line.sandbox})),
        devices=", ".join(sorted({line.device for line in lines if line.device})),
        versions="; ".join(sorted(versions)),
    )


def _exercise(name: str, lines: Sequence[Line]) -> ExerciseSummary:
    results = [(line, line.exercises[name]) for line in lines if name in line.exercises]
    tried = [(line, result) for line, result in results if result.status != NOT_ATTEMPTED]
    # Without what lateness costs: that has nothing to do with what somebody knows.
    totals = {line.student: sum(item.score for item in line.exercises.values()) for line in lines}
    answers: dict[str, list[tuple[bool, float]]] = defaultdict(list)
    for line, result in tried:
        # Results of an earlier run, under earlier checks, may lie in the same journal.
        for check in result.checks:
            answers[check.id].append((check.passed, totals[line.student] - check.points))
    known = {check.id: check for _, result in results for check in result.checks}
    whole = [(result.status == CORRECT, totals[line.student] - result.score) for line, result in tried]
    return ExerciseSummary(
        id=name,
        mean_score=mean(result.score for _, result in results),
        max_score=results[0][1].max_score,
        statuses=dict(Counter(result.status for _, result in results).most_common()),
        item=item_of(whole),
        checks=[
            CheckSummary(id_, check.title, check.visible, item_of(answers[id_]))
            for id_, check in known.items()
        ],
        seconds=_spread([(line.student, result.seconds) for line, result in tried]),
        hints=_hints(results),
    )


def _spread(values: Sequence[tuple[str, float]]) -> Spread | None:
    # An exercise that was not run took none.
    known = [(value, student) for student, value in values if value]
    return Spread(median(value for value, _ in known), *max(known)) if known else None


def _hints(results: Sequence[tuple[Line, ExerciseLine]]) -> Hints:
    helped = [(line.student, result.help) for line, result in results if result.help]
    return Hints(
        [student for student, _ in helped],
        sum(item.asked for _, item in helped),
        dict(sorted(Counter(item.level for _, item in helped).items())),
    )


def _misconceptions(lines: Sequence[Line]) -> list[Recognised]:
    who: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for line in lines:
        for name, result in line.exercises.items():
            found = result.diagnosis
            ideas = found.ideas
            if found.alternatives:
                ideas = (Idea(", or ".join(idea.name for idea in ideas), ""),)
            for idea in ideas:
                who[name, idea.name, idea.hint].append(line.student)
    ranked = sorted(who.items(), key=lambda item: (-len(item[1]), item[0]))
    return [Recognised(*key, students) for key, students in ranked]


def _unexplained(names: Sequence[str], lines: Sequence[Line]) -> list[Recognised]:
    made = []
    for name in names:
        found = [(line.student, line.exercises.get(name)) for line in lines]
        wrong = [
            student
            for student, result in found
            if result and result.status == WRONG and not result.diagnosis.ideas
        ]
        if wrong:
            made.append(Recognised(name, "", "", wrong))
    return made

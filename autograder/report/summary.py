"""What a class report says, as plain numbers: counted from `grades.jsonl`, ready to be drawn."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, median
from typing import Any

from autograder.report.attention import Group, grouped
from autograder.report.items import Item, item_of
from course_utils.checks.judge import CORRECT, NOT_ATTEMPTED, WRONG

Grade = Mapping[str, Any]


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


@dataclass(frozen=True)
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
class Found:
    """A misconception (or several that fit alike) and who has it; without an id, wrong answers that none explains."""

    exercise: str
    id: str
    hint: str
    students: Sequence[str]


@dataclass(frozen=True)
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
    grades: Sequence[Grade]
    graded: int
    mean_score: float
    median_score: float
    max_score: float
    histogram: Sequence[int]
    exercises: Sequence[ExerciseSummary]
    misconceptions: Sequence[Found]
    unexplained: Sequence[Found]
    attention: Mapping[str, Sequence[Group]]
    late: Sequence[tuple[int, Sequence[str]]]
    seconds: Spread | None
    sandbox: str
    devices: str
    versions: str


def summarise(grades: Sequence[Grade]) -> list[UnitSummary]:
    """One summary for each unit, in the order of their names."""
    by_unit: dict[str, list[Grade]] = defaultdict(list)
    for grade in sorted(grades, key=lambda item: item["student"]):
        by_unit[grade["unit"]].append(grade)
    return [_unit(unit, by_unit[unit]) for unit in sorted(by_unit)]


def hints_asked(grade: Grade) -> int:
    """How many hints a student asked for in a unit, by their own word."""
    return sum((result.get("help") or {}).get("asked", 0) for result in grade["exercises"].values())


def _unit(unit: str, grades: Sequence[Grade]) -> UnitSummary:
    graded = [grade for grade in grades if grade["status"] == "graded"]
    scores = [grade["score"] for grade in graded]
    max_score = max((grade["max_score"] for grade in grades), default=0.0)
    histogram = [0] * 10
    for score in scores:
        # With every exercise disabled there is nothing to reach.
        histogram[max(0, min(9, int(10 * score / max_score))) if max_score else 9] += 1
    names = list(dict.fromkeys(name for grade in graded for name in grade["exercises"]))
    late: dict[int, list[str]] = defaultdict(list)
    for grade in grades:
        late[grade["late_days"]].append(grade["student"])
    versions = {f"autograder {g['versions']['autograder']}, torch {g['versions']['torch']}" for g in grades}
    return UnitSummary(
        unit,
        grades,
        len(graded),
        mean(scores) if scores else 0.0,
        median(scores) if scores else 0.0,
        max_score,
        histogram,
        [_exercise(name, graded) for name in names],
        _misconceptions(graded),
        _unexplained(names, graded),
        grouped(grades),
        sorted(((days, students) for days, students in late.items() if days), reverse=True),
        _spread([(grade["student"], grade.get("seconds")) for grade in graded]),
        ", ".join(sorted({grade["sandbox"] for grade in grades})),
        ", ".join(sorted({grade["device"] for grade in grades})),
        "; ".join(sorted(versions)),
    )


def _exercise(name: str, grades: Sequence[Grade]) -> ExerciseSummary:
    results = [(grade, grade["exercises"][name]) for grade in grades if name in grade["exercises"]]
    tried = [(grade, result) for grade, result in results if result["status"] != NOT_ATTEMPTED]
    # Without what lateness costs: that has nothing to do with what somebody knows.
    totals = {
        grade["student"]: sum(item["score"] for item in grade["exercises"].values()) for grade in grades
    }
    answers: dict[str, list[tuple[bool, float]]] = defaultdict(list)
    for grade, result in tried:
        # Results of an earlier run, under earlier checks, may lie in the same journal.
        for check in result["checks"]:
            answers[check["id"]].append((check["passed"], totals[grade["student"]] - check["points"]))
    known = {check["id"]: check for _, result in results for check in result["checks"]}
    whole = [
        (result["status"] == CORRECT, totals[grade["student"]] - result["score"]) for grade, result in tried
    ]
    return ExerciseSummary(
        name,
        mean(result["score"] for _, result in results),
        results[0][1]["max_score"],
        dict(Counter(result["status"] for _, result in results).most_common()),
        item_of(whole),
        [
            CheckSummary(id_, check["title"], check["visible"], item_of(answers[id_]))
            for id_, check in known.items()
        ],
        _spread([(grade["student"], result.get("seconds")) for grade, result in tried]),
        _hints(results),
    )


def _spread(values: Sequence[tuple[str, float | None]]) -> Spread | None:
    # An exercise that was not run took none.
    known = [(value, student) for student, value in values if value]
    return Spread(median(value for value, _ in known), *max(known)) if known else None


def _hints(results: Sequence[tuple[Grade, Grade]]) -> Hints:
    helped = [(grade["student"], result["help"]) for grade, result in results if result.get("help")]
    return Hints(
        [student for student, _ in helped],
        sum(item["asked"] for _, item in helped),
        dict(sorted(Counter(item["level"] for _, item in helped).items())),
    )


def _misconceptions(grades: Sequence[Grade]) -> list[Found]:
    who: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for grade in grades:
        for name, result in grade["exercises"].items():
            for found in [result["diagnosis"]] if result["diagnosis"] else result.get("together", []):
                who[name, found["misconception"], found["hint"]].append(grade["student"])
            if alike := result.get("alike"):
                who[name, ", or ".join(alike), ""].append(grade["student"])
    ranked = sorted(who.items(), key=lambda item: (-len(item[1]), item[0]))
    return [Found(*key, students) for key, students in ranked]


def _unexplained(names: Sequence[str], grades: Sequence[Grade]) -> list[Found]:
    made = []
    for name in names:
        found = [(grade["student"], grade["exercises"].get(name)) for grade in grades]
        wrong = [
            student
            for student, result in found
            if result
            and result["status"] == WRONG
            and not (result["diagnosis"] or result.get("together") or result.get("alike"))
        ]
        if wrong:
            made.append(Found(name, "", "", wrong))
    return made

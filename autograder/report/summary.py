"""What a class report says, as plain numbers: counted from `grades.jsonl`, ready to be drawn."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, median
from typing import Any

Grade = Mapping[str, Any]


@dataclass(frozen=True)
class CheckSummary:
    """How a class did on one check."""

    id: str
    title: str
    passed: int
    attempted: int
    visible: bool


@dataclass(frozen=True)
class ExerciseSummary:
    """How a class did on one exercise.

    Attributes:
        statuses: status -> number of students.
        misconceptions: (id, hint, students), the commonest first.
    """

    id: str
    mean_score: float
    max_score: float
    statuses: Mapping[str, int]
    checks: Sequence[CheckSummary]
    misconceptions: Sequence[tuple[str, str, tuple[str, ...]]]


@dataclass(frozen=True)
class UnitSummary:
    """How a class did on one unit.

    Attributes:
        histogram: number of students in each tenth of the score; the last includes the full score.
        attention: (students, reasons) for all that needs a person, what concerns few first: what concerns a whole
            class is said once.
    """

    unit: str
    grades: Sequence[Grade]
    graded: int
    mean_score: float
    median_score: float
    max_score: float
    histogram: Sequence[int]
    exercises: Sequence[ExerciseSummary]
    attention: Sequence[tuple[Sequence[str], Sequence[str]]]
    sandbox: str
    versions: str


def summarise(grades: Sequence[Grade]) -> list[UnitSummary]:
    """One summary for each unit, in the order of their names."""
    by_unit: dict[str, list[Grade]] = defaultdict(list)
    for grade in sorted(grades, key=lambda item: item["student"]):
        by_unit[grade["unit"]].append(grade)
    return [_unit(unit, by_unit[unit]) for unit in sorted(by_unit)]


def _unit(unit: str, grades: Sequence[Grade]) -> UnitSummary:
    graded = [grade for grade in grades if grade["status"] == "graded"]
    scores = [grade["score"] for grade in graded]
    max_score = max((grade["max_score"] for grade in grades), default=0.0)
    histogram = [0] * 10
    for score in scores:
        # With every exercise disabled there is nothing to reach.
        histogram[min(9, int(10 * score / max_score)) if max_score else 9] += 1
    names = dict.fromkeys(name for grade in graded for name in grade["exercises"])
    versions = sorted(
        {f"autograder {g['versions']['autograder']}, torch {g['versions']['torch']}" for g in grades}
    )
    return UnitSummary(
        unit,
        grades,
        len(graded),
        mean(scores) if scores else 0.0,
        median(scores) if scores else 0.0,
        max_score,
        histogram,
        [_exercise(name, graded) for name in names],
        _by_students(grades),
        ", ".join(sorted({grade["sandbox"] for grade in grades})),
        "; ".join(versions),
    )


def _exercise(name: str, grades: Sequence[Grade]) -> ExerciseSummary:
    results = [(grade["student"], grade["exercises"][name]) for grade in grades if name in grade["exercises"]]
    who: dict[tuple[str, str], list[str]] = defaultdict(list)
    for student, result in results:
        if result["diagnosis"]:
            who[result["diagnosis"]["misconception"], result["diagnosis"]["hint"]].append(student)
    attempts = [result for _, result in results if result["status"] != "not attempted"]
    # Results of an earlier run, under earlier checks, may lie in the same journal.
    tried = [item for result in attempts for item in result["checks"]]
    passed = Counter(item["id"] for item in tried if item["passed"])
    count = Counter(item["id"] for item in tried)
    known = {item["id"]: item for _, result in results for item in result["checks"]}
    checks = [
        CheckSummary(id_, item["title"], passed[id_], count[id_], item["visible"])
        for id_, item in known.items()
    ]
    ranked = sorted(who.items(), key=lambda item: (-len(item[1]), item[0]))
    return ExerciseSummary(
        name,
        mean(result["score"] for _, result in results),
        results[0][1]["max_score"],
        Counter(result["status"] for _, result in results),
        checks,
        [(id_, hint, tuple(students)) for (id_, hint), students in ranked],
    )


def _by_students(grades: Sequence[Grade]) -> list[tuple[Sequence[str], Sequence[str]]]:
    who: dict[str, list[str]] = defaultdict(list)
    for grade in grades:
        for reason in dict.fromkeys(_attention(grade)):
            who[reason].append(grade["student"])
    reasons: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for reason, students in who.items():
        reasons[tuple(students)].append(reason)
    return sorted(reasons.items(), key=lambda item: (len(item[0]), item[0]))


def _attention(grade: Grade) -> list[str]:
    reasons = list(grade["flags"])
    if grade["status"] == "unreadable" and grade.get("file"):
        reasons = [f"{grade['file']}: {reason}" for reason in reasons]
    for name, result in grade["exercises"].items():
        if result["status"] in ("timeout", "memory", "crashed", "error"):
            message = next((item["message"] for item in result["checks"] if not item["passed"]), "")
            reasons.append(f"{name}: {result['status']}: {message}")
    return reasons

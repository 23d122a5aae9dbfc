"""What a person should look at in a result, and which of its flags are the student's to read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from autograder.grading.grader import UNKNOWN_TIME
from autograder.intake.candidate import TIMESTAMP
from autograder.intake.submission import MARKED_LATE
from course_utils.checks.judge import CRASHED, ERROR, MEMORY, TIMEOUT, WRONG

Grade = Mapping[str, Any]
Group = tuple[Sequence[str], Sequence[str]]

NOT_GRADED = "Not graded"
STOPPED = "Stopped: exceptions, crashes, time, memory"
FLAGS = "Flags"
NEAR = "Near misses: wrong, for no reason that we know, and not by much"
KINDS = (NOT_GRADED, STOPPED, FLAGS, NEAR)

# Flags that tell the staff what to do, or what to suspect: nothing in them is the student's to act on.
_FOR_STAFF = (
    "to be looked at:",
    "the name of the file says no student",
    TIMESTAMP,
    UNKNOWN_TIME,
    MARKED_LATE,
)


def for_student(flags: Sequence[str]) -> list[str]:
    """The flags that say how the student's own file was read."""
    return [flag for flag in flags if not flag.startswith(_FOR_STAFF)]


def grouped(grades: Sequence[Grade]) -> dict[str, list[Group]]:
    """Kind -> (students, reasons), what concerns few first: what concerns a whole class is said once."""
    who: dict[tuple[str, str], list[str]] = defaultdict(list)
    for grade in grades:
        for kind, reason in dict.fromkeys(reasons(grade)):
            who[kind, reason].append(grade["student"])
    made: dict[str, list[Group]] = {}
    for kind in KINDS:
        shared: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for (of_kind, reason), students in who.items():
            if of_kind == kind:
                shared[tuple(students)].append(reason)
        if shared:
            made[kind] = sorted(shared.items(), key=lambda item: (len(item[0]), item[0]))
    return made


def reasons(grade: Grade) -> Iterator[tuple[str, str]]:
    """(kind, reason) for all in a result that needs a person."""
    if grade["status"] == "unreadable":
        file = f"{grade['file']}: " if grade.get("file") else ""
        yield from ((NOT_GRADED, f"{file}{flag}") for flag in grade["flags"])
        return
    yield from ((FLAGS, flag) for flag in grade["flags"])
    for name, result in grade["exercises"].items():
        if result["status"] in (TIMEOUT, MEMORY, CRASHED, ERROR):
            message = next((item["message"] for item in result["checks"] if not item["passed"]), "")
            yield STOPPED, f"{name}: {result['status']}: {message}"
        elif why := near_miss(result):
            yield NEAR, f"{name}: {why}"


def near_miss(result: Grade) -> str:
    """Why a wrong exercise may be right after all, or all but right; empty if it may not.

    What a misconception explains needs no person: the student is told. Without one, an answer is near if several
    misconceptions explain it, if its numbers are all but right, if only side checks fail, or a single check.
    """
    if result["status"] != WRONG or result["diagnosis"] or result.get("together"):
        return ""
    if alike := result.get("alike"):
        return f"one of several known mistakes: {', '.join(alike)}"
    failed = [item for item in result["checks"] if not item["passed"]]
    if not failed or len(failed) == len(result["checks"]):
        return ""
    distances = [item.get("off_by") for item in failed]
    if all(distances):
        return f"its values are off by no more than {100 * max(distances):g} % of the largest"
    titles = "; ".join(item["title"] for item in failed)
    if all(item.get("side") for item in failed):
        return f"fails in side checks only ({titles})"
    return f"all right but for one check ({titles})" if len(failed) == 1 else ""

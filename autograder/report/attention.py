"""What a person should look at in a result."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from autograder.results import MISSING, UNREADABLE, ExerciseLine, Line
from course_utils.checks.judge import CRASHED, ERROR, MEMORY, TIMEOUT, WRONG

Group = tuple[Sequence[str], Sequence[str]]

NOT_GRADED = "Not graded"
ABSENT = "Nothing handed in"
STOPPED = "Stopped: exceptions, crashes, time, memory"
FLAGS = "Flags"
NEAR = "Near misses: wrong, for no reason that we know, and not by much"
KINDS = (NOT_GRADED, ABSENT, STOPPED, FLAGS, NEAR)


def grouped(lines: Sequence[Line]) -> dict[str, list[Group]]:
    """Kind -> (students, reasons), what concerns few first: what concerns a whole class is said once."""
    who: dict[tuple[str, str], list[str]] = defaultdict(list)
    for line in lines:
        for kind, reason in dict.fromkeys(reasons(line)):
            who[kind, reason].append(line.student)
    made: dict[str, list[Group]] = {}
    for kind in KINDS:
        shared: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for (of_kind, reason), students in who.items():
            if of_kind == kind:
                shared[tuple(students)].append(reason)
        if shared:
            made[kind] = sorted(shared.items(), key=lambda item: (len(item[0]), item[0]))
    return made


def reasons(line: Line) -> Iterator[tuple[str, str]]:
    """(kind, reason) for all in a result that needs a person."""
    if line.status == UNREADABLE:
        file = f"{line.file}: " if line.file else ""
        yield from ((NOT_GRADED, f"{file}{flag.text}") for flag in line.flags)
        return
    if line.status == MISSING:
        yield ABSENT, "is on the roster, and nothing was handed in"
        return
    yield from ((FLAGS, flag.text) for flag in line.flags)
    for name, result in line.exercises.items():
        if result.status in (TIMEOUT, MEMORY, CRASHED, ERROR):
            message = next((item.message for item in result.checks if not item.passed), "")
            yield STOPPED, f"{name}: {result.status}: {message}"
        elif why := near_miss(result):
            yield NEAR, f"{name}: {why}"


def near_miss(result: ExerciseLine) -> str:
    """Why a wrong exercise may be right after all, or all but right; empty if it may not.

    What a misconception explains needs no person: the student is told. Without one, an answer is near if several
    misconceptions explain it, if its numbers are all but right, if only side checks fail, or a single check.
    """
    if result.status != WRONG:
        return ""
    if alike := result.diagnosis.alike:
        return f"one of several known mistakes: {', '.join(idea.name for idea in alike)}"
    if result.diagnosis.ideas:
        return ""
    failed = [item for item in result.checks if not item.passed]
    if not failed or len(failed) == len(result.checks):
        return ""
    distances = [item.off_by for item in failed if item.off_by]
    if len(distances) == len(failed):
        return f"its values are off by no more than {100 * max(distances):g} % of the largest"
    titles = "; ".join(item.title for item in failed)
    if all(item.side for item in failed):
        return f"fails in side checks only ({titles})"
    return f"all right but for one check ({titles})" if len(failed) == 1 else ""

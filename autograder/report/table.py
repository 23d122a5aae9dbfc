"""The table of a class for the terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from rich.cells import cell_len
from rich.markup import escape
from rich.table import Table

from autograder.results import ExerciseLine, Line
from autograder.shown import one_line
from course_utils.checks.judge import CORRECT
from course_utils.checks.wording import in_words

# A longer name goes on in the next line of its cell: it must not take the room of all other columns. One that would
# take a screen is shown by its beginning and its end; all of it is in the journal and in the report.
NAME_WIDTH = 28
NAME_LENGTH = 3 * NAME_WIDTH
# So much a column needs for words to stay whole; with less for each exercise, one column lists what is not right.
EXERCISE_WIDTH = 11
SCORE_WIDTH = 15
LATE_WIDTH = 10


def class_table(assignment: str, results: Sequence[Line], width: int = 80) -> Table:
    """A row for each student.

    Args:
        assignment: id of the unit.
        results: the last line of each student, in the order in which they are shown.
        width: of the terminal, in characters.
    """
    names = list(dict.fromkeys(name for result in results for name in result.exercises))
    counts = Counter(result.status for result in results)
    title = f"{assignment}: " + ", ".join(f"{count} {status}" for status, count in counts.items())
    late = any(result.late_days for result in results)
    longest = min(NAME_WIDTH, max((cell_len(result.student) for result in results), default=0))
    room = width - longest - SCORE_WIDTH - late * LATE_WIDTH
    wide = room >= EXERCISE_WIDTH * len(names)
    made = Table(title=title, title_justify="left")
    made.add_column("student", overflow="fold", max_width=NAME_WIDTH)
    for name in names if wide else []:
        # Broken where the words are, so that the columns fit into 80 characters.
        made.add_column(escape(_short(name)).replace("_", "_\n"), overflow="fold")
    if not wide:
        made.add_column("not right", overflow="fold", ratio=1)
    made.add_column("score", justify="right", no_wrap=True)
    if late:
        made.add_column("late", justify="right", no_wrap=True)
    for result in results:
        exercises = result.exercises
        cells = [_cell(exercises.get(name)) for name in names] if wide else [_not_right(exercises)]
        score = result.status if result.score is None else f"{result.score:g} of {result.max_score:g}"
        made.add_row(
            escape(one_line(_cut(result.student))),
            *cells,
            score,
            *([_days(result.late_days)] if late else []),
        )
    return made


def _cut(name: str) -> str:
    return name if len(name) <= NAME_LENGTH else f"{name[: NAME_LENGTH - 21]}…{name[-20:]}"


def _short(exercise: str) -> str:
    return exercise.split(".", 1)[-1]


def _days(late: int) -> str:
    return f"{late} day{'s' if late > 1 else ''}" if late else ""


def _cell(exercise: ExerciseLine | None) -> str:
    return f"{exercise.score:g} {_reason(exercise)}" if exercise else ""


def _not_right(exercises: Mapping[str, ExerciseLine]) -> str:
    return "; ".join(
        f"{escape(_short(name))}: {_reason(exercise)}"
        for name, exercise in exercises.items()
        if exercise.status != CORRECT
    )


def _reason(exercise: ExerciseLine) -> str:
    found = exercise.diagnosis
    if not found.ideas or found.alternatives:
        return escape(exercise.status)
    return escape(" and ".join(in_words(idea.name) for idea in found.ideas))

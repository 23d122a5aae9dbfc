"""Several attempts of one person, of which the best counts, have the time of one hand-in together."""

from __future__ import annotations

import time
from collections.abc import Sequence

import nbformat
import pytest

from autograder.course.units import Unit
from autograder.grading.grader import Grader, Limits, Work, _Ran
from autograder.intake.submission import Submission, parse_notebook
from autograder.results import FlagKind, Line
from tests.support.notebooks import notebook, sources

# Of one hand-in with calls of one second: six in graded cases, one in public ones, and one to spare.
CLOCK = 8.0


def attempt(unit: Unit, number: int, changes: dict[str, str] | None = None) -> Submission:
    cells = parse_notebook(nbformat.writes(notebook(sources(unit, changes))).encode())
    path = f"ada-{number}.ipynb"
    return Submission(student="ada", unit="moco", path=path, sha256="0" * 64, cells=cells, attempt=number)


class Timed(Grader):
    """A grader whose runs take the seconds it is told, as far as they are allowed to, and see nothing.

    Those of public cases take no time, but where they are told to.
    """

    def __init__(self, unit: Unit, seconds: Sequence[float], *, public: float = 0.0) -> None:
        super().__init__(unit, b"a secret of sixteen", Limits(seconds=1.0))
        self.waiting = list(seconds)
        self.public = public
        self.shown: list[float] = []
        self.took: list[float] = []

    def _run_once(self, slices, cases, seconds: float, *, shared: bool) -> _Ran:  # type: ignore[no-untyped-def]
        if any(cases[id_] is item for id_, (_, item) in self._public.items() if id_ in cases):
            self.shown.append(min(self.public, seconds))
            return _Ran({}, {}, self.shown[-1])
        self.took.append(min(self.waiting.pop(0), seconds))
        return _Ran({}, {}, self.took[-1])


def told(line: Line) -> list[str]:
    return [flag.text for flag in line.flags if flag.kind == FlagKind.ATTEMPTS_NOT_RUN]


def test_twenty_attempts_have_one_clock(moco: Unit) -> None:
    grader = Timed(moco, [6.0] * 20)
    line = grader.grade_best(Work(tuple(attempt(moco, number) for number in range(1, 21))))
    assert grader.took == [6.0, 2.0]
    assert line.attempt == 19, "the first of equals among those that were run"
    (said,) = told(line)
    assert said.startswith("attempts 1, 2, 3, 4, 5 and 14 more were not run to the end: ")
    assert f"have the {CLOCK:g} s of one hand-in" in said
    assert [flag.audience for flag in line.flags if flag.kind == FlagKind.ATTEMPTS_NOT_RUN] == ["student"]


def test_public_cases_leave_an_earlier_attempt_its_time(moco: Unit) -> None:
    grader = Timed(moco, [6.0, 0.5], public=6.0)
    line = grader.grade_best(Work((attempt(moco, 1), attempt(moco, 2))))
    assert (grader.shown, grader.took) == ([1.0, 1.0], [6.0, 0.0])
    assert told(line)
    grader = Timed(moco, [6.0, 0.5], public=0.3)
    line = grader.grade_best(Work((attempt(moco, 1), attempt(moco, 2))))
    assert (grader.shown, grader.took) == ([0.3, 0.3], [6.0, 0.5])
    assert not told(line)


@pytest.mark.parametrize("seconds", [[0.5] * 3, [1.0] * 3, [2.5] * 3, [0.3] * 20, [6.0]])
def test_who_takes_an_ordinary_time_loses_no_attempt(moco: Unit, seconds: list[float]) -> None:
    grader = Timed(moco, seconds)
    line = grader.grade_best(Work(tuple(attempt(moco, number + 1) for number in range(len(seconds)))))
    assert grader.took == seconds
    assert not told(line)


def test_an_attempt_that_was_cut_short_is_told(moco: Unit) -> None:
    grader = Timed(moco, [5.0, 4.0])
    line = grader.grade_best(Work((attempt(moco, 1), attempt(moco, 2))))
    assert grader.took == [5.0, 3.0]
    (said,) = told(line)
    assert said.startswith("attempt 1 was not run to the end: ")


@pytest.mark.slow
def test_hanging_attempts(moco: Unit) -> None:
    hangs = {
        id_: f"def {id_.split('.')[1]}(*arguments):\n    while True:\n        pass\n"
        for id_ in moco.exercises
    }
    with Grader(moco, b"a secret of sixteen", Limits(seconds=1.0, memory_mb=512)) as grader:
        grader.grade(attempt(moco, 1))
        older = [attempt(moco, number, hangs) for number in range(1, 20)]
        started = time.monotonic()
        line = grader.grade_best(Work((*older, attempt(moco, 20))))
        assert time.monotonic() - started < 3 * CLOCK
        assert line.score == line.max_score
        assert line.attempt == 20
        assert told(line)
        # The latest takes all it can, and an earlier one that is right still gets its turn.
        line = grader.grade_best(Work((attempt(moco, 1), attempt(moco, 2, hangs))))
        assert line.score == line.max_score
        assert line.attempt == 1
        assert not told(line)

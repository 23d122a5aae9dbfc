"""Nobody finds hidden values by handing in constants and reading what comes back.

The attacker knows all of our source and the public cases. For every hidden call it returns a number of its own choosing
and looks for anything by which what it is told of a number that is too large differs from what it is told of one that is
too small. With one bit of that kind a table of constants has all points of the values after some seventy hand-ins.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import pytest
import torch

from autograder.course.exercises import Exercise
from autograder.course.units import Unit, load_unit
from autograder.export.table import write_table
from autograder.grading.grader import Grader, Limits, Policy
from autograder.intake.submission import Submission, parse_notebook
from autograder.nbgrader.preprocessors import verdict_html
from autograder.pytest_plugin import CheckFailed
from autograder.report.pages import FEEDBACK, write_report
from autograder.results import Line
from course_utils.checks.case import Case, Input
from course_utils.checks.definition import PUBLIC_SECRET
from course_utils.checks.expectation import expect
from course_utils.checks.prepared import PreparedCheck
from tests.support import ROOT, UNITS
from tests.support.notebooks import notebook, sources

SECRET = b"a secret that nobody knows"
HAND_INS = 100


def _public_result(exercise: Exercise) -> object:
    prepared = exercise.prepare(PUBLIC_SECRET, visible_only=True)
    return next((check.expected[0].quantities.get("result") for check in prepared.checks), None)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) or (isinstance(value, torch.Tensor) and not value.ndim)


SCALAR = {
    exercise.id: exercise
    for unit in UNITS
    for exercise in load_unit(ROOT, unit).exercises.values()
    if _is_number(_public_result(exercise))
}


def test_the_exercises_that_return_a_number_are_found() -> None:
    assert {"simclr.nt_xent", "simclr.info_nce", "moco.enqueue"} <= SCALAR.keys()


@dataclass
class Attacker:
    """Bisects all hidden calls of an exercise at the same time.

    Attributes:
        checks: check -> the numbers of its calls. Where several are wrong, one is told of: the first.
        low, high: between which the number of each call is looked for.
        readings: what was told of a check that failed -> whether numbers were too large then, as far as that is known.
    """

    exercise: Exercise
    whole: bool
    checks: dict[str, list[int]] = field(default_factory=dict)
    low: dict[int, float] = field(default_factory=dict)
    high: dict[int, float] = field(default_factory=dict)
    readings: dict[tuple[str, str], bool | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # The order of the calls is that of the checks, which are in the source.
        calls = 0
        for check in self.exercise.prepare(SECRET).checks:
            count = sum(len(case.calls) for case in _secret(self.exercise, check))
            self.checks[check.id] = list(range(calls, calls + count))
            calls += count
        self.low = dict.fromkeys(range(calls), 0.01)
        self.high = dict.fromkeys(range(calls), 64.0 if self.whole else 20.0)

    def guesses(self) -> dict[int, float]:
        """The number for each call."""
        found = {call: (self.low[call] + self.high[call]) / 2 for call in self.low}
        return {call: math.floor(value) for call, value in found.items()} if self.whole else found

    def source(self, numbers: Mapping[int, float]) -> str:
        """What is handed in: of public cases, which can be known by their sums, it says the same each time.

        Where a case is written by hand, it is the same for everybody and its result is known.
        """
        arguments = ", ".join(next(iter(self.exercise.prepare(PUBLIC_SECRET).checks)).cases[0].inputs)
        number = "number" if self.whole else "torch.tensor(number, dtype=tensor.dtype) + 0 * tensor.sum()"
        first = next(name for name, value in _inputs(self.exercise).items() if isinstance(value, Input))
        return (
            f"CALLS = []\n"
            f"PUBLIC = {_public_sums(self.exercise)}\n"
            f"KNOWN = {_known(self.exercise)}\n"
            f"NUMBERS = { {call: int(x) if self.whole else x for call, x in numbers.items()} }\n"
            f"def {self.exercise.name}({arguments}):\n"
            f"    tensor = {first}\n"
            f"    if round(float(tensor.sum()), 3) in KNOWN:\n"
            f"        number = KNOWN[round(float(tensor.sum()), 3)]\n"
            f"    elif round(float(tensor.sum()), 3) in PUBLIC:\n"
            f"        number = 7\n"
            f"    else:\n"
            f"        number = NUMBERS.get(len(CALLS), 7)\n"
            f"        CALLS.append(number)\n"
            f"    return {number}\n"
        )

    def read(self, told: Mapping[str, tuple[bool, str]], numbers: Mapping[int, float]) -> None:
        """Learn from (passed, all that is told) of each check."""
        for check, (passed, text) in told.items():
            if passed:
                continue
            # The first of its calls that is not known yet.
            call = next(
                (call for call in self.checks[check] if self.high[call] - self.low[call] > 1e-7), None
            )
            if call is None:
                continue
            is_large = self._is_large(check, text)
            if is_large is None:
                continue
            if is_large:
                self.high[call] = numbers[call]
            else:
                self.low[call] = numbers[call]

    def _is_large(self, check: str, text: str) -> bool | None:
        if match := re.search(r"\b(large|small|above|below|greater|less|high|low)", text):
            return match[1] in ("large", "above", "greater", "high")
        return self.readings.get((check, text))

    def calibrate(self, check: str, small: str, large: str) -> None:
        """Remember in which words numbers that are surely too small and surely too large are told, if they differ."""
        if small != large:
            self.readings[check, small], self.readings[check, large] = False, True


def _inputs(exercise: Exercise) -> Mapping[str, object]:
    return exercise.prepare(PUBLIC_SECRET).checks[0].cases[0].inputs


def _cases(exercise: Exercise) -> Iterator[Case]:
    for check in exercise.prepare(PUBLIC_SECRET, visible_only=True).checks:
        yield from check.cases


def _sum(case: Case) -> float:
    first = next(value for value in case.inputs.values() if isinstance(value, Input))
    return round(float(first.tensor.sum()), 3)


def _public_sums(exercise: Exercise) -> list[float]:
    return [_sum(case) for case in _cases(exercise)]


def _secret(exercise: Exercise, check: PreparedCheck) -> list[Case]:
    """The cases of a check that are others for each secret."""
    return [case for case in check.cases if _sum(case) not in _public_sums(exercise)]


def _known(exercise: Exercise) -> dict[float, float]:
    """Sum of the first input -> result, of public cases that are the same for each secret."""
    public = {
        _sum(case): expected.quantities["result"]
        for check in exercise.prepare(PUBLIC_SECRET, visible_only=True).checks
        for case, expected in zip(check.cases, check.expected, strict=True)
        if "result" in expected.quantities
    }
    fixed = {_sum(case) for check in exercise.prepare(SECRET).checks for case in check.cases} & public.keys()
    return {key: public[key] if isinstance(public[key], int) else float(public[key]) for key in fixed}  # type: ignore[arg-type,misc]


class Reader:
    """Hands in, and collects all that a student can come to see."""

    def __init__(self, unit: Unit, exercise: Exercise, grader: Grader, folder: Path) -> None:
        self.unit, self.exercise, self.grader, self.folder = unit, exercise, grader, folder

    def hand_in(self, source: str) -> tuple[Line, dict[str, tuple[bool, str]], str]:
        """The line; (passed, what is told) of each check; and everything that is told."""
        made = nbformat.writes(notebook(sources(self.unit, {self.exercise.id: source}))).encode()
        cells = parse_notebook(made)
        submission = Submission(
            student="mallory", unit=self.unit.id, path="mallory.ipynb", sha256="0" * 64, cells=cells
        )
        line = self.grader.grade(submission)
        result = line.exercises[self.exercise.id]
        write_report(self.folder, [line])
        page = (self.folder / FEEDBACK / self.unit.id / "mallory.html").read_text(encoding="utf-8")
        in_nbgrader = verdict_html(self.exercise.id, result, result.max_score)
        table = write_table(self.folder, [line]).read_text(encoding="utf-8-sig")
        in_pytest = [str(CheckFailed(self.exercise.id, result, item)) for item in result.checks]
        everything = "\n".join([page, in_nbgrader, table, *in_pytest])
        # How busy the machine is, is no matter of the answer.
        everything = re.sub(r"under 1 s|\b\d+ s\b", "TIME", everything)
        return line, {item.id: (item.passed, item.message) for item in result.checks}, everything


def verdicts(checks: Mapping[str, tuple[bool, str]]) -> object:
    """What passes, and of each check that does not which quantity is wrong: that much is told by intention."""
    return tuple(passed or re.split(r" (?:is|should) ", text)[0] for passed, text in checks.values())


@pytest.fixture(params=SCALAR)
def reader(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Reader]:
    exercise = SCALAR[request.param]
    unit = load_unit(ROOT, exercise.id.split(".")[0])
    others = tuple(set(unit.exercises) - {exercise.id})
    with Grader(unit, SECRET, Limits(seconds=10), policy=Policy(disabled=others)) as grader:
        yield Reader(unit, exercise, grader, tmp_path)


@pytest.mark.slow
def test_a_table_of_constants_gains_nothing(reader: Reader) -> None:
    whole = isinstance(_public_result(reader.exercise), int)
    attacker = Attacker(reader.exercise, whole)
    ends = [dict.fromkeys(attacker.low, value) for value in ((1.0, 60.0) if whole else (0.012, 19.0))]
    small, large = (reader.hand_in(attacker.source(numbers)) for numbers in ends)
    for check in attacker.checks:
        attacker.calibrate(check, small[1][check][1], large[1][check][1])
    scores = [line.score or 0.0 for line, _, _ in (small, large)]
    told: dict[object, set[str]] = {}
    for _ in range(HAND_INS - 2):
        numbers = attacker.guesses()
        line, checks, everything = reader.hand_in(attacker.source(numbers))
        attacker.read(checks, numbers)
        scores.append(line.score or 0.0)
        told.setdefault(verdicts(checks), set()).add(everything)
    assert max(scores) == scores[0], "points came of what was told"
    # What is told of two tables that pass the same checks is the same: it says nothing about a value.
    assert {found: len(texts) for found, texts in told.items()} == dict.fromkeys(told, 1)


@pytest.mark.slow
def test_constants_that_are_near_are_told_like_those_that_are_far(reader: Reader) -> None:
    """Twice, half, the negative of a right number, or one that is right to five digits: none of them is recognised."""
    if isinstance(_public_result(reader.exercise), int):
        pytest.skip("whole numbers are right or wrong")
    attacker = Attacker(reader.exercise, whole=False)
    right: list[float] = []
    for check in reader.exercise.prepare(SECRET).checks:
        for case in _secret(reader.exercise, check):
            found = expect(reader.exercise.reference, case, check.dtype).quantities
            names = (
                [f"result#{number}" for number in range(1, len(case.calls) + 1)]
                if case.calls[1:]
                else ["result"]
            )
            right += [float(found[name]) for name in names]  # type: ignore[arg-type]
    told: dict[object, set[str]] = {}
    for factor in (2.0, 0.5, -1.0, 1.03, 1e3, 1 + 1e-6, 1 + 1e-9):
        # An expected zero stays wrong: no factor moves it.
        numbers = {
            call: value * factor if abs(value) > 1e-3 else value + 3.0 for call, value in enumerate(right)
        }
        _, checks, everything = reader.hand_in(attacker.source(numbers))
        told.setdefault(verdicts(checks), set()).add(everything)
    assert len(told) > 1, "the smallest factor is within what is allowed"
    assert {found: len(texts) for found, texts in told.items()} == dict.fromkeys(told, 1)

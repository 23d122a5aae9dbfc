"""Checks with their cases drawn and their expectations computed: values only, ready to judge observations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch

from course_utils.checks.case import Case
from course_utils.checks.compare import Expectation
from course_utils.checks.observation import Observation

Property = Callable[[Case, Observation], str | None]


@dataclass(frozen=True)
class PreparedCheck:
    """A check that is ready to be judged.

    Attributes:
        id, title, points, accuracy, looks_at, dtype, visible, side: as in `definition.Check`.
        cases: the cases.
        expected: the reference's expectation of each case.
        wrong: each misconception's expectation of each case.
        property: judges an observation instead of `expected`, where many answers are right.
    """

    id: str
    title: str
    points: float
    accuracy: str
    looks_at: tuple[str, ...]
    dtype: torch.dtype
    visible: bool
    side: bool
    cases: tuple[Case, ...]
    expected: tuple[Expectation, ...]
    wrong: Mapping[str, tuple[Expectation, ...]]
    property: Property | None = None


@dataclass(frozen=True)
class PreparedExercise:
    """All checks of one exercise and the hints of its misconceptions."""

    id: str
    checks: tuple[PreparedCheck, ...]
    hints: Mapping[str, str]

    @property
    def max_score(self) -> float:
        """The points of all checks."""
        return sum(check.points for check in self.checks)


@dataclass(frozen=True)
class Fault:
    """A case that has no observation: the process ran out of time or memory, or died."""

    status: str
    message: str


# Check id -> one observation or fault for each case, in order.
Seen = Mapping[str, Sequence[Observation | Fault]]

"""Checks with their cases drawn and their expectations computed: values only, ready to judge observations."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal, overload

import torch

from course_utils.checks.case import Case
from course_utils.checks.compare import differing, selected
from course_utils.checks.expectation import Expectation
from course_utils.checks.observation import Observation
from course_utils.checks.tolerance import Yardstick

Property = Callable[[Case, Observation], str | None]


class Shown(Sequence[Expectation]):
    """What a misconception shows in each case of a check, computed when it is first asked for.

    Most answers differ from most misconceptions in the first case. It may be asked by several threads.
    """

    def __init__(self, make: Callable[[int], Expectation], cases: int, lock: threading.Lock) -> None:
        """Take what computes the expectation of a case, by its number."""
        self._make = make
        self._made: list[Expectation | None] = [None] * cases
        self._lock = lock

    @overload
    def __getitem__(self, index: int) -> Expectation: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Expectation, ...]: ...

    def __getitem__(self, index: int | slice) -> Expectation | tuple[Expectation, ...]:
        numbers = range(len(self._made))[index]
        if isinstance(numbers, range):
            return tuple(self[number] for number in numbers)
        with self._lock:
            made = self._made[numbers]
            if made is None:
                made = self._made[numbers] = self._make(numbers)
            return made

    def __len__(self) -> int:
        return len(self._made)

    def has(self, case: int) -> bool:
        """Whether what is shown in this case was computed already."""
        return self._made[case] is not None


def is_known(shown: Sequence[Expectation], case: int) -> bool:
    """Whether what a misconception shows in a case need not be computed first, as where it was recorded."""
    return not isinstance(shown, Shown) or shown.has(case)


class Bank(Mapping[str, Sequence[Expectation]]):
    """What each misconception shows, computed when it is first asked for: a class of right answers never asks."""

    def __init__(self, makers: Mapping[str, Callable[[int], Expectation]], cases: int) -> None:
        """Take what computes the expectation of a case for each misconception, by its name, and how many there are."""
        lock = threading.Lock()
        self._shown = {name: Shown(make, cases, lock) for name, make in makers.items()}

    def __getitem__(self, name: str) -> Shown:
        return self._shown[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._shown)

    def __len__(self) -> int:
        return len(self._shown)


@dataclass(frozen=True, kw_only=True)
class PreparedCheck:
    """A check that is ready to be judged.

    Attributes:
        id, title, points, accuracy, looks_at, dtype, visible, side, signs: as in `definition.Check`.
        cases: the cases.
        expected: the reference's expectation of each case.
        wrong: each misconception's expectation of each case.
        property: judges an observation instead of `expected`, where many answers are right.
        also: name of another right function -> its expectation of each case.
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
    wrong: Mapping[str, Sequence[Expectation]]
    property: Property | None = None
    also: Mapping[str, tuple[Expectation, ...]] = field(default_factory=dict)
    signs: str = ""

    def yardstick(self, device: str = "cpu") -> Yardstick:
        """How the check compares what it saw on a device."""
        return Yardstick(self.accuracy, self.dtype, self.looks_at, device, self.signs)

    def is_failed_by(self, misconception: str) -> bool:
        """Whether a misconception shows anything but what is expected, where the check looks."""
        return any(self.changed_by(misconception))

    def changed_by(self, misconception: str) -> tuple[frozenset[str], ...]:
        """Names of the quantities, where the check looks, that a misconception changes; for each case."""
        if misconception not in self._changed:
            self._changed[misconception] = tuple(
                self._differing(expected, wrong)
                for expected, wrong in zip(self.expected, self.wrong[misconception], strict=True)
            )
        return self._changed[misconception]

    @cached_property
    def seen_through(self) -> dict[tuple[str, str, int], frozenset[str]]:
        """Lens, misconception and case -> what is changed: kept here, as it is asked for at every wrong answer."""
        return {}

    @cached_property
    def _changed(self) -> dict[str, tuple[frozenset[str], ...]]:
        """Asked for at every wrong answer, and worked out once."""
        return {}

    def _differing(self, expected: Expectation, wrong: Expectation) -> frozenset[str]:
        if expected.quantities["exception"] != wrong.quantities["exception"]:
            return frozenset(("exception",))
        # Both hold float64 values, so the dtypes are compared by themselves.
        names = selected(expected, self.looks_at)
        seen = Observation(wrong.quantities)
        return frozenset(name for name in names if expected.dtypes.get(name) != wrong.dtypes.get(name)).union(
            differing(expected, seen, self.yardstick(), values_only=True)
        )


@dataclass(frozen=True)
class PreparedExercise:
    """All checks of one exercise and the hints of its misconceptions.

    Attributes:
        id: `"moco.enqueue"`.
        checks: those that are judged.
        hints: misconception -> its hint.
        hidden: what hidden checks look at, each in a few words: all that students are told of them.
    """

    id: str
    checks: tuple[PreparedCheck, ...]
    hints: Mapping[str, str]
    hidden: tuple[str, ...] = ()

    @property
    def max_score(self) -> float:
        """The points of all checks."""
        return sum(check.points for check in self.checks)

    @cached_property
    def readings(self) -> dict[str, PreparedExercise]:
        """The exercise with each of its right functions for the reference; the reference's own has an empty name.

        Where a check does not name a function, the reference's expectation stays.
        """
        names = dict.fromkeys(name for check in self.checks for name in check.also)
        return {"": self} | {
            name: replace(
                self,
                checks=tuple(
                    replace(check, expected=check.also.get(name, check.expected)) for check in self.checks
                ),
            )
            for name in names
        }

    @cached_property
    def failed_by(self) -> dict[str, frozenset[str]]:
        """Misconception -> ids of the checks that it fails, as far as they compare with what is expected."""
        return {
            name: frozenset(check.id for check in self.checks if check.is_failed_by(name))
            for name in self.hints
        }


# What may become of an exercise.
ExerciseStatus = Literal["correct", "wrong", "not attempted", "error", "timeout", "memory", "crashed"]


@dataclass(frozen=True)
class Fault:
    """A case that has no observation: the process ran out of time or memory, or died."""

    status: ExerciseStatus
    message: str


# Check id -> one observation or fault for each case, in order.
Seen = Mapping[str, Sequence[Observation | Fault]]

"""How a unit's `checks.py`, `misconceptions.py` and `variants.py` are written.

@check("moco.enqueue", points=1, visible=True, accuracy="exact", looks_at=("after.queue",))
def stores_the_keys(draw: Draw) -> Case:
    '''The keys stand in the next columns of the queue.'''
    return Case({"queue": Input(draw.normal(5, 11)), "pointer": 2, "keys": Input(draw.normal(3, 5))})

@misconception("moco.enqueue", hint="Which rows of the batch become which columns?")
def rows_for_columns(queue, pointer, keys):
    '''The queue is taken for k x d.'''

@variant("moco.enqueue")
def one_key_after_the_other(queue, pointer, keys): ...
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_utils.checks.case import Case
from course_utils.checks.tolerance import UNITS

# Visible checks are drawn with this key: their values ship to students anyway.
PUBLIC_SECRET = b"visible"


class Draw:
    """Random values of a case, from NumPy's generator, so that they are the same for every torch version."""

    def __init__(self, seed: int) -> None:
        self._generator = np.random.default_rng(seed)

    def normal(self, *shape: int) -> Tensor:
        """Standard normal float64 values."""
        return torch.from_numpy(self._generator.standard_normal(shape))

    def uniform(self, *shape: int) -> Tensor:
        """float64 values in [0, 1)."""
        return torch.from_numpy(self._generator.random(shape))

    def integer(self, low: int, high: int) -> int:
        """One integer in [low, high]."""
        return int(self._generator.integers(low, high, endpoint=True))

    def sizes(self, count: int, low: int, high: int) -> list[int]:
        """`count` sizes in [low, high], all different, so that no two dimensions can be confused unseen."""
        return [int(size) for size in self._generator.permutation(np.arange(low, high + 1))[:count]]


@dataclass(frozen=True)
class Check:
    """A graded question about an exercise: run cases, look at some quantities, compare.

    Attributes:
        exercise: id of the exercise, `"moco.enqueue"`.
        id: name of the check, `"stores-the-keys"`.
        title: one sentence that students read.
        points: earned if every case is right.
        cases: makes the cases from a `Draw`.
        accuracy: key of `tolerance.UNITS`.
        looks_at: prefixes of the quantities that count; empty for all.
        dtype: floating-point dtype of the inputs.
        visible: its values ship to students.
        side: it holds for trivial answers too ("inputs unchanged"), so it counts only once a check that is no
            side check has passed.
        property: instead of comparing with the reference, judge the observation of each case.
    """

    exercise: str
    id: str
    title: str
    points: float
    cases: Callable[[Draw], Case | Sequence[Case]]
    accuracy: str
    looks_at: tuple[str, ...]
    dtype: torch.dtype
    visible: bool
    side: bool
    property: Callable[[Case, Any], str | None] | None = None

    def draw(self, secret: bytes) -> list[Case]:
        """The cases of this check under a secret, in the check's dtype."""
        made = self.cases(Draw(self.seed(secret)))
        return [case.to(self.dtype) for case in ([made] if isinstance(made, Case) else made)]

    def seed(self, secret: bytes) -> int:
        """HMAC of the check's full name: nobody without the secret can draw the hidden cases."""
        digest = hmac.new(secret, f"{self.exercise}/{self.id}".encode(), hashlib.sha256).digest()
        return int.from_bytes(digest[:16], "big")


@dataclass(frozen=True)
class Misconception:
    """A named wrong idea.

    Attributes:
        exercise: id of the exercise.
        id: its name, `"pointer-not-advanced"`.
        idea: the idea behind it in one sentence.
        hint: one line that leads without giving the answer.
        function: the wrong implementation.
    """

    exercise: str
    id: str
    idea: str
    hint: str
    function: Callable[..., Any]


@dataclass(frozen=True)
class Variant:
    """A right answer, written in another way than the reference: the checks must accept it.

    Attributes:
        exercise: id of the exercise.
        id: its name, `"one-key-after-the-other"`.
        function: the implementation.
    """

    exercise: str
    id: str
    function: Callable[..., Any]


def check(
    exercise: str,
    *,
    points: float,
    accuracy: str = "reduction",
    looks_at: tuple[str, ...] = ("result",),
    dtype: torch.dtype = torch.float32,
    visible: bool = False,
    side: bool = False,
    property: Callable[[Case, Any], str | None] | None = None,
) -> Callable[[Callable[[Draw], Case | Sequence[Case]]], Check]:
    """Turn a function that draws cases into a `Check`; its docstring's first line is the title."""
    if accuracy not in UNITS:
        raise ValueError(f"accuracy {accuracy!r} is not one of {sorted(UNITS)}")
    if points < 0:
        raise ValueError(f"{points} points: a check cannot take points away")

    def decorate(cases: Callable[[Draw], Case | Sequence[Case]]) -> Check:
        title = _first_line(cases)
        return Check(
            exercise, _name(cases), title, points, cases, accuracy, looks_at, dtype, visible, side, property
        )

    return decorate


def misconception(exercise: str, *, hint: str) -> Callable[[Callable[..., Any]], Misconception]:
    """Turn a wrong implementation into a `Misconception`; its docstring's first line is the idea."""

    def decorate(function: Callable[..., Any]) -> Misconception:
        return Misconception(exercise, _name(function), _first_line(function), hint, function)

    return decorate


def variant(exercise: str) -> Callable[[Callable[..., Any]], Variant]:
    """Turn a right implementation into a `Variant`; its name says how it goes about it."""

    def decorate(function: Callable[..., Any]) -> Variant:
        return Variant(exercise, _name(function), function)

    return decorate


def _name(function: Callable[..., Any]) -> str:
    return function.__name__.strip("_").replace("_", "-")


def _first_line(function: Callable[..., Any]) -> str:
    lines = (function.__doc__ or "").strip().splitlines()
    if not lines:
        raise ValueError(f"{function.__name__} needs a docstring: its first line is shown to people")
    return lines[0].strip()

"""How hard a question was, and whether it tells who knows more: the two figures of classical item analysis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import StatisticsError, correlation

# With fewer, a good question cannot be told from a bad one: among ten, chance alone gives ±0.6 in one case of twenty.
FEWEST = 10


@dataclass(frozen=True)
class Item:
    """One question to a class.

    Attributes:
        passed: how many passed, of those who tried.
        tried: how many tried.
        discrimination: correlation of passing with the score on all else, over those who tried; None where it says
            nothing.
        reason: why there is none.
    """

    passed: int
    tried: int
    discrimination: float | None
    reason: str = ""

    @property
    def share(self) -> float:
        """Passed, of those who tried; 0 if nobody did."""
        return self.passed / self.tried if self.tried else 0.0

    @property
    def is_strange(self) -> bool:
        """Whether those who know more fail it, by more than chance does in one case of twenty."""
        return self.discrimination is not None and self.discrimination < -2 / math.sqrt(self.tried)


def item_of(answers: Sequence[tuple[bool, float]]) -> Item:
    """The figures of a question.

    Args:
        answers: for each who tried, whether they passed, and their points on everything else.
    """
    passed, tried = sum(right for right, _ in answers), len(answers)
    if tried < FEWEST:
        return Item(passed, tried, None, f"fewer than {FEWEST} tried")
    if passed in (0, tried):
        return Item(passed, tried, None, "all passed" if passed else "nobody passed")
    try:
        value = correlation([float(right) for right, _ in answers], [rest for _, rest in answers])
    except StatisticsError:
        return Item(passed, tried, None, "all have the same on the rest")
    return Item(passed, tried, value)

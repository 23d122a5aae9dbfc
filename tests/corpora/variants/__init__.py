"""Wrong answers that no bank lists, and notebooks full of right ones.

Right answers as such belong to the units: `solutions/*/variants.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Answer = Callable[..., Any]

# (exercise, answer)
WRONG: list[tuple[str, Answer]] = []


def wrong(exercise: str) -> Callable[[Answer], Answer]:
    """Add a wrong answer to an exercise to the corpus."""

    def decorate(answer: Answer) -> Answer:
        WRONG.append((exercise, answer))
        return answer

    return decorate

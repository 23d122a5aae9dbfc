"""The course's rule for rounding scores."""

from __future__ import annotations

import decimal
from decimal import Decimal
from typing import Annotated, Literal

import msgspec

RoundingMode = Literal["half-up", "half-even", "up", "down"]
_MODES = {
    "half-up": decimal.ROUND_HALF_UP,
    "half-even": decimal.ROUND_HALF_EVEN,
    "up": decimal.ROUND_UP,
    "down": decimal.ROUND_DOWN,
}


class Rounding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How scores are rounded.

    Attributes:
        step: to multiples of this; not at all if it is 0.
        mode: what becomes of a score between two of them.
    """

    step: Annotated[float, msgspec.Meta(ge=0, le=100)] = 0.0
    mode: RoundingMode = "half-up"

    def of(self, points: float, most: float) -> float:
        """A score rounded: 2.675 by a step of 0.01 is 2.68, for it is what the number reads as that counts.

        Args:
            points: the score, 0 or greater.
            most: the full score, which stays as it is, and above which nothing is rounded.
        """
        # Sums of halves and quarters, and shares of them: ten digits remove what binary fractions add.
        points = round(points, 10)
        if not self.step or points >= most:
            return points
        step = Decimal(str(self.step))
        steps = (Decimal(str(points)) / step).quantize(Decimal(1), rounding=_MODES[self.mode])
        return min(float(steps * step), most)

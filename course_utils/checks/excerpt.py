"""What is shown of a wrong tensor: which entries, and how their numbers are written. For visible checks only."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from course_utils.checks.closeness import absolute_error, aligned, allowed_error
from course_utils.checks.compare import tolerance_of
from course_utils.checks.judge import CheckVerdict
from course_utils.checks.observation import Quantity

# Significant digits: as few as tell a wrong number from the right one.
_DIGITS = (4, 7, 10, 17)

_BEYOND = 2**63


@dataclass(frozen=True)
class Pair:
    """The quantity that failed, as it should be and as it is.

    Attributes:
        expected, got: real tensors of one shape, of at least one entry; a plain number is one of no dimensions.
        limit: how far apart their entries may lie.
    """

    expected: Tensor
    got: Tensor
    limit: float

    @property
    def error(self) -> Tensor:
        """How far apart the entries are, in float64; infinitely far where one is no number."""
        return absolute_error(self.expected, self.got)

    @property
    def wrong(self) -> Tensor:
        """Where they are too far apart."""
        return self.error > self.limit


def failed_pair(verdict: CheckVerdict, device: str = "cpu") -> Pair | None:
    """What a check failed by, or None if that is not a matter of numbers.

    Args:
        verdict: on a check.
        device: where the function ran.
    """
    if verdict.passed or verdict.difference is None or verdict.observation is None:
        return None
    name = verdict.difference.quantity
    wanted = verdict.check.expected[verdict.case]
    yardstick = verdict.check.yardstick(device)
    expected = _numbers(wanted.quantities.get(name))
    got = _numbers(verdict.observation.quantities.get(name))
    got = _numbers(aligned(name, expected, got, yardstick.signs))
    if expected is None or got is None or expected.shape != got.shape or not expected.numel():
        return None
    return Pair(expected, got, allowed_error(expected, tolerance_of(name, wanted, yardstick)))


def around(centre: int, size: int, count: int) -> range:
    """At most `count` indices of a dimension of `size`, with `centre` in the middle if possible."""
    start = min(max(0, centre - count // 2), max(0, size - count))
    return range(start, min(size, start + count))


def unlike(got: float, expected: float, *, wrong: bool = True) -> tuple[str, str]:
    """Two numbers, as short as they can be without looking the same if one is `wrong`."""
    texts = "", ""
    for digits in _DIGITS:
        texts = _text(got, digits), _text(expected, digits)
        if not wrong or texts[0] != texts[1]:
            break
    return texts


def _text(value: float, digits: int) -> str:
    return f"{value:.{digits}g}" if isinstance(value, float) else str(value)


def _numbers(value: Quantity) -> Tensor | None:
    if isinstance(value, Tensor):
        return None if value.is_complex() else value
    if isinstance(value, float):
        return torch.tensor(value, dtype=torch.float64)
    # Of a truth value the fact says all. A student's integer may have any size, so large ones are not shown.
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < _BEYOND:
        return torch.tensor(value)
    return None

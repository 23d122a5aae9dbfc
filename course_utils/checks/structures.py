"""What the cases of a check look like: which structured draws they use, and how long their sides are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from course_utils.checks.case import Case, Input
from course_utils.checks.definition import Check
from course_utils.checks.draw import LONG, ONE_HOT, ORTHOGONAL, ZEROS, Draw

# Structures in which some pair of vectors has a dot product of exactly zero, or some entry is zero.
_WITH_ZEROS = frozenset((ORTHOGONAL, ONE_HOT, ZEROS))


@dataclass(frozen=True)
class Structures:
    """What is in the cases of one check, or of several.

    Attributes:
        kinds: names of the structured draws that were asked for, from `draw.STRUCTURES`.
        longest_side: the largest of the last two sizes of all input tensors, on which positions or rows lie. Earlier
            dimensions count batches and clips, and a large batch is no long side.
    """

    kinds: frozenset[str]
    longest_side: int

    @property
    def has_long_side(self) -> bool:
        """Whether some side has 16 positions or more."""
        return self.longest_side >= LONG

    @property
    def has_exact_zero(self) -> bool:
        """Whether some pair of vectors is exactly orthogonal, or some entry exactly zero, by the way it was drawn."""
        return bool(self.kinds & _WITH_ZEROS)

    def __or__(self, other: Structures) -> Structures:
        return Structures(self.kinds | other.kinds, max(self.longest_side, other.longest_side))


def structures_of(check: Check, secret: bytes) -> Structures:
    """What the cases of a check under a secret look like."""
    draw = Draw(check.seed(secret))
    made = check.cases(draw)
    return Structures(frozenset(draw.used), _longest_side([made] if isinstance(made, Case) else made))


def _longest_side(cases: Iterable[Case]) -> int:
    return max(
        (
            size
            for case in cases
            for value in case.inputs.values()
            if isinstance(value, Input)
            for size in value.tensor.shape[-2:]
        ),
        default=0,
    )

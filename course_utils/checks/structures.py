"""What the cases of a check look like: which structured draws they use, and how long their sides are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import torch

from course_utils.checks.case import Case
from course_utils.checks.definition import Check
from course_utils.checks.draw import LONG, ONE_HOT, ORTHOGONAL, ZERO_VECTORS, ZEROS, Draw

# Structures in which some pair of vectors has a dot product of exactly zero, or some entry is zero.
_WITH_ZEROS = frozenset((ORTHOGONAL, ONE_HOT, ZEROS, ZERO_VECTORS))


@dataclass(frozen=True)
class Structures:
    """What is in the cases of one check, or of several.

    Attributes:
        kinds: names of the structured draws that were asked for, from `draw.STRUCTURES`.
        longest_side: the largest of the last two sizes of all input tensors, on which positions or rows lie. Earlier
            dimensions count batches and clips, and a large batch is no long side.
        largest_size: the largest of all sizes, batches and clips as well; None if nobody looked.
    """

    kinds: frozenset[str]
    longest_side: int
    largest_size: int | None = None

    @property
    def has_long_side(self) -> bool:
        """Whether some side has 16 positions or more."""
        return self.longest_side >= LONG

    @property
    def has_exact_zero(self) -> bool:
        """Whether some pair of vectors is exactly orthogonal, or some entry exactly zero, by the way it was drawn."""
        return bool(self.kinds & _WITH_ZEROS)

    def __or__(self, other: Structures) -> Structures:
        return Structures(
            self.kinds | other.kinds,
            max(self.longest_side, other.longest_side),
            max((size for size in (self.largest_size, other.largest_size) if size is not None), default=None),
        )


def structures_of(check: Check, secret: bytes) -> Structures:
    """What the cases of a check under a secret look like."""
    draw = Draw(check.seed(secret))
    made = check.cases(draw)
    shapes = list(_shapes([made] if isinstance(made, Case) else made))
    longest, largest = (
        max((size for shape in shapes for size in shape[start:]), default=0) for start in (-2, 0)
    )
    return Structures(frozenset(draw.used), longest, largest)


def _shapes(cases: Iterable[Case]) -> Iterator[torch.Size]:
    return (tensor.tensor.shape for case in cases for tensor in case.tensors.values())

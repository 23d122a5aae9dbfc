"""How far a right answer may lie from the exact one: a single table, with its reasons.

Errors are relative to the largest expected magnitude of the tensor and measured in units of the dtype's machine
epsilon, because that is how rounding errors grow: each operation adds at most half a unit, and an exponential
multiplies the error of its argument by the argument. That is the worst case: errors partly cancel, so right answers
stay far below it, and wrong ideas lie far above. `autograder checks` measures both distances.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import torch


@dataclass(frozen=True)
class Accuracy:
    """How exactly a check can be answered.

    Attributes:
        operations: how many roundings one entry of the answer goes through, one after the other; each adds at most half
            a unit.
        amplification: by how much the last step multiplies the error of what goes into it.
    """

    operations: int
    amplification: float = 1.0

    @property
    def units(self) -> float:
        """Allowed error in machine epsilons."""
        return self.operations * self.amplification / 2


ACCURACIES: dict[str, Accuracy] = {
    # What must be there to the last bit: integers, flags, arguments and buffers that nobody may touch.
    "exact": Accuracy(0),
    # Functions that only move numbers (turns, crops, shuffles, keys written into a queue). Indexing rounds nothing, but
    # an honest resampling does: a quarter turn by bilinear sampling, its sine and cosine and positions rounded first,
    # is off by some ten units. Numbers that went through 8 bits or bfloat16 are off by more than 10,000 in float32.
    "moved": Accuracy(128),
    # A handful of additions and multiplications on each element (an exponential moving average).
    "elementwise": Accuracy(32),
    # Dot products, means and normalisations over up to some hundreds of terms, in any order of summation.
    "reduction": Accuracy(1024),
    # The same without a division, or with one by the length of vectors of 1000 and more, which feels no guard (below).
    "unguarded": Accuracy(1024),
    # Exponentials of logits up to about 100 (cosines divided by a temperature of 0.01). The relative error of exp(x) is
    # the absolute error of x; with the largest logit taken away, what lies 32 below it weighs nothing any more.
    "softmax": Accuracy(1024, amplification=32),
}

# Accuracy of a check -> allowed error in machine epsilons of the dtype in which the case runs.
UNITS: dict[str, float] = {name: accuracy.units for name, accuracy in ACCURACIES.items()}

# Right answers guard divisions, `x / (x.norm() + 1e-6)`, and that moves a vector of length 0.1 by 1e-5 whatever the
# dtype: an enormous number of units of float64, less than is allowed in float32 anyway. A low temperature multiplies it
# as it does rounding. Vectors of length 1000 it moves by 1e-9, and there a computation that went through float32 is
# seen.
GUARDED: dict[str, float] = {
    "reduction": 2e-5,
    "unguarded": 4e-9,
    "softmax": 2e-5 * ACCURACIES["softmax"].amplification,
}

# CUDA sums in another order and fuses multiply-adds. Matrix products run without TF32 (see course_utils.setup).
CUDA_FACTOR = 4.0


@cache
def relative_tolerance(accuracy: str, dtype: torch.dtype, device: str = "cpu") -> float:
    """Allowed error relative to the largest expected magnitude.

    Args:
        accuracy: a key of `UNITS`.
        dtype: the dtype of the case; integers and booleans always compare exactly.
        device: `"cpu"` or `"cuda"`.
    """
    if not dtype.is_floating_point:
        return 0.0
    rounding = UNITS[accuracy] * torch.finfo(dtype).eps * (CUDA_FACTOR if device == "cuda" else 1.0)
    return max(rounding, GUARDED.get(accuracy, 0.0))


@dataclass(frozen=True)
class Yardstick:
    """What counts when an observation is compared, and how exactly.

    Attributes:
        accuracy: key of `UNITS`.
        dtype: dtype of the case.
        looks_at: prefixes of names of quantities that count, as in `"result"` or `"gradient.keys"`; empty: all.
        device: where the function ran.
        signs: `"columns"` or `"rows"` of the result that are right up to a sign each, see `closeness.aligned`.
    """

    accuracy: str
    dtype: torch.dtype
    looks_at: tuple[str, ...] = ()
    device: str = "cpu"
    signs: str = ""

    @property
    def tolerance(self) -> float:
        """Allowed error relative to the largest expected magnitude, of what has the dtype of the case."""
        return relative_tolerance(self.accuracy, self.dtype, self.device)

    def tolerance_for(self, dtype: str | None) -> float:
        """The same for what has the dtype of this name; a Python number (None) counts as one of the case's dtype.

        A result may be of fewer digits than the case (float32 images made of bytes in a float64 case), and one of more
        digits may have been computed with those of the case: the coarser of the two counts.
        """
        return max(self.tolerance, _tolerance_by_name(self.accuracy, dtype, self.device))


@cache
def _tolerance_by_name(accuracy: str, dtype: str | None, device: str) -> float:
    named = getattr(torch, dtype, None) if dtype else None
    return relative_tolerance(accuracy, named, device) if isinstance(named, torch.dtype) else 0.0

"""How far a right answer may lie from the exact one: a single table, with its reasons.

Errors are relative to the largest expected magnitude of the tensor and measured in units of the dtype's machine
epsilon, because that is how rounding errors grow: each operation adds about half a unit, sums of `n` terms about
`sqrt(n)` units, and an exponential multiplies the error of its argument by the argument.
"""

from __future__ import annotations

import torch

# Accuracy of a check -> allowed error in machine epsilons of the dtype in which the case runs.
UNITS: dict[str, float] = {
    # Moves or copies numbers; nothing is rounded.
    "exact": 0.0,
    # A handful of additions and multiplications on each element (an exponential moving average).
    "elementwise": 16.0,
    # Dot products, means and normalisations over up to some hundreds of terms, in any order of summation.
    "reduction": 512.0,
    # Exponentials of logits up to about 100 (cosines divided by a temperature of 0.01): the relative error of
    # exp(x) is the absolute error of x, here a hundred times that of the cosine, and gradients pick up 1 / T again.
    "softmax": 16384.0,
}

# Right answers guard divisions, `x / (x.norm() + 1e-8)`, and that moves a unit vector by up to about 1e-8 whatever the
# dtype: some hundred million units of float64, nothing in float32. A low temperature multiplies it as it does rounding.
GUARDED: dict[str, float] = {"reduction": 2e-7, "softmax": 2e-7 * UNITS["softmax"] / UNITS["reduction"]}

# CUDA sums in another order and fuses multiply-adds. Matrix products run without TF32 (see course_utils.setup).
CUDA_FACTOR = 4.0


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

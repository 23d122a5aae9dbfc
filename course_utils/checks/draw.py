"""Random values for cases."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor


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

"""Random values for cases: plain ones, and ones with a structure in which wrong ideas show."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

# The names under which `Draw.used` records what was asked for.
ORTHOGONAL, ONE_HOT, ZEROS, TIES = "orthogonal", "one-hot", "exact zeros", "ties"
LONG_SIDE, CROWDED, FAR_APART = "one long side", "crowded rows", "rows far apart"
UNEQUAL_CLASSES, ZERO_VECTORS, REPEATED = "unequal classes", "zero vectors", "repeated vectors"
MANY, LARGE_GRID = "many", "two long sides"
STRUCTURES = (
    ORTHOGONAL,
    ONE_HOT,
    ZEROS,
    ZERO_VECTORS,
    REPEATED,
    TIES,
    LONG_SIDE,
    CROWDED,
    FAR_APART,
    LARGE_GRID,
    MANY,
    UNEQUAL_CLASSES,
)

# From so many positions on, a side counts as long.
LONG = 16


class Draw:
    """Values of a case, from NumPy's generator, so that they are the same for every torch version.

    Attributes:
        used: which of `STRUCTURES` were asked for.
    """

    def __init__(self, seed: int) -> None:
        self._generator = np.random.default_rng(seed)
        self.used: set[str] = set()

    def normal(self, *shape: int) -> Tensor:
        """Standard normal float64 values."""
        return torch.from_numpy(self._generator.standard_normal(shape))

    def uniform(self, *shape: int) -> Tensor:
        """float64 values in [0, 1)."""
        return torch.from_numpy(self._generator.random(shape))

    def integer(self, low: int, high: int) -> int:
        """One integer in [low, high]."""
        return int(self._generator.integers(low, high, endpoint=True))

    def integers(self, low: int, high: int, *shape: int) -> Tensor:
        """int64 values in [low, high]."""
        return torch.from_numpy(self._generator.integers(low, high, shape, endpoint=True))

    def bytes(self, *shape: int) -> Tensor:
        """uint8 values in [0, 255]."""
        return torch.from_numpy(self._generator.integers(0, 255, shape, dtype=np.uint8, endpoint=True))

    def permutation(self, count: int) -> Tensor:
        """The numbers 0 to count - 1 in random order, int64."""
        return torch.from_numpy(self._generator.permutation(count))

    def sizes(self, count: int, low: int, high: int) -> list[int]:
        """`count` sizes in [low, high], all different, so that no two dimensions can be confused unseen."""
        return [int(size) for size in self._generator.permutation(np.arange(low, high + 1))[:count]]

    # --- structures -----------------------------------------------------------------------------------------------

    def long_sizes(
        self, count: int, low: int, high: int, long: int | None = None, *, longest: int = LONG + 8
    ) -> list[int]:
        """`count` sizes, all different: one of them between 16 and `longest`, the others in [low, high].

        Args:
            count: how many.
            low, high: limits of the short ones, both below 16.
            long: which of them is the long one; drawn if it is not given.
            longest: the most that the long one is drawn to be.

        Raises:
            ValueError: the limits leave too few sizes, or reach up to 16.
        """
        if high >= LONG or high - low + 1 < count - 1:
            raise ValueError(f"{count - 1} different sizes below {LONG} in [{low}, {high}] are asked for")
        self.used.add(LONG_SIDE)
        place = self.integer(0, count - 1) if long is None else long
        sizes = self.sizes(count - 1, low, high)
        return [*sizes[:place], self.integer(LONG, longest), *sizes[place:]]

    def large_grid(self) -> list[int]:
        """Height and width of a frame of 323 positions: more in both directions than a window of +-6 reaches.

        Both are prime, so that no size of a piece divides the number of positions.
        """
        self.used |= {LONG_SIDE, LARGE_GRID}
        return [(17, 19)[place] for place in self.permutation(2).tolist()]

    def many(self) -> int:
        """A number of rows, keys or candidates from 67 to 79.

        So many that a sum over the hardest 64 of them, or over the first 64, is another sum; and a prime, so that a
        loop over pieces of any one size has a shorter last piece.
        """
        self.used.add(MANY)
        return (67, 71, 73, 79)[self.integer(0, 3)]

    def orthogonal(self, n: int, d: int) -> Tensor:
        """`n` vectors of length `d`, each at right angles to every other, float64 of shape (n, d).

        Their dot products are zero to the last bit, in every dtype, whatever they are scaled or divided by and in
        whatever order the products are summed: no two of them are non-zero in the same place. The places are spread at
        random; entries lie between 0.5 and 1.5 with random signs.

        Raises:
            ValueError: n > d.
        """
        if n > d:
            raise ValueError(f"{n} vectors of length {d} cannot all be orthogonal")
        self.used.add(ORTHOGONAL)
        # Each place belongs to one of the vectors, and each vector has one at least.
        owner = np.concatenate([np.arange(n), self._generator.integers(0, n, d - n)])
        return self._owned(n, self._generator.permutation(owner))

    def orthogonal_pairs(self, n: int, d: int) -> tuple[Tensor, Tensor]:
        """Two batches of shape (n, d), d >= 2: row i of one is exactly orthogonal to row i of the other.

        As exact as `orthogonal`; rows with different numbers are not orthogonal in general. For exercises with pairs of
        vectors whose similarity is zero, where a wrong factor on it does not show.
        """
        if d < 2:
            raise ValueError("there are no two orthogonal vectors of length 1")
        self.used.add(ORTHOGONAL)
        pairs = []
        for _ in range(n):
            owner = np.concatenate([np.arange(2), self._generator.integers(0, 2, d - 2)])
            pairs.append(self._owned(2, self._generator.permutation(owner)))
        first, second = torch.stack(pairs, 1) if pairs else torch.zeros(2, 0, d, dtype=torch.float64)
        return first.clone(), second.clone()

    def one_hot(self, n: int, k: int) -> Tensor:
        """`n` rows with a single one among `k` places and exact zeros elsewhere, float64 of shape (n, k).

        As many different places occur as there can be: all rows differ if n <= k, every place occurs if n >= k.
        """
        self.used.add(ONE_HOT)
        rounds = [self._generator.permutation(k) for _ in range(-(-n // k))]
        places = self._generator.permutation(np.concatenate([*rounds, np.arange(0)])[:n])
        return torch.from_numpy(np.eye(k)[places.astype(np.int64)])

    def with_zeros(self, *shape: int, share: float = 0.3, dim: int = -1) -> Tensor:
        """Standard normal float64 values, some of them exactly zero: one at least, and never a whole vector.

        Args:
            shape: at least one dimension, `dim` of at least two entries.
            share: chance of each entry to be zero.
            dim: where the entries of a vector lie; each vector keeps one entry that is not zero.
        """
        if shape[dim] < 2:
            raise ValueError(f"vectors of {shape[dim]} entries cannot hold a zero and something else")
        self.used.add(ZEROS)
        values = self._generator.standard_normal(shape)
        zero = self._generator.random(shape) < share
        kept = self._generator.integers(0, shape[dim], _without(shape, dim))
        np.put_along_axis(zero, np.expand_dims(kept, dim), False, dim)
        # One place next to what the first vector keeps.
        first = [0] * len(shape)
        first[dim] = int((kept.flat[0] + 1) % shape[dim])
        zero[tuple(first)] = True
        return torch.from_numpy(np.where(zero, 0.0, values))

    def with_zero_vectors(self, *shape: int, dim: int = -1) -> Tensor:
        """Standard normal float64 values, some whole vectors of which are exactly zero: one at least, never all.

        For exercises in which a vector of zeros has a meaning (a black pixel, an embedding with equal scores): who
        takes it for padding is seen. Where lengths are divided by, a right answer may give NaN.

        Args:
            shape: with two vectors at least.
            dim: where the entries of a vector lie.
        """
        others = _without(shape, dim)
        if int(np.prod(others)) < 2:
            raise ValueError("a single vector cannot be zero and something else")
        self.used.add(ZERO_VECTORS)
        zero = self._generator.random(others) < 0.25
        is_zero, is_not = self._generator.permutation(zero.size)[:2]
        zero.flat[is_zero], zero.flat[is_not] = True, False
        values = self._generator.standard_normal(shape)
        return torch.from_numpy(np.where(np.expand_dims(zero, dim), 0.0, values))

    def repeated(self, n: int, d: int) -> Tensor:
        """`n` normal rows, n >= 3, float64 of shape (n, d): about a third of them occur twice, one at least does.

        For exercises that choose among vectors: who takes equal vectors for one and the same is seen.
        """
        if n < 3:
            raise ValueError("rows of which some are equal and some are not take three")
        self.used.add(REPEATED)
        distinct = n - max(1, n // 3)
        places = np.concatenate([np.arange(distinct), np.arange(n - distinct)])
        rows = self._generator.standard_normal((distinct, d))
        return torch.from_numpy(rows[self._generator.permutation(places)])

    def ties(self, *shape: int, levels: int = 3, dim: int = -1) -> Tensor:
        """Small whole numbers in float64, with equals at the top and at the bottom of every vector.

        Args:
            shape: at least one dimension, `dim` of at least four entries.
            levels: values lie between -levels and levels.
            dim: where the entries of a vector lie; in each, its largest and its smallest entry occur twice or more.
        """
        if shape[dim] < 4:
            raise ValueError(f"vectors of {shape[dim]} entries have no ties at both ends")
        self.used.add(TIES)
        values = self._generator.integers(1 - levels, levels - 1, shape, endpoint=True).astype(np.float64)
        places = self._generator.permuted(np.broadcast_to(_along(shape, dim), shape), axis=dim)
        for number, extreme in enumerate((levels, levels, -levels, -levels)):
            np.put_along_axis(values, np.take(places, [number], axis=dim), float(extreme), dim)
        return torch.from_numpy(values)

    def crowded(self, n: int, d: int, spread: float = 0.15) -> Tensor:
        """`n` rows around one random vector of length 1, with normal noise of `spread`, float64 of shape (n, d)."""
        self.used.add(CROWDED)
        centre = self._generator.standard_normal((1, d))
        centre /= np.sqrt((centre**2).sum())
        return torch.from_numpy(centre + spread * self._generator.standard_normal((n, d)))

    def far_apart(self, n: int, d: int, distance: float = 10.0) -> Tensor:
        """`n` rows with at least `distance` between any two, float64 of shape (n, d).

        Normal values times one number: the nearest two are at most 2.1 times as far apart. For exercises with distances
        or clusters, where answers should not hang on which of two near points is the nearer one.
        """
        self.used.add(FAR_APART)
        rows = self._generator.standard_normal((n, d))
        apart = np.sqrt(((rows[:, None] - rows[None]) ** 2).sum(-1)) + np.diag(np.full(n, np.inf))
        nearest = float(apart.min()) if n > 1 else 1.0
        # A power of two rounds nothing: the values don't depend on how a machine adds up.
        return torch.from_numpy(rows * distance * 2.0 ** np.ceil(np.log2(1.01 / nearest)))

    def unequal_labels(self, n: int, classes: int, smallest: int = 1) -> Tensor:
        """`n` int64 labels in random order: every class occurs, no two equally often.

        The rarest occurs `smallest` times; which class that is is drawn. For exercises that average over classes, where
        a mean over all examples is another number.

        Raises:
            ValueError: n is too small for that.
        """
        counts = smallest + np.arange(classes)
        if (left := n - int(counts.sum())) < 0:
            raise ValueError(f"{classes} classes of different sizes need {counts.sum()} labels, not {n}")
        self.used.add(UNEQUAL_CLASSES)
        # What is left over goes to the largest, so that sizes stay different.
        counts[-1] += left
        labels = np.repeat(self._generator.permutation(classes), counts)
        return torch.from_numpy(self._generator.permutation(labels))

    def _owned(self, n: int, owner: NDArray[Any]) -> Tensor:
        """Vectors of which each is non-zero in the places that it owns."""
        sizes = 0.5 + self._generator.random(len(owner))
        values = np.where(self._generator.random(len(owner)) < 0.5, -sizes, sizes)
        return torch.from_numpy(np.where(owner == np.arange(n)[:, None], values, 0.0))


def _without(shape: tuple[int, ...], dim: int) -> tuple[int, ...]:
    dim %= len(shape)
    return shape[:dim] + shape[dim + 1 :]


def _along(shape: tuple[int, ...], dim: int) -> NDArray[Any]:
    """The places along a dimension, ready to be broadcast to `shape`."""
    ends = [1] * len(shape)
    ends[dim] = shape[dim]
    return np.arange(shape[dim]).reshape(ends)

"""The reference against independent oracles; imports nothing of ours but the reference."""

import math
from itertools import permutations

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist
from torch import Tensor

from solutions.pretext.permutation_set.reference import permutation_set

SEEDS = range(20)


def _drawn(seed: int) -> tuple[Tensor, int, int]:
    """Different permutations in random order, a row to begin with, and a size."""
    rng = np.random.default_rng(seed)
    t = int(rng.integers(2, 6))
    rows = rng.permutation(np.array(list(permutations(range(t)))))
    m = int(rng.integers(1, min(len(rows), 40), endpoint=True))
    return torch.from_numpy(rows[:m]), int(rng.integers(m)), int(rng.integers(1, m, endpoint=True))


def _by_loops(candidates: Tensor, first: int, size: int) -> list[list[int]]:
    """The rows by name: the sums are made anew for each candidate and each step."""
    rows = candidates.tolist()
    chosen = [first]
    for _ in range(size - 1):
        sums = {
            row: sum(a != b for k in chosen for a, b in zip(rows[row], rows[k], strict=True))
            for row in range(len(rows))
            if row not in chosen
        }
        chosen.append(min(row for row in sums if sums[row] == max(sums.values())))
    return [rows[row] for row in chosen]


@pytest.mark.parametrize("seed", SEEDS)
def test_agrees_with_loops(seed: int) -> None:
    arguments = _drawn(seed)
    assert permutation_set(*arguments).tolist() == _by_loops(*arguments)


@pytest.mark.parametrize("seed", SEEDS)
def test_each_row_has_the_largest_sum_by_scipy(seed: int) -> None:
    candidates, first, size = _drawn(seed)
    chosen = permutation_set(candidates, first, size).numpy()
    rows = candidates.numpy()
    assert np.array_equal(chosen[0], rows[first])
    assert len({tuple(row) for row in chosen}) == size
    for k in range(1, size):
        left = np.array([row for row in rows if not (chosen[:k] == row).all(axis=1).any()])
        sums = np.rint(cdist(left, chosen[:k], "hamming") * rows.shape[1]).sum(axis=1)
        assert np.array_equal(left[sums.argmax()], chosen[k])


def test_worked_out_by_hand() -> None:
    """From 012 the turns 120 and 201 differ in three places, and so they do from each other."""
    rows = torch.tensor([[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]])
    assert permutation_set(rows, 0, 3).tolist() == [[0, 1, 2], [1, 2, 0], [2, 0, 1]]
    # Then all three swaps are equally far, at three times two: row by row.
    assert permutation_set(rows, 0, 6)[3:].tolist() == [[0, 2, 1], [1, 0, 2], [2, 1, 0]]


def test_the_sum_counts_and_not_the_nearest() -> None:
    """Row 3 is nearer to row 0 than row 2 is, and yet has the larger sum."""
    rows = torch.tensor([[0, 1, 2, 3, 4], [1, 0, 3, 4, 2], [1, 2, 0, 3, 4], [2, 0, 1, 3, 4]])
    distances = (rows[:, None] != rows).sum(dim=2)
    chosen = permutation_set(rows, 0, 3)
    assert chosen[1].tolist() == rows[1].tolist()
    sums = distances[2:, :2].sum(dim=1)
    assert chosen[2].tolist() == rows[2 + int(sums.argmax())].tolist()


@pytest.mark.parametrize(("first", "size"), [(0, 0), (0, -1), (0, 7), (6, 1), (-1, 1), (6, 7)])
def test_what_cannot_be_chosen_is_refused(first: int, size: int) -> None:
    rows = torch.tensor(list(permutations(range(3))))
    with pytest.raises(ValueError, match="row"):
        permutation_set(rows, first, size)


@pytest.mark.parametrize("first", [0, 5])
def test_all_and_one_can_be_chosen(first: int) -> None:
    rows = torch.tensor(list(permutations(range(3))))
    assert sorted(permutation_set(rows, first, 6).tolist()) == rows.tolist()
    assert permutation_set(rows, first, 1).tolist() == [rows[first].tolist()]
    assert len(rows) == math.factorial(3)


def test_candidates_are_left_alone() -> None:
    rows = torch.tensor(list(permutations(range(3))))
    kept = rows.clone()
    chosen = permutation_set(rows, 0, 1)
    chosen += 1
    assert torch.equal(rows, kept)

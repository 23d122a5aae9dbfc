"""The reference against independent oracles; imports nothing of ours but the reference."""

import numpy as np
import pytest
import torch
from sklearn.metrics import pairwise_distances_argmin

from solutions.pretext.ab_bins.reference import ab_bins

SEEDS = range(15)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("scale", [0.5, 100.0])
def test_agrees_with_sklearn(seed: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    n, h, w, k = (int(size) for size in rng.integers(1, 8, 4))
    ab, centres = scale * rng.standard_normal((n, 2, h, w)), scale * rng.standard_normal((k, 2))
    found = ab_bins(torch.from_numpy(ab), torch.from_numpy(centres))
    assert found.dtype == torch.int64
    expected = pairwise_distances_argmin(ab.transpose(0, 2, 3, 1).reshape(-1, 2), centres)
    assert np.array_equal(found.numpy(), expected.reshape(n, h, w))


@pytest.mark.parametrize("seed", SEEDS)
def test_agrees_with_loops_where_many_are_equally_near(seed: int) -> None:
    rng = np.random.default_rng(seed)
    ab, centres = rng.integers(-2, 3, (2, 2, 3, 5)), rng.integers(-2, 3, (6, 2))
    found = ab_bins(torch.from_numpy(ab).float(), torch.from_numpy(centres).float())
    for i in range(2):
        for row in range(3):
            for column in range(5):
                squares = [int(((ab[i, :, row, column] - centre) ** 2).sum()) for centre in centres]
                assert int(found[i, row, column]) == squares.index(min(squares))


def test_by_hand() -> None:
    centres = torch.tensor([[0.0, 0.0], [8, 0], [0, 8], [8, 0]])
    ab = torch.tensor([[1.0, 7, 1], [1, 1, 7]])[None, :, None]
    assert ab_bins(ab, centres).tolist() == [[[0, 1, 2]]]
    assert ab_bins(ab, centres.flip(0)).tolist() == [[[3, 0, 1]]]


@pytest.mark.parametrize("shift", [0.0, 0.03])
def test_near_the_middle_of_two_centres(shift: float) -> None:
    # In half precision, numbers of this size are 1/16 apart.
    centres = torch.tensor([[100.0, 0], [101, 0], [0, 100], [0, 101]]) + shift * torch.tensor(
        [[1.0, 0]] * 2 + [[0, 1.0]] * 2
    )
    near = torch.tensor([100.47, 100.53, 100.49, 100.51]) + shift
    ab = torch.stack([near, torch.zeros(4)])[None, :, None]
    assert ab_bins(ab, centres).tolist() == [[[0, 1, 0, 1]]]
    assert ab_bins(ab.flip(1), centres).tolist() == [[[2, 3, 2, 3]]]


def test_leaves_its_inputs_alone() -> None:
    ab, centres = torch.rand(2, 2, 3, 4, requires_grad=True), torch.rand(5, 2, requires_grad=True)
    kept = ab.detach().clone(), centres.detach().clone()
    assert not ab_bins(ab, centres).requires_grad
    assert torch.equal(ab.detach(), kept[0])
    assert torch.equal(centres.detach(), kept[1])

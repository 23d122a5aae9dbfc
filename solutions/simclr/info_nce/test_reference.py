"""The reference against independent oracles; imports nothing of ours but the reference."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from solutions.simclr.info_nce.reference import info_nce

SEEDS = range(20)


def _arguments(seed: int) -> tuple[Tensor, Tensor]:
    rng = np.random.default_rng(seed)
    n, k = (int(size) for size in rng.integers(1, 8, 2))
    return torch.from_numpy(rng.standard_normal(n)), torch.from_numpy(rng.standard_normal((n, k)))


def _by_loops(positives: Tensor, negatives: Tensor) -> float:
    """The formula in Python's floats, each row moved so that its largest score is 0."""
    losses = []
    for positive, row in zip(positives.tolist(), negatives.tolist(), strict=True):
        top = max([positive, *row])
        below = math.fsum(math.exp(score - top) for score in [positive, *row])
        losses.append(math.log(below) - (positive - top))
    return math.fsum(losses) / len(losses)


@pytest.mark.parametrize("seed", SEEDS)
def test_agrees_with_loops(seed: int) -> None:
    arguments = _arguments(seed)
    assert info_nce(*arguments).item() == pytest.approx(_by_loops(*arguments), rel=1e-12)


@pytest.mark.parametrize("k", [0, 1, 6])
def test_equal_scores_leave_a_guess(k: int) -> None:
    assert info_nce(torch.full((4,), 3.0), torch.full((4, k), 3.0)).item() == pytest.approx(math.log(1 + k))


def test_worked_out_by_hand() -> None:
    """Shares of the positive: 6 / (6 + 1 + 5) and 2 / (2 + 3 + 3), so the loss is log(2 * 4) / 2."""
    loss = info_nce(torch.tensor([6.0, 2.0]).log(), torch.tensor([[1.0, 5.0], [3.0, 3.0]]).log())
    assert loss.item() == pytest.approx(math.log(8) / 2)


@pytest.mark.parametrize("seed", SEEDS[:4])
def test_gradients_equal_finite_differences(seed: int) -> None:
    positives, negatives = _arguments(seed)
    assert torch.autograd.gradcheck(info_nce, (positives.requires_grad_(), negatives.requires_grad_()))


@pytest.mark.parametrize("below", [0, 30, 500])
def test_float32_with_scores_of_any_size(below: float) -> None:
    positives = torch.tensor([1000.0, 0.0, -1000.0])
    negatives = positives[:, None] + torch.tensor([[0.5, -1.0], [2.0, 0.0], [1.0, 1.5]]) + below
    loss = info_nce(positives, negatives)
    assert loss.item() == pytest.approx(_by_loops(positives, negatives), rel=1e-5)

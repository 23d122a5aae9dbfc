"""The reference against independent oracles; imports nothing of ours but the reference."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from solutions.moco.moco_loss.reference import moco_loss

SEEDS = range(12)


def draw(seed: int, dtype: torch.dtype = torch.float64) -> Tensor:
    """Logits of any shape: a batch of one, more rows than columns, one negative."""
    rng = np.random.default_rng(seed)
    n, k = rng.integers(1, 9), rng.integers(1, 12)
    return torch.from_numpy(3 * rng.standard_normal((n, 1 + k))).to(dtype)


def plain(logits: Tensor) -> float:
    """Equation 1 in Python floats, one query at a time."""
    losses = []
    for positive, *negatives in logits.double().tolist():
        top = max(positive, *negatives)
        below = math.fsum(math.exp(value - top) for value in (positive, *negatives))
        losses.append(math.log(below) + top - positive)
    return math.fsum(losses) / len(losses)


@pytest.mark.parametrize("seed", SEEDS)
def test_equals_the_formula_in_plain_floats(seed: int) -> None:
    logits = draw(seed)
    assert moco_loss(logits).shape == ()
    assert moco_loss(logits).item() == pytest.approx(plain(logits), rel=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_equals_the_cross_entropy_of_class_zero(seed: int) -> None:
    ours, theirs = (draw(seed).requires_grad_() for _ in range(2))
    loss = moco_loss(ours)
    expected = F.cross_entropy(theirs, torch.zeros(len(theirs), dtype=torch.int64))
    torch.testing.assert_close(loss, expected, rtol=1e-12, atol=1e-12)
    gradients = torch.autograd.grad(loss, ours) + torch.autograd.grad(expected, theirs)
    torch.testing.assert_close(gradients[0], gradients[1], rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("k", [1, 5, 4096])
def test_equal_logits_cost_as_much_as_a_guess(k: int) -> None:
    logits = torch.full((3, 1 + k), -1.7, dtype=torch.float64)
    assert moco_loss(logits).item() == pytest.approx(math.log(1 + k))


def test_worked_out_by_hand() -> None:
    """Shares of 1/2 and 1/4."""
    logits = torch.tensor([[math.log(3), 0, math.log(2)], [0, math.log(2), 0]])
    assert moco_loss(logits).item() == pytest.approx((math.log(2) + math.log(4)) / 2)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_large_logits(dtype: torch.dtype) -> None:
    logits = torch.tensor([[300.0, 300, 299], [-300, -300, -301], [-300, 300, 0]], dtype=dtype)
    logits.requires_grad_()
    loss = moco_loss(logits)
    assert loss.dtype == dtype
    assert loss.item() == pytest.approx(plain(logits), rel=1e-5)
    assert torch.autograd.grad(loss, logits)[0].isfinite().all()


@pytest.mark.parametrize("seed", SEEDS[:4])
def test_any_layout_and_inputs_stay(seed: int) -> None:
    logits = draw(seed)
    before = logits.clone()
    assert moco_loss(logits.T.contiguous().T).item() == pytest.approx(moco_loss(logits).item(), rel=1e-12)
    assert torch.equal(logits, before)

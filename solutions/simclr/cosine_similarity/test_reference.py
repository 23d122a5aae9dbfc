"""The reference against independent oracles; imports nothing of ours but the reference."""

import math

import numpy as np
import pytest
import torch
from sklearn.metrics import pairwise
from torch import Tensor

from solutions.simclr.cosine_similarity.reference import cosine_similarity

SEEDS = range(12)


def _batches(seed: int) -> tuple[Tensor, Tensor]:
    rng = np.random.default_rng(seed)
    n, m, d = (int(size) for size in rng.integers(1, 9, 3))
    first, second = (
        torch.from_numpy(rng.standard_normal((count, d)) * 10 ** rng.uniform(-3, 3, (count, 1)))
        for count in (n, m)
    )
    return first, second


@pytest.mark.parametrize("seed", SEEDS)
def test_equals_scikit_learn(seed: int) -> None:
    first, second = _batches(seed)
    expected = pairwise.cosine_similarity(first.numpy(), second.numpy())
    np.testing.assert_allclose(cosine_similarity(first, second).numpy(), expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("seed", SEEDS[:4])
def test_equals_plain_floats(seed: int) -> None:
    first, second = _batches(seed)
    expected = [
        [
            math.fsum(x * y for x, y in zip(a, b, strict=True)) / math.hypot(*a) / math.hypot(*b)
            for b in second.tolist()
        ]
        for a in first.tolist()
    ]
    np.testing.assert_allclose(cosine_similarity(first, second).numpy(), expected, rtol=1e-11, atol=1e-14)


def test_worked_out_by_hand() -> None:
    first, second = (
        torch.tensor([[3.0, 4.0]]),
        torch.tensor([[6.0, 8.0], [5.0, 0.0], [-4.0, 3.0], [-3.0, -4.0]]),
    )
    torch.testing.assert_close(cosine_similarity(first, second), torch.tensor([[1.0, 0.6, 0.0, -1.0]]))


def test_no_change_along_a_vectors_own_direction() -> None:
    first, second = (batch.requires_grad_() for batch in _batches(3))
    weights = torch.linspace(0.5, 1.5, len(first) * len(second), dtype=torch.float64)
    loss = (cosine_similarity(first, second).flatten() * weights).sum()
    for batch, gradient in zip((first, second), torch.autograd.grad(loss, (first, second)), strict=True):
        assert gradient.any()
        assert (batch * gradient).sum(dim=1).abs().max() < 1e-12


@pytest.mark.parametrize("seed", SEEDS[:3])
def test_gradients_equal_finite_differences(seed: int) -> None:
    rng = np.random.default_rng(seed)
    first, second = (torch.from_numpy(rng.standard_normal((count, 4))).requires_grad_() for count in (3, 2))
    assert torch.autograd.gradcheck(cosine_similarity, (first, second))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_keeps_the_dtype_and_the_inputs(dtype: torch.dtype) -> None:
    first, second = (batch.to(dtype) for batch in _batches(5))
    before = first.clone(), second.clone()
    assert cosine_similarity(first, second).dtype == dtype
    assert torch.equal(first, before[0])
    assert torch.equal(second, before[1])

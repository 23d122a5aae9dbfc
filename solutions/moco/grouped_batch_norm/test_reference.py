"""The reference against independent oracles; imports nothing of ours but the reference."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from solutions.moco.grouped_batch_norm.reference import grouped_batch_norm

SHAPES = [(1, 4, 3), (3, 2, 5), (4, 6, 2), (2, 1, 3), (3, 3, 3)]


def draw(seed: int, shape: tuple[int, int, int], dtype: torch.dtype = torch.float64) -> Tensor:
    """Features whose mean and spread depend on group and feature."""
    rng = np.random.default_rng(seed)
    groups, _, d = shape
    mean, spread = 3 * rng.standard_normal((groups, 1, d)), rng.uniform(0.01, 2, (groups, 1, d))
    return torch.from_numpy(mean + spread * rng.standard_normal(shape)).to(dtype)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("eps", [1e-5, 1e-3, 0.5])
def test_equals_plain_floats(shape: tuple[int, int, int], eps: float) -> None:
    features = draw(1, shape)
    before = features.clone()
    result = grouped_batch_norm(features, eps)
    for group, normalised in zip(features, result, strict=True):
        for column, got in zip(group.T.tolist(), normalised.T.tolist(), strict=True):
            mean = math.fsum(column) / len(column)
            variance = math.fsum((x - mean) ** 2 for x in column) / len(column)
            assert got == pytest.approx([(x - mean) / math.sqrt(variance + eps) for x in column], abs=1e-11)
    assert torch.equal(features, before)


@pytest.mark.parametrize("shape", [shape for shape in SHAPES if shape[1] > 1])
def test_equals_batch_norm_of_each_group(shape: tuple[int, int, int]) -> None:
    ours, theirs = (draw(2, shape).requires_grad_() for _ in range(2))
    result = grouped_batch_norm(ours)
    expected = torch.stack([F.batch_norm(group, None, None, training=True) for group in theirs])
    torch.testing.assert_close(result, expected, rtol=1e-10, atol=1e-12)
    weights = torch.arange(float(result.numel()), dtype=torch.float64).reshape(result.shape)
    gradients = [
        torch.autograd.grad((value * weights).sum(), leaf)[0]
        for value, leaf in ((result, ours), (expected, theirs))
    ]
    torch.testing.assert_close(gradients[0], gradients[1], rtol=1e-8, atol=1e-9)


def test_by_hand() -> None:
    features = torch.tensor([[[1.0, 0], [3, 0]], [[0, 10], [0, 14]]])
    expected = torch.tensor([[[-0.5, 0], [0.5, 0]], [[0, -2 / 7**0.5], [0, 2 / 7**0.5]]])
    torch.testing.assert_close(grouped_batch_norm(features, 3.0), expected)


def test_a_single_member_becomes_zero() -> None:
    features = draw(3, (4, 1, 5), torch.float32).requires_grad_()
    result = grouped_batch_norm(features)
    assert not result.any()
    assert not torch.autograd.grad(result.sum(), features)[0].any()


def test_one_group_commutes_with_a_shuffle_and_several_do_not() -> None:
    features, order = draw(4, (1, 6, 3)), torch.tensor([4, 2, 0, 5, 1, 3])
    together = grouped_batch_norm(features)[:, order]
    torch.testing.assert_close(grouped_batch_norm(features[:, order]), together)
    apart = grouped_batch_norm(features.reshape(2, 3, 3)).reshape(1, 6, 3)[:, order]
    shuffled = grouped_batch_norm(features[:, order].reshape(2, 3, 3)).reshape(1, 6, 3)
    assert (apart - shuffled).abs().max() > 0.1


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_dtype_and_layout(dtype: torch.dtype) -> None:
    features = draw(5, (3, 4, 2), dtype)
    result = grouped_batch_norm(features.transpose(0, 2).contiguous().transpose(0, 2))
    assert result.dtype == dtype
    torch.testing.assert_close(result, grouped_batch_norm(features))

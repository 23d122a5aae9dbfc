"""The reference against independent oracles; imports nothing of ours but the reference."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from solutions.video.colorization_loss.reference import colorization_loss

SEEDS = range(15)


def _drawn(seed: int, *sizes: int, dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor]:
    """Probabilities of which about a third are exactly zero, and classes."""
    rng = np.random.default_rng(seed)
    n, c, h, w = sizes or (int(size) for size in rng.integers(1, 6, 4))
    weights = (
        rng.random((n, c, h, w)) * (rng.random((n, c, h, w)) > 0.3)
        + 1e-12 * (np.arange(c) == 0)[:, None, None]
    )
    predicted = torch.from_numpy(weights / weights.sum(axis=1, keepdims=True))
    return predicted.to(dtype), torch.from_numpy(rng.integers(0, c, (n, h, w)))


def _loops(predicted: Tensor, classes: Tensor) -> float:
    """The loss, one position at a time."""
    n, h, w = classes.shape
    losses = []
    for i in range(n):
        for row in range(h):
            for column in range(w):
                p = float(predicted[i, int(classes[i, row, column]), row, column])
                losses.append(-math.log(p) if p > 1e-6 else -math.log(1e-6))
    return math.fsum(losses) / len(losses)


@pytest.mark.parametrize("seed", SEEDS)
def test_agrees_with_loops(seed: int) -> None:
    predicted, classes = _drawn(seed)
    assert float(colorization_loss(predicted, classes)) == pytest.approx(
        _loops(predicted, classes), rel=1e-12
    )


@pytest.mark.parametrize("sizes", [(1, 1, 1, 1), (1, 16, 1, 1), (1, 3, 1, 7), (5, 2, 3, 1), (2, 16, 3, 4)])
def test_special_sizes(sizes: tuple[int, ...]) -> None:
    predicted, classes = _drawn(0, *sizes)
    assert float(colorization_loss(predicted, classes)) == pytest.approx(
        _loops(predicted, classes), rel=1e-12
    )


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_without_zeros_it_is_the_negative_log_likelihood(seed: int, dtype: torch.dtype) -> None:
    logits = torch.from_numpy(np.random.default_rng(seed).standard_normal((2, 5, 3, 4))).to(dtype)
    classes = torch.from_numpy(np.random.default_rng(seed).integers(0, 5, (2, 3, 4)))
    # The cross-entropy of scores is that of the probabilities they stand for.
    expected = F.cross_entropy(logits, classes)
    torch.testing.assert_close(colorization_loss(logits.softmax(dim=1), classes), expected)


def test_by_hand() -> None:
    predicted = torch.tensor([0.5, 0.25, 0.25, 0.0], dtype=torch.float64).view(1, 4, 1, 1)
    for number, loss in enumerate((math.log(2), math.log(4), math.log(4), 6 * math.log(10))):
        assert float(colorization_loss(predicted, torch.tensor([[[number]]]))) == pytest.approx(loss)


@pytest.mark.parametrize("seed", SEEDS)
def test_gradients_reach_the_true_classes_alone(seed: int) -> None:
    rng = np.random.default_rng(seed)
    predicted = torch.from_numpy(0.1 + rng.random((2, 3, 4, 5))).requires_grad_()
    classes = torch.from_numpy(rng.integers(0, 3, (2, 4, 5)))
    (found,) = torch.autograd.grad(colorization_loss(predicted, classes), predicted)
    true = F.one_hot(classes, 3).movedim(-1, 1).bool()
    assert not found[~true].any()
    torch.testing.assert_close(found[true], -1 / predicted[true].detach() / classes.numel())


def test_finite_in_single_precision_where_nothing_was_copied() -> None:
    predicted = torch.zeros(1, 2, 1, 1, requires_grad=True)
    loss = colorization_loss(predicted, torch.zeros(1, 1, 1, dtype=torch.int64))
    assert loss.item() == pytest.approx(6 * math.log(10), rel=1e-6)
    assert torch.autograd.grad(loss, predicted)[0].isfinite().all()

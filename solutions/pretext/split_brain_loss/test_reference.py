"""The reference against independent oracles; imports nothing of ours but the reference."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy.special import log_softmax
from torch import Tensor

from solutions.pretext.split_brain_loss.reference import split_brain_loss

SEEDS = range(15)


def _drawn(seed: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    rng = np.random.default_rng(seed)
    n, h, w, k, m = (int(size) for size in rng.integers(1, 7, 5))
    logits = [3 * rng.standard_normal((n, number, h, w)) for number in (k, m)]
    classes = [rng.integers(0, number, (n, h, w)) for number in (k, m)]
    ab_logits, l_logits, ab_classes, l_classes = map(torch.from_numpy, (*logits, *classes))
    return ab_logits, l_logits, ab_classes, l_classes


def _by_loops(logits: Tensor, classes: Tensor) -> float:
    n, _, h, w = logits.shape
    chances = log_softmax(logits.numpy(), axis=1)
    total = 0.0
    for i in range(n):
        for row in range(h):
            for column in range(w):
                total -= chances[i, int(classes[i, row, column]), row, column]
    return total / (n * h * w)


@pytest.mark.parametrize("seed", SEEDS)
def test_agrees_with_loops(seed: int) -> None:
    ab_logits, l_logits, ab_classes, l_classes = _drawn(seed)
    expected = _by_loops(ab_logits, ab_classes) + _by_loops(l_logits, l_classes)
    found = split_brain_loss(ab_logits, l_logits, ab_classes, l_classes)
    assert found.shape == ()
    assert float(found) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_gradients(seed: int) -> None:
    ab_logits, l_logits, ab_classes, l_classes = _drawn(seed)
    both = ab_logits.requires_grad_(), l_logits.requires_grad_()
    loss = split_brain_loss(ab_logits, l_logits, ab_classes, l_classes)
    for logits, classes, gradient in zip(
        both, (ab_classes, l_classes), torch.autograd.grad(loss, both), strict=True
    ):
        true = F.one_hot(classes, logits.shape[1]).movedim(3, 1)
        torch.testing.assert_close(gradient, (logits.softmax(1) - true).detach() / classes.numel())


def test_a_guess() -> None:
    classes = torch.randint(3, (2, 4, 5))
    loss = split_brain_loss(torch.zeros(2, 16, 4, 5), torch.zeros(2, 5, 4, 5), classes, classes)
    assert float(loss) == pytest.approx(math.log(16) + math.log(5))


def test_by_hand() -> None:
    colours = torch.tensor([1.0, 2, 1]).log().view(1, 3, 1, 1)
    lightness = torch.tensor([3.0, 1]).log().view(1, 2, 1, 1)
    first, last = torch.zeros(1, 1, 1, dtype=torch.int64), torch.ones(1, 1, 1, dtype=torch.int64)
    assert float(split_brain_loss(colours, lightness, first, last)) == pytest.approx(math.log(16))
    assert float(split_brain_loss(colours, lightness, last, first)) == pytest.approx(math.log(8 / 3))


def test_large_scores_in_single_precision() -> None:
    scores = torch.tensor([500.0, -500]).view(1, 2, 1, 1).requires_grad_()
    last = torch.ones(1, 1, 1, dtype=torch.int64)
    loss = split_brain_loss(scores, scores, last, 1 - last)
    assert loss.item() == 1000
    assert torch.autograd.grad(loss, scores)[0].flatten().tolist() == [1, -1]

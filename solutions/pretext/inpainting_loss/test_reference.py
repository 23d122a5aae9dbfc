"""The reference against independent oracles; imports nothing of ours but the reference."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from solutions.pretext.inpainting_loss.reference import inpainting_loss

SEEDS = range(15)


def _drawn(seed: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    rng = np.random.default_rng(seed)
    n, c, h, w = (int(size) for size in rng.integers(1, 6, 4))
    generated, images = (torch.from_numpy(rng.standard_normal((n, c, h, w))) for _ in range(2))
    mask = torch.from_numpy(rng.random((n, 1, h, w)) < 0.4)
    mask[0, 0, 0, 0] = True
    return generated, images, mask, torch.from_numpy(3 * rng.standard_normal(n))


def _by_loops(generated: Tensor, images: Tensor, mask: Tensor, logits: Tensor, *weights: float) -> float:
    squares = []
    n, c, h, w = images.shape
    for i in range(n):
        for channel in range(c):
            for row in range(h):
                for column in range(w):
                    if mask[i, 0, row, column]:
                        difference = generated[i, channel, row, column] - images[i, channel, row, column]
                        squares.append(float(difference) ** 2)
    real = [1 / (1 + math.exp(-float(logit))) for logit in logits]
    reconstruction = sum(squares) / len(squares) if squares else 0.0
    return weights[0] * reconstruction + weights[1] * sum(-math.log(p) for p in real) / len(real)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("weights", [(0.7, 0.4), (1.0, 0.0), (0.0, 1.0)])
def test_agrees_with_loops(seed: int, weights: tuple[float, float]) -> None:
    inputs = _drawn(seed)
    assert float(inpainting_loss(*inputs, *weights)) == pytest.approx(_by_loops(*inputs, *weights), rel=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_weights_of_the_paper_are_the_defaults(seed: int) -> None:
    inputs = _drawn(seed)
    assert float(inpainting_loss(*inputs)) == pytest.approx(_by_loops(*inputs, 0.999, 0.001), rel=1e-12)


def test_by_hand() -> None:
    images, generated = torch.zeros(2, 1, 1, 2), torch.tensor([[[[3.0, 9]]], [[[1, 1]]]])
    mask = torch.tensor([[[[True, False]]], [[[True, True]]]])
    # 9, 1 and 1 in the holes; log 2 for a logit of zero.
    assert float(inpainting_loss(generated, images, mask, torch.zeros(2), 3.0, 0.0)) == pytest.approx(11)
    assert float(inpainting_loss(generated, images, mask, torch.zeros(2), 0.0, 1.0)) == pytest.approx(
        math.log(2)
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_adversarial_term_is_a_cross_entropy(seed: int) -> None:
    generated, images, mask, logits = _drawn(seed)
    expected = F.binary_cross_entropy_with_logits(logits, torch.ones_like(logits))
    torch.testing.assert_close(inpainting_loss(generated, images, mask, logits, 0.0, 1.0), expected)


@pytest.mark.parametrize("seed", SEEDS)
def test_gradients(seed: int) -> None:
    generated, images, mask, logits = _drawn(seed)
    generated.requires_grad_()
    logits.requires_grad_()
    loss = inpainting_loss(generated, images, mask, logits, 0.7, 0.4)
    painted, fooled = torch.autograd.grad(loss, (generated, logits))
    inside = mask.expand_as(images)
    assert not painted[~inside].any()
    expected = 0.7 * 2 * (generated - images) / int(inside.sum())
    torch.testing.assert_close(painted[inside], expected[inside])
    torch.testing.assert_close(fooled, 0.4 * (logits.sigmoid() - 1) / len(logits))


def test_sure_logits_in_single_precision() -> None:
    logits = torch.tensor([-300.0, 250.0], requires_grad=True)
    nothing = torch.zeros(2, 1, 1, 1)
    loss = inpainting_loss(nothing, nothing, nothing == 0, logits, 1.0, 1.0)
    assert loss.item() == 150
    assert torch.autograd.grad(loss, logits)[0].tolist() == [-0.5, 0]


def test_without_any_hole() -> None:
    generated, images, mask, logits = _drawn(3)
    generated.requires_grad_()
    loss = inpainting_loss(generated, images, torch.zeros_like(mask), logits, 0.7, 0.4)
    assert loss.item() == pytest.approx(0.4 * F.softplus(-logits).mean().item())
    assert not torch.autograd.grad(loss, generated)[0].any()

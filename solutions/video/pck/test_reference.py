"""The reference against independent oracles; imports nothing of ours but the reference."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from solutions.video.pck.reference import pck

SEEDS = range(25)


def _drawn(seed: int) -> tuple[Tensor, Tensor, Tensor, Tensor, float]:
    """Whole numbers, so that some distances are exactly alpha * size."""
    rng = np.random.default_rng(seed)
    n, k = (int(number) for number in rng.integers(1, 7, 2))
    predicted, truth = (rng.integers(0, 9, (n, k, 2)).astype(float) for _ in range(2))
    visible = rng.random((n, k)) < 0.7
    visible[0, 0] = True
    predicted[~visible] = 1e6
    size = 4.0 * rng.integers(1, 8, n)
    inputs = (torch.from_numpy(part) for part in (predicted, truth, visible, size))
    return (*inputs, 0.25)  # type: ignore[return-value]


def _loops(predicted: Tensor, truth: Tensor, visible: Tensor, size: Tensor, alpha: float) -> float:
    correct = []
    for points, true, seen, side in zip(
        predicted.numpy(), truth.numpy(), visible.numpy(), size.numpy(), strict=True
    ):
        for (x, y), (x2, y2), judged in zip(points, true, seen, strict=True):
            if judged:
                correct.append(math.hypot(x - x2, y - y2) <= alpha * side)
    return sum(correct) / len(correct)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_agrees_with_loops(seed: int, dtype: torch.dtype) -> None:
    inputs = [
        part.to(dtype) if isinstance(part, Tensor) and part.is_floating_point() else part
        for part in _drawn(seed)
    ]
    found = pck(*inputs)  # type: ignore[arg-type]
    assert found.dtype == dtype
    assert found.shape == ()
    assert float(found) == pytest.approx(_loops(*inputs), rel=1e-6)  # type: ignore[arg-type]


def test_by_hand() -> None:
    # Off by 5 and by 6 where 5 is allowed, and by 5 where 1 is; a fourth is not seen.
    truth = torch.zeros(2, 2, 2)
    predicted = torch.tensor([[[3.0, 4.0], [6.0, 0.0]], [[3.0, 4.0], [0.0, 0.0]]])
    visible = torch.tensor([[True, True], [True, False]])
    size = torch.tensor([10.0, 2.0])
    assert float(pck(predicted, truth, visible, size, 0.5)) == pytest.approx(1 / 3)
    assert float(pck(predicted, truth, visible, size, 10.0)) == 1
    assert float(pck(predicted, truth, visible, size, 0.1)) == 0


def test_a_point_counts_as_much_as_any_other() -> None:
    # One object with one visible point, which is right, and one with three, which are wrong.
    visible = torch.tensor([[True, False, False], [True, True, True]])
    predicted = torch.zeros(2, 3, 2)
    predicted[1] = 9
    assert float(pck(predicted, torch.zeros(2, 3, 2), visible, torch.ones(2), 0.1)) == 0.25


def test_nothing_visible() -> None:
    points = torch.zeros(2, 3, 2)
    with pytest.raises(ValueError, match="visible"):
        pck(points, points, torch.zeros(2, 3, dtype=torch.bool), torch.ones(2), 0.1)

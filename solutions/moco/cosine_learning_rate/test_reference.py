"""The reference against independent oracles; imports nothing of ours but the reference."""

import math

import pytest
import torch
from torch import nn

from solutions.moco.cosine_learning_rate.reference import cosine_learning_rate


def rates(steps: int, base: float, warmup: int, final: float) -> list[float]:
    """A whole run and some steps more, each step by an addition or a rotation of its own."""
    found, angle = [], math.pi / (steps - warmup)
    for step in range(steps + 10):
        if step < warmup:
            found.append((found[-1] if found else 0.0) + base / (warmup + 1))
        elif step <= steps:
            # cos x = 1 - 2 sin^2(x / 2)
            found.append(base - (base - final) * math.sin(angle * (step - warmup) / 2) ** 2)
        else:
            found.append(final)
    return found


@pytest.mark.parametrize("final", [0.0, 0.02, 1.0])
@pytest.mark.parametrize(("steps", "warmup"), [(1, 0), (2, 0), (2, 1), (10, 0), (10, 3), (10, 9), (400, 40)])
def test_equals_another_way_to_compute_it(steps: int, warmup: int, final: float) -> None:
    expected = rates(steps, 0.5, warmup, final)
    got = [cosine_learning_rate(step, steps, 0.5, warmup, final) for step in range(len(expected))]
    assert got == pytest.approx(expected, rel=1e-9, abs=1e-15)
    assert all(type(rate) is float for rate in got)


@pytest.mark.parametrize("final", [0.0, 0.05])
def test_equals_the_scheduler_of_torch(final: float) -> None:
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.3)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 25, eta_min=final)
    for step in range(26):
        expected = optimizer.param_groups[0]["lr"]
        assert cosine_learning_rate(step, 25, 0.3, final=final) == pytest.approx(
            expected, rel=1e-9, abs=1e-12
        )
        optimizer.step()
        scheduler.step()


def test_by_hand() -> None:
    """A rise of a fifth, two fifths, three and four; then the cosines of 0, 60, 120 and 180 degrees."""
    got = [cosine_learning_rate(step, 7, 10.0, 4, 2.0) for step in range(9)]
    assert got == pytest.approx([2, 4, 6, 8, 10, 8, 4, 2, 2])


def test_defaults() -> None:
    assert cosine_learning_rate(0, 6, 0.4) == pytest.approx(0.4)
    assert cosine_learning_rate(2, 6, 0.4) == pytest.approx(0.3)
    assert cosine_learning_rate(6, 6, 0.4) == 0


@pytest.mark.parametrize(
    ("step", "steps", "warmup"),
    [(-1, 5, 0), (-1, 5, 2), (0, 5, 5), (0, 5, 7), (3, 5, -1), (0, 0, 0), (0, -2, 0)],
)
def test_what_is_refused(step: int, steps: int, warmup: int) -> None:
    with pytest.raises(ValueError, match="the first step|the rise"):
        cosine_learning_rate(step, steps, 0.1, warmup)

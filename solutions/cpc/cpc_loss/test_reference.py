"""The reference against independent oracles; imports nothing of ours but the reference."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from solutions.cpc.cpc_loss.reference import cpc_loss

SEEDS = range(12)


def _drawn(seed: int) -> Tensor:
    rng = np.random.default_rng(seed)
    k, t, n = (int(size) for size in rng.integers(1, 6, 3))
    return torch.from_numpy(2 * rng.standard_normal((k, t, n, n)))


def _by_loops(scores: Tensor) -> float:
    losses = []
    for step in scores.tolist():
        for plane in step:
            for i, row in enumerate(plane):
                top = max(row)
                below = math.fsum(math.exp(score - top) for score in row)
                losses.append(math.log(below) - (row[i] - top))
    return math.fsum(losses) / len(losses)


@pytest.mark.parametrize("seed", SEEDS)
def test_agrees_with_loops(seed: int) -> None:
    scores = _drawn(seed)
    assert cpc_loss(scores).item() == pytest.approx(_by_loops(scores), rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_is_a_cross_entropy_in_every_plane(seed: int) -> None:
    scores = _drawn(seed)
    target = torch.arange(scores.shape[3])
    planes = [F.cross_entropy(plane, target) for step in scores for plane in step]
    torch.testing.assert_close(cpc_loss(scores), torch.stack(planes).mean())


def test_worked_out_by_hand() -> None:
    """Shares 3/4 and 1/5 of the right candidates: the loss is log(20/3) / 2."""
    scores = torch.tensor([[[[3.0, 1.0], [4.0, 1.0]]]]).log()
    assert cpc_loss(scores).item() == pytest.approx(math.log(20 / 3) / 2)


@pytest.mark.parametrize("n", [1, 2, 5])
def test_equal_scores_leave_a_guess(n: int) -> None:
    assert cpc_loss(torch.full((2, 3, n, n), 7.0)).item() == pytest.approx(math.log(n))


def test_only_rows_are_normalised() -> None:
    """What is added to a whole row changes nothing; what is added to a column does."""
    scores = _drawn(4)
    assert scores.shape[3] > 1
    rows, columns = scores.clone(), scores.clone()
    rows[..., 0, :] += 5
    columns[..., 0] += 5
    torch.testing.assert_close(cpc_loss(rows), cpc_loss(scores))
    assert abs(cpc_loss(columns) - cpc_loss(scores)) > 0.1


@pytest.mark.parametrize("seed", SEEDS[:4])
def test_gradients_equal_finite_differences(seed: int) -> None:
    assert torch.autograd.gradcheck(cpc_loss, (_drawn(seed).requires_grad_(),))


@pytest.mark.parametrize("level", [-300.0, 300.0])
def test_large_scores_in_float32(level: float) -> None:
    scores = torch.tensor([[[[level, 0.0], [-level, 1.0]]]], requires_grad=True)
    loss = cpc_loss(scores)
    assert loss.item() == pytest.approx(_by_loops(scores.detach()), rel=1e-6)
    assert torch.autograd.grad(loss, scores)[0].isfinite().all()


def test_keeps_dtype_layout_and_inputs() -> None:
    scores = _drawn(5).float()
    before = scores.clone()
    assert cpc_loss(scores).dtype == torch.float32
    torch.testing.assert_close(cpc_loss(scores.mT.contiguous().mT), cpc_loss(scores))
    assert torch.equal(scores, before)

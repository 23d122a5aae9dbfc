"""The reference against independent oracles; imports nothing of ours but the reference."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from solutions.cpc.multiview_loss.reference import multiview_loss

SEEDS = range(6)


def draw(seed: int, m: int) -> Tensor:
    return torch.from_numpy(np.random.default_rng(seed).uniform(0.1, 5, (m, m)))


def loops(losses: Tensor, graph: str) -> float:
    """The directions of all edges, one by one, in plain Python floats."""
    values, taken = losses.tolist(), []
    for a in range(len(values)):
        for b in range(len(values)):
            if a == b:
                continue
            if graph == "full" or a == 0 or b == 0:
                taken.append(values[a][b])
    return math.fsum(taken)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("graph", ["core", "full"])
@pytest.mark.parametrize("m", [1, 2, 3, 5, 8])
def test_equals_loops(m: int, graph: str, seed: int) -> None:
    losses = draw(seed, m)
    assert multiview_loss(losses, graph).item() == pytest.approx(loops(losses, graph), rel=1e-13)


def test_two_views_worked_by_hand() -> None:
    losses = torch.tensor([[100.0, 1.0], [2.0, 1000.0]])
    assert multiview_loss(losses, "core").item() == 3
    assert multiview_loss(losses, "full").item() == 3


def test_three_views_worked_by_hand() -> None:
    losses = torch.tensor([[0.0, 1.0, 2.0], [4.0, 0.0, 8.0], [16.0, 32.0, 0.0]])
    assert multiview_loss(losses, "core").item() == 1 + 2 + 4 + 16
    assert multiview_loss(losses, "full").item() == 63


@pytest.mark.parametrize("graph", ["core", "full"])
@pytest.mark.parametrize("m", [1, 2, 4])
def test_what_stands_on_the_diagonal_never_counts(m: int, graph: str) -> None:
    losses = draw(0, m)
    expected = loops(losses, graph)
    losses.fill_diagonal_(torch.nan).requires_grad_()
    loss = multiview_loss(losses, graph)
    (gradient,) = torch.autograd.grad(loss, losses)
    assert loss.item() == pytest.approx(expected, rel=1e-13)
    taken = [[a != b and (graph == "full" or 0 in (a, b)) for b in range(m)] for a in range(m)]
    assert torch.equal(gradient, torch.tensor(taken).double())


def test_pairs_outside_the_core_may_be_nan() -> None:
    losses = draw(1, 4)
    expected = loops(losses, "core")
    losses[1:, 1:] = torch.nan
    assert multiview_loss(losses, "core").item() == pytest.approx(expected, rel=1e-13)
    assert multiview_loss(losses, "full").isnan()


@pytest.mark.parametrize("graph", ["Core", "FULL", "", "ring", "cores"])
def test_other_graphs_are_refused(graph: str) -> None:
    with pytest.raises(ValueError, match="graph"):
        multiview_loss(torch.ones(3, 3), graph)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_keeps_dtype_and_inputs_in_any_layout(dtype: torch.dtype) -> None:
    losses = draw(2, 4).to(dtype)
    before = losses.clone()
    for graph in ("core", "full"):
        loss = multiview_loss(losses, graph)
        assert loss.dtype == dtype
        assert loss.shape == ()
        torch.testing.assert_close(multiview_loss(losses.T.contiguous().T, graph), loss)
    assert torch.equal(losses, before)

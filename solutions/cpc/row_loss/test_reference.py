"""The reference against independent oracles; imports nothing of ours but the reference."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from solutions.cpc.row_loss.reference import row_loss

SEEDS = range(12)


def draw(seed: int, dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor, int]:
    """Predictions and vectors of one random shape, and how many rows ahead."""
    rng = np.random.default_rng(seed)
    n, d, h, w = rng.integers(1, 4), rng.integers(2, 6), rng.integers(2, 6), rng.integers(1, 6)
    predicted, z = (torch.from_numpy(rng.standard_normal((n, d, h, w))).to(dtype) for _ in range(2))
    return predicted, z, int(rng.integers(1, h))


def loops(predicted: Tensor, z: Tensor, rows_ahead: int) -> float:
    """One prediction and one candidate at a time, in plain Python floats."""
    n, d, h, w = z.shape
    p, v = predicted.tolist(), z.tolist()

    def score(b: int, i: int, j: int, other: int, row: int, column: int) -> float:
        return math.fsum(p[b][f][i][j] * v[other][f][row][column] for f in range(d))

    losses = []
    for b in range(n):
        for i in range(h):
            if i + rows_ahead >= h:
                continue
            for j in range(w):
                scores = [
                    score(b, i, j, other, row, column)
                    for other in range(n)
                    for row in range(h)
                    for column in range(w)
                ]
                top = max(scores)
                below = top + math.log(math.fsum(math.exp(item - top) for item in scores))
                losses.append(below - score(b, i, j, b, i + rows_ahead, j))
    return math.fsum(losses) / len(losses)


def papers_arithmetic(predicted: Tensor, z: Tensor, rows_ahead: int) -> Tensor:
    """`F.cross_entropy` with labels by arithmetic on the numbers of images, rows and columns."""
    n, _, h, w = z.shape
    asking = torch.stack(
        [predicted[b, :, i, j] for b in range(n) for i in range(h - rows_ahead) for j in range(w)]
    )
    candidates = torch.stack([z[b, :, i, j] for b in range(n) for i in range(h) for j in range(w)])
    labels = [
        b * (h * w) + (i + rows_ahead) * w + j
        for b in range(n)
        for i in range(h - rows_ahead)
        for j in range(w)
    ]
    return F.cross_entropy(asking @ candidates.T, torch.tensor(labels))


@pytest.mark.parametrize("seed", SEEDS)
def test_equals_nested_loops(seed: int) -> None:
    predicted, z, k = draw(seed)
    expected = loops(predicted, z, k)
    assert row_loss(predicted, z, k).item() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("k", [1, 2, 3, 4])
def test_equals_nested_loops_at_each_distance(k: int) -> None:
    rng = np.random.default_rng(k)
    predicted, z = (torch.from_numpy(rng.standard_normal((3, 4, 5, 7))) for _ in range(2))
    assert row_loss(predicted, z, k).item() == pytest.approx(loops(predicted, z, k), rel=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_equals_cross_entropy_with_its_gradients(seed: int) -> None:
    predicted, z, k = draw(seed)
    ours, theirs = ([x.clone().requires_grad_() for x in (predicted, z)] for _ in range(2))
    loss, expected = row_loss(*ours, k), papers_arithmetic(*theirs, k)
    torch.testing.assert_close(loss, expected, rtol=1e-12, atol=1e-14)
    for gradient, wanted in zip(
        torch.autograd.grad(loss, ours), torch.autograd.grad(expected, theirs), strict=True
    ):
        torch.testing.assert_close(gradient, wanted, rtol=1e-10, atol=1e-14)


def test_gradients_equal_finite_differences() -> None:
    rng = np.random.default_rng(0)
    grids = [torch.from_numpy(rng.standard_normal((2, 3, 4, 2))).requires_grad_() for _ in range(2)]
    assert torch.autograd.gradcheck(lambda p, z: row_loss(p, z, 2), grids)


def test_no_gradient_reaches_what_the_last_rows_predict() -> None:
    predicted, z, _ = draw(3)
    for k in range(1, z.shape[2]):
        leaves = [x.clone().requires_grad_() for x in (predicted, z)]
        of_predicted, of_z = torch.autograd.grad(row_loss(*leaves, k), leaves)
        assert (of_predicted[:, :, -k:] == 0).all()
        assert (of_predicted[:, :, :-k] != 0).all()
        assert (of_z != 0).all()


@pytest.mark.parametrize(("n", "h", "w"), [(1, 2, 1), (3, 4, 2), (2, 2, 5)])
def test_equal_scores_leave_a_guess_among_all_places(n: int, h: int, w: int) -> None:
    z = torch.randn(n, 3, h, w, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    for k in range(1, h):
        expected = math.log(n * h * w)
        assert row_loss(torch.zeros_like(z), z, k).item() == pytest.approx(expected, abs=1e-12)


def test_perfect_predictions_have_no_loss() -> None:
    # Every place has a feature of its own.
    n, h, w, k = 2, 4, 3, 2
    z = torch.eye(n * h * w, dtype=torch.float64).view(n, h, w, -1).movedim(-1, 1)
    predicted = torch.zeros_like(z)
    predicted[:, :, :-k] = 100 * z[:, :, k:]
    assert row_loss(predicted, z, k).item() < 1e-12


@pytest.mark.parametrize("level", [300.0, -300.0])
def test_finite_and_right_in_float32_for_large_scores(level: float) -> None:
    rng = np.random.default_rng(5)
    predicted, z = (torch.from_numpy(rng.standard_normal((2, 4, 3, 5))).float() for _ in range(2))
    predicted[:, 0], z[:, 0] = level / 10, 10.0
    predicted.requires_grad_()
    loss = row_loss(predicted, z, 1)
    (gradient,) = torch.autograd.grad(loss, predicted)
    assert gradient.isfinite().all()
    # A score of 300 is right to about 3e-5.
    assert loss.item() == pytest.approx(loops(predicted.detach(), z, 1), abs=1e-3)


@pytest.mark.parametrize("rows_ahead", [-4, -1, 0, 4, 5, 100])
def test_distances_that_leave_the_grid_are_refused(rows_ahead: int) -> None:
    with pytest.raises(ValueError, match="rows_ahead"):
        row_loss(torch.zeros(2, 3, 4, 9), torch.zeros(2, 3, 4, 9), rows_ahead)


@pytest.mark.parametrize("rows_ahead", [1, 2, 3])
def test_the_height_alone_is_the_limit(rows_ahead: int) -> None:
    assert row_loss(torch.zeros(2, 3, 4, 1), torch.zeros(2, 3, 4, 1), rows_ahead).isfinite()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_keeps_the_dtype_and_the_inputs_in_any_layout(dtype: torch.dtype) -> None:
    predicted, z, k = draw(6, dtype)
    before = predicted.clone(), z.clone()
    loss = row_loss(predicted, z, k)
    assert loss.dtype == dtype
    assert loss.shape == ()
    assert torch.equal(predicted, before[0])
    assert torch.equal(z, before[1])
    other = (x.permute(3, 2, 1, 0).contiguous().permute(3, 2, 1, 0) for x in (predicted, z))
    torch.testing.assert_close(row_loss(*other, k), loss)

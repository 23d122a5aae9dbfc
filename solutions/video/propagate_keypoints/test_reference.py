"""The reference against independent oracles; imports nothing of ours but the reference."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from solutions.video.propagate_keypoints.reference import propagate_keypoints

SEEDS = range(20)


def _drawn(seed: int) -> tuple[Tensor, Tensor, tuple[int, int], tuple[int, int], int, int]:
    """An attention some of whose rows are zero, points anywhere in the frame, sizes, stride and top_k."""
    rng = np.random.default_rng(seed)
    h, w, h2, w2, stride, k, top_k = (int(number) for number in rng.integers(1, 7, 7))
    attention = rng.random((h * w, h2 * w2)) * (rng.random((h * w, 1)) > 0.2)
    points = rng.random((k, 2)) * [w * stride, h * stride]
    return torch.from_numpy(attention), torch.from_numpy(points), (h, w), (h2, w2), stride, top_k


def _loops(
    attention: Tensor,
    keypoints: Tensor,
    size: tuple[int, int],
    target_size: tuple[int, int],
    stride: int,
    top_k: int = 5,
) -> Tensor:
    """Point by point, with lists."""
    found = []
    for x, y in keypoints.tolist():
        row = attention[math.floor(y / stride) * size[1] + math.floor(x / stride)].tolist()
        seen = []
        for r in range(target_size[0]):
            for c in range(target_size[1]):
                seen.append((row[r * target_size[1] + c], (c + 0.5) * stride, (r + 0.5) * stride))
        best = sorted(seen, reverse=True)[:top_k]
        total = math.fsum(weight for weight, _, _ in best)
        if total == 0:
            found.append([-1.0, -1.0])
        else:
            found.append([math.fsum(cell[0] * cell[axis] for cell in best) / total for axis in (1, 2)])
    return torch.tensor(found, dtype=torch.float64)


@pytest.mark.parametrize("seed", SEEDS)
def test_agrees_with_loops(seed: int) -> None:
    inputs = _drawn(seed)
    torch.testing.assert_close(propagate_keypoints(*inputs), _loops(*inputs), rtol=1e-12, atol=0)


@pytest.mark.parametrize("seed", SEEDS)
def test_five_cells_unless_told_otherwise(seed: int) -> None:
    inputs = _drawn(seed)[:-1]
    torch.testing.assert_close(propagate_keypoints(*inputs), _loops(*inputs), rtol=1e-12, atol=0)


@pytest.mark.parametrize("seed", SEEDS)
def test_points_that_go_nowhere(seed: int) -> None:
    # Each cell points at itself alone: every point goes to the centre of its own cell.
    h, w, stride = 3, 5, 4
    rng = np.random.default_rng(seed)
    points = torch.from_numpy(rng.random((9, 2)) * [w * stride, h * stride])
    found = propagate_keypoints(torch.eye(h * w, dtype=torch.float64), points, (h, w), (h, w), stride, 7)
    torch.testing.assert_close(found, points // stride * stride + stride / 2)


def test_by_hand() -> None:
    # One cell, and a target frame of one row of three; the ends see the point, the right one three times as well.
    attention = torch.tensor([[0.1, 0.0, 0.3]])
    found = propagate_keypoints(attention, torch.tensor([[1.0, 7.0]]), (1, 1), (1, 3), 8, 2)
    torch.testing.assert_close(found, torch.tensor([[(4 + 3 * 20) / 4, 4.0]]))
    flat = propagate_keypoints(torch.full((1, 15), 0.2), torch.tensor([[0.0, 0.0]]), (1, 1), (3, 5), 2, 15)
    torch.testing.assert_close(flat, torch.tensor([[5.0, 3.0]]))


def test_points_on_borders_and_in_the_last_pixel() -> None:
    # Target cell j points at reference cell j.
    points = torch.tensor([[0.0, 0.0], [3.99, 0.0], [4.0, 0.0], [4.0, 4.0], [11.99, 7.99]])
    found = propagate_keypoints(torch.eye(6), points, (2, 3), (2, 3), 4, 1)
    assert found.tolist() == [[2, 2], [2, 2], [6, 2], [6, 6], [10, 6]]


def test_lost() -> None:
    attention = torch.tensor([[0.0, 0.0], [1.0, 1.0]])
    found = propagate_keypoints(attention, torch.tensor([[1.0, 1.0], [5.0, 1.0]]), (1, 2), (2, 1), 4)
    assert found.tolist() == [[-1, -1], [2, 4]]


@pytest.mark.parametrize(
    "spot", [[-0.1, 1.0], [1.0, -0.1], [12.0, 1.0], [1.0, 8.0], [7.0, 9.0], [-1.0, -1.0]]
)
def test_outside(spot: list[float]) -> None:
    with pytest.raises(ValueError, match="outside the reference frame"):
        propagate_keypoints(torch.eye(6), torch.tensor([[1.0, 1.0], spot]), (2, 3), (2, 3), 4)

"""The reference against independent oracles; imports nothing of ours but the reference."""

import numpy as np
import pytest
import torch
from torch import Tensor

from solutions.video.shuffle_tuples.reference import shuffle_tuples

SEEDS = range(20)


def _drawn(seed: int) -> tuple[Tensor, Tensor, Tensor]:
    rng = np.random.default_rng(seed)
    n, t, c, h, w = (int(size) for size in rng.integers([1, 5, 1, 1, 1], [9, 12, 4, 5, 5]))
    times = np.stack([np.sort(rng.choice(t, 5, replace=False)) for _ in range(n)])
    frames = rng.standard_normal((n, t, c, h, w))
    return torch.from_numpy(frames), torch.from_numpy(times), torch.from_numpy(rng.integers(0, 6, n))


def _loops(frames: Tensor, times: Tensor, kinds: Tensor) -> tuple[Tensor, list[int]]:
    tuples, labels = [], []
    for i, kind in enumerate(kinds.tolist()):
        a, b, c, d, e = times[i].tolist()
        middle = {0: c, 1: a, 2: e}[kind if kind < 3 else kind - 3]
        three = [frames[i][time] for time in ([b, middle, d] if kind < 3 else [d, middle, b])]
        tuples.append(torch.stack(three))
        labels.append(1 if middle == c else 0)
    return torch.stack(tuples), labels


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_agrees_with_loops(seed: int, dtype: torch.dtype) -> None:
    frames, times, kinds = _drawn(seed)
    tuples, labels = shuffle_tuples(frames.to(dtype), times, kinds)
    expected, expected_labels = _loops(frames.to(dtype), times, kinds)
    assert torch.equal(tuples, expected)
    assert tuples.dtype == dtype
    assert labels.tolist() == expected_labels
    assert labels.dtype == torch.int64


def test_by_hand() -> None:
    # A frame is its number; the five are frames 1, 2, 4, 7 and 8 of nine.
    frames = torch.arange(9.0).view(1, 9, 1, 1, 1).expand(6, -1, -1, -1, -1)
    times = torch.tensor([[1, 2, 4, 7, 8]]).expand(6, -1)
    tuples, labels = shuffle_tuples(frames, times, torch.arange(6))
    expected = [[2, 4, 7], [2, 1, 7], [2, 8, 7], [7, 4, 2], [7, 1, 2], [7, 8, 2]]
    assert tuples.flatten(1).tolist() == expected
    assert labels.tolist() == [1, 0, 0, 1, 0, 0]


@pytest.mark.parametrize("seed", SEEDS)
def test_in_order_means_monotonic(seed: int) -> None:
    frames, times, kinds = _drawn(seed)
    numbers = torch.arange(float(frames.shape[1])).view(1, -1, 1, 1, 1).expand(len(frames), -1, -1, -1, -1)
    tuples, labels = shuffle_tuples(numbers, times, kinds)
    steps = tuples.flatten(1).diff(dim=1)
    assert labels.tolist() == (steps[:, 0] * steps[:, 1] > 0).long().tolist()


def test_gradients_reach_the_frames_taken() -> None:
    frames, times, kinds = _drawn(3)
    frames.requires_grad_()
    (found,) = torch.autograd.grad(shuffle_tuples(frames, times, kinds)[0].sum(), frames)
    taken = found.flatten(2).any(dim=2)
    assert taken.sum(dim=1).tolist() == [3] * len(frames)
    assert found.unique().tolist() == [0, 1]


@pytest.mark.parametrize(
    "row",
    [[0, 0, 1, 2, 3], [0, 1, 2, 4, 4], [0, 2, 1, 3, 4], [4, 3, 2, 1, 0], [0, 1, 2, 4, 3], [1, 0, 2, 3, 4]],
)
def test_refused(row: list[int]) -> None:
    times = torch.tensor([[0, 1, 2, 3, 4], row])
    with pytest.raises(ValueError, match="strictly increasing"):
        shuffle_tuples(torch.zeros(2, 5, 1, 1, 1), times, torch.tensor([0, 1]))

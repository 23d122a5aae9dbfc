"""The reference against independent oracles; imports nothing of ours but the reference."""

import numpy as np
import pytest
import torch

from solutions.moco.unshuffle_batch.reference import unshuffle_batch

SHAPES = [(1, 1), (1, 5), (5, 1), (2, 3), (3, 2), (4, 4)]


@pytest.mark.parametrize(("groups", "members"), SHAPES)
@pytest.mark.parametrize("seed", range(3))
def test_equals_loops(seed: int, groups: int, members: int) -> None:
    rng = np.random.default_rng(seed)
    values, order = rng.standard_normal((groups, members, 3)), rng.permutation(groups * members)
    keys = torch.from_numpy(values)
    result = unshuffle_batch(keys, torch.from_numpy(order))
    assert result.shape == (groups * members, 3)
    for q in range(groups):
        for j in range(members):
            assert result[order[q * members + j]].tolist() == values[q, j].tolist()
    assert keys.tolist() == values.tolist()


@pytest.mark.parametrize("groups", [1, 2, 3, 6])
def test_undoes_a_shuffle(groups: int) -> None:
    rng = np.random.default_rng(groups)
    images, order = torch.from_numpy(rng.standard_normal((6, 4))), rng.permutation(6)
    dealt = torch.stack([images[i] for i in order.tolist()]).reshape(groups, -1, 4)
    assert torch.equal(unshuffle_batch(dealt, torch.from_numpy(order)), images)


def test_by_hand() -> None:
    keys = torch.tensor([[[14.0], [12], [10]], [[15], [11], [13]]])
    result = unshuffle_batch(keys, torch.tensor([4, 2, 0, 5, 1, 3]))
    assert result.tolist() == [[10], [11], [12], [13], [14], [15]]


@pytest.mark.parametrize("groups", [1, 2, 4])
def test_memory_of_its_own(groups: int) -> None:
    keys = torch.zeros(groups, 4 // groups, 2)
    unshuffle_batch(keys, torch.arange(4)).fill_(1)
    assert not keys.any()


def test_gradients_go_back_to_the_keys() -> None:
    keys, order = torch.ones(3, 2, 1, requires_grad=True), [4, 2, 0, 5, 1, 3]
    weights = torch.arange(6.0)[:, None]
    (gradient,) = torch.autograd.grad((unshuffle_batch(keys, torch.tensor(order)) * weights).sum(), keys)
    assert gradient.flatten().tolist() == order


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_dtype_and_layout(dtype: torch.dtype) -> None:
    keys = torch.arange(12).to(dtype).reshape(2, 2, 3)
    result = unshuffle_batch(keys.transpose(0, 2).contiguous().transpose(0, 2), torch.tensor([1, 2, 3, 0]))
    assert result.dtype == dtype
    assert result.tolist() == [[9, 10, 11], [0, 1, 2], [3, 4, 5], [6, 7, 8]]

"""The reference against independent oracles; imports nothing of ours but the reference."""

import numpy as np
import pytest
import torch

from solutions.moco.shuffle_batch.reference import shuffle_batch

SHAPES = [(1, 1), (1, 5), (5, 1), (2, 3), (3, 2), (4, 4)]


@pytest.mark.parametrize(("groups", "members"), SHAPES)
@pytest.mark.parametrize("seed", range(3))
def test_equals_loops(seed: int, groups: int, members: int) -> None:
    rng = np.random.default_rng(seed)
    n = groups * members
    pixels, order = rng.standard_normal((n, 2, 3, 4)), rng.permutation(n)
    images = torch.from_numpy(pixels)
    dealt = shuffle_batch(images, torch.from_numpy(order), groups)
    assert dealt.shape == (groups, members, 2, 3, 4)
    for q in range(groups):
        for j in range(members):
            assert dealt[q, j].tolist() == pixels[order[q * members + j]].tolist()
    assert images.tolist() == pixels.tolist()


def test_by_hand() -> None:
    images = torch.tensor([10.0, 11, 12, 13, 14, 15]).reshape(6, 1, 1, 1)
    dealt = shuffle_batch(images, torch.tensor([4, 2, 0, 5, 1, 3]), 2)
    assert dealt.flatten(1).tolist() == [[14, 12, 10], [15, 11, 13]]


@pytest.mark.parametrize(("n", "groups"), [(7, 2), (5, 3), (3, 4), (1, 2)])
def test_unequal_groups_are_refused(n: int, groups: int) -> None:
    with pytest.raises(ValueError, match="equal"):
        shuffle_batch(torch.zeros(n, 1, 2, 2), torch.arange(n), groups)


@pytest.mark.parametrize("groups", [1, 2, 4])
def test_memory_of_its_own(groups: int) -> None:
    images = torch.zeros(4, 1, 2, 2)
    shuffle_batch(images, torch.arange(4), groups).fill_(1)
    assert not images.any()


def test_gradients_go_back_to_the_images() -> None:
    images, order = torch.ones(6, 1, 1, 1, requires_grad=True), [4, 2, 0, 5, 1, 3]
    weights = torch.arange(6.0).reshape(3, 2, 1, 1, 1)
    (gradient,) = torch.autograd.grad((shuffle_batch(images, torch.tensor(order), 3) * weights).sum(), images)
    assert gradient.flatten().tolist() == [order.index(i) for i in range(6)]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_dtype_and_layout(dtype: torch.dtype) -> None:
    images = torch.arange(24).to(dtype).reshape(4, 1, 2, 3)
    dealt = shuffle_batch(images.mT.contiguous().mT, torch.tensor([1, 2, 3, 0]), 2)
    assert dealt.dtype == dtype
    assert dealt.flatten(0, 1).tolist() == images[[1, 2, 3, 0]].tolist()

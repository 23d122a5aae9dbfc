"""The reference against independent oracles; imports nothing of ours but the reference."""

import numpy as np
import pytest
import torch
from torch import Tensor
from torchvision.transforms.v2 import functional as TF

from solutions.simclr.two_views.reference import two_views

SEEDS = range(12)


def draw(seed: int) -> tuple[Tensor, Tensor, Tensor, Tensor, int]:
    rng = np.random.default_rng(seed)
    n, c, h, w = (int(size) for size in rng.integers(1, 9, 4))
    size = int(rng.integers(1, min(h, w) + 1))
    corners = np.stack([rng.integers(0, side - size + 1, (2, n)) for side in (h, w)], axis=2)
    return (
        torch.from_numpy(rng.uniform(-0.2, 1.2, (n, c, h, w))),
        torch.from_numpy(corners),
        torch.from_numpy(rng.random((2, n)) < 0.5),
        torch.from_numpy(rng.uniform(0.4, 1.8, (2, n, c))),
        size,
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_equals_torchvision(seed: int) -> None:
    images, corners, flips, gains, size = draw(seed)
    got = two_views(images, corners, flips, gains, size)
    assert len(got) == 2
    for v in range(2):
        for i, image in enumerate(images):
            window = TF.crop(image, *corners[v, i].tolist(), size, size)
            window = TF.horizontal_flip(window) if flips[v, i] else window
            bright = torch.stack([channel * gain for channel, gain in zip(window, gains[v, i], strict=True)])
            torch.testing.assert_close(got[v][i], bright.clamp(0, 1), rtol=0, atol=0)


@pytest.mark.parametrize("seed", SEEDS[:6])
def test_equals_loops_over_pixels(seed: int) -> None:
    images, corners, flips, gains, size = draw(seed)
    pixels = images.tolist()
    for v, view in enumerate(two_views(images, corners, flips, gains, size)):
        for i in range(len(images)):
            row, column = corners[v, i].tolist()
            for k, y, x in np.ndindex(images.shape[1], size, size):
                there = column + (size - 1 - x if flips[v, i] else x)
                value = pixels[i][k][row + y][there] * gains[v, i, k].item()
                assert view[i, k, y, x].item() == min(max(value, 0.0), 1.0)


def test_worked_out_by_hand() -> None:
    images = torch.tensor([[[[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]]]])
    corners = torch.tensor([[[0, 1]], [[0, 0]]])
    first, second = two_views(
        images, corners, torch.tensor([[True], [False]]), torch.tensor([[[1.0]], [[2.0]]]), 2
    )
    torch.testing.assert_close(first, torch.tensor([[[[0.3, 0.2], [0.6, 0.5]]]]))
    torch.testing.assert_close(second, torch.tensor([[[[0.2, 0.4], [0.8, 1.0]]]]))


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("view", [0, 1])
def test_a_window_that_leaves_its_image_raises(view: int, axis: int) -> None:
    images, size = torch.rand(2, 1, 5, 7), 3
    flips, gains = torch.zeros(2, 2, dtype=torch.bool), torch.ones(2, 2, 1)
    for place, inside in ((0, True), ((2, 4)[axis], True), ((3, 5)[axis], False), (-1, False), (9, False)):
        corners = torch.zeros(2, 2, 2, dtype=torch.int64)
        corners[view, 1, axis] = place
        if inside:
            two_views(images, corners, flips, gains, size)
        else:
            with pytest.raises(ValueError, match="leaves its image"):
                two_views(images, corners, flips, gains, size)


def test_a_window_larger_than_the_image_raises() -> None:
    zeros = torch.zeros(2, 1, 2, dtype=torch.int64)
    for shape in ((1, 1, 3, 5), (1, 1, 5, 3)):
        with pytest.raises(ValueError):
            two_views(torch.rand(shape), zeros, zeros[..., 0] > 0, torch.ones(2, 1, 1), 4)


def test_gradients_reach_images_and_gains_and_stop_at_the_clamp() -> None:
    images = torch.tensor([[[[0.25, 0.75], [0.5, 1.0]]]], dtype=torch.float64, requires_grad=True)
    gains = torch.tensor([[[1.5]], [[0.5]]], dtype=torch.float64, requires_grad=True)
    corners = torch.tensor([[[0, 0]], [[0, 0]]])
    first, second = two_views(images, corners, torch.tensor([[True], [False]]), gains, 2)
    to_images, to_gains = torch.autograd.grad(first.sum() + 10 * second.sum(), (images, gains))
    assert to_images.flatten().tolist() == [6.5, 5.0, 6.5, 5.0]
    assert to_gains.flatten().tolist() == [0.75, 25.0]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_keeps_the_dtype_and_shares_no_memory(dtype: torch.dtype) -> None:
    images = torch.rand(2, 3, 4, 4).to(dtype)
    corners, flips = torch.zeros(2, 2, 2, dtype=torch.int64), torch.zeros(2, 2, dtype=torch.bool)
    before = images.clone()
    for view in two_views(images, corners, flips, torch.ones(2, 2, 3, dtype=dtype), 4):
        assert view.dtype == dtype
        assert torch.equal(view, before)
        view.zero_()
    assert torch.equal(images, before)

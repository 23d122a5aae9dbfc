"""The reference against independent oracles; imports nothing of ours but the reference."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from solutions.pretext.rotate_batch.reference import rotate_batch

SEEDS = range(20)


def _images(seed: int, dtype: torch.dtype = torch.float32) -> Tensor:
    rng = np.random.default_rng(seed)
    n, channels, side = (int(size) for size in rng.integers(1, 9, 3))
    return torch.from_numpy(rng.standard_normal((n, channels, side, side))).to(dtype)


def _by_index(images: Tensor) -> tuple[Tensor, Tensor]:
    """One pixel at a time: a quarter turn counter-clockwise brings the right edge to the top."""
    n, channels, side, _ = images.shape
    out = torch.empty(4 * n, channels, side, side, dtype=images.dtype)
    labels = torch.empty(4 * n, dtype=torch.int64)
    for i in range(n):
        for k in range(4):
            labels[4 * i + k] = k
            for row in range(side):
                for column in range(side):
                    source = (row, column)
                    for _ in range(k):
                        source = (source[1], side - 1 - source[0])
                    out[4 * i + k, :, row, column] = images[i, :, source[0], source[1]]
    return out, labels


@pytest.mark.parametrize("seed", SEEDS)
def test_agrees_with_a_loop_over_pixels(seed: int) -> None:
    images = _images(seed)
    turned, labels = rotate_batch(images)
    expected, expected_labels = _by_index(images)
    assert torch.equal(turned, expected)
    assert torch.equal(labels, expected_labels)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_agrees_with_rot90_and_numpy(seed: int, dtype: torch.dtype) -> None:
    images = _images(seed, dtype)
    turned, labels = rotate_batch(images)
    assert turned.dtype == dtype
    assert labels.dtype == torch.int64
    assert labels.tolist() == [0, 1, 2, 3] * len(images)
    for index, (image, k) in enumerate(zip(turned, labels.tolist(), strict=True)):
        original = images[index // 4]
        assert torch.equal(image, torch.rot90(original, k, dims=(1, 2)))
        assert np.array_equal(image.numpy(), np.rot90(original.numpy(), k, axes=(1, 2)))


def test_turns_as_pillow_does() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 5), dtype=np.uint8)
    turned, labels = rotate_batch(torch.from_numpy(pixels)[None, None].float())
    for image, k in zip(turned[:, 0], labels.tolist(), strict=True):
        seen = Image.fromarray(pixels).rotate(90 * k)  # Pillow counts counter-clockwise too
        assert np.array_equal(image.numpy().astype(np.uint8), np.asarray(seen))


@pytest.mark.parametrize("shape", [(1, 1, 1, 1), (1, 3, 1, 1), (3, 1, 1, 1), (1, 1, 2, 2)])
def test_dimensions_of_length_one_stay(shape: tuple[int, ...]) -> None:
    images = torch.from_numpy(np.random.default_rng(1).standard_normal(shape))
    turned, labels = rotate_batch(images)
    expected, expected_labels = _by_index(images)
    assert torch.equal(turned, expected)
    assert torch.equal(labels, expected_labels)


@pytest.mark.parametrize("seed", SEEDS)
def test_gradient_counts_every_copy(seed: int) -> None:
    images = _images(seed, torch.float64).requires_grad_()
    weights = torch.from_numpy(
        np.random.default_rng(seed).standard_normal((4 * len(images), *images.shape[1:]))
    )
    (gradient,) = torch.autograd.grad((rotate_batch(images)[0] * weights).sum(), images)
    undone = torch.stack([torch.rot90(weights[k::4], -k, dims=(2, 3)) for k in range(4)]).sum(0)
    torch.testing.assert_close(gradient, undone)


def test_leaves_its_input_and_any_layout_alone() -> None:
    images = _images(3)
    kept = images.clone()
    strided = images.permute(3, 2, 1, 0).contiguous().permute(3, 2, 1, 0)
    turned, _ = rotate_batch(strided)
    assert torch.equal(turned, _by_index(kept)[0])
    assert torch.equal(turned, rotate_batch(images)[0])
    assert torch.equal(images, kept)
    assert torch.equal(strided, kept)
    turned.zero_()
    assert torch.equal(strided, kept)


def test_an_empty_batch_stays_empty() -> None:
    turned, labels = rotate_batch(torch.empty(0, 3, 4, 4))
    assert turned.shape == (0, 3, 4, 4)
    assert labels.shape == (0,)


def test_black_images_and_equal_ones_are_images_as_well() -> None:
    images = _images(3)[:, :1]
    images = torch.cat([images, torch.zeros_like(images[:1]), images[:1]])
    turned, labels = rotate_batch(images)
    expected, expected_labels = _by_index(images)
    assert torch.equal(turned, expected)
    assert torch.equal(labels, expected_labels)

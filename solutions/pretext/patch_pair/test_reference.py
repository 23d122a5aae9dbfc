"""The reference against independent oracles; imports nothing of ours but the reference."""

import numpy as np
import pytest
import torch
from torch import Tensor

from solutions.pretext.patch_pair.reference import patch_pair

SEEDS = range(20)
# Where the second patch lies, as (rows, columns), written down from the figure in the docstring.
SECOND = [(-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1)]


def _arguments(seed: int) -> tuple[Tensor, Tensor, Tensor, int, int]:
    rng = np.random.default_rng(seed)
    n, c, patch = (int(size) for size in rng.integers(1, 5, 3))
    gap = int(rng.integers(0, 5))
    h, w = (3 * patch + 2 * gap + 2 * (gap // 2) + int(more) for more in rng.integers(0, 4, 2))
    images = torch.from_numpy(rng.standard_normal((n, c, h, w)))
    labels = torch.from_numpy(rng.integers(0, 8, n))
    jitter = torch.from_numpy(rng.integers(-(gap // 2), gap // 2, (n, 2, 2), endpoint=True))
    return images, labels, jitter, patch, gap


def _by_loops(images: Tensor, labels: Tensor, jitter: Tensor, patch: int, gap: int) -> tuple[Tensor, Tensor]:
    """Pixel after pixel."""
    n, c, h, w = images.shape
    pair = torch.zeros(2, n, c, patch, patch, dtype=images.dtype)
    for i in range(n):
        down, right = SECOND[labels[i]]
        for which, steps in enumerate(((0, 0), (down, right))):
            top = (h - patch) // 2 + steps[0] * (patch + gap) + int(jitter[i, which, 0])
            left = (w - patch) // 2 + steps[1] * (patch + gap) + int(jitter[i, which, 1])
            for channel in range(c):
                for y in range(patch):
                    for x in range(patch):
                        pair[which, i, channel, y, x] = images[i, channel, top + y, left + x]
    return pair[0], pair[1]


@pytest.mark.parametrize("seed", SEEDS)
def test_agrees_with_loops(seed: int) -> None:
    arguments = _arguments(seed)
    for found, expected in zip(patch_pair(*arguments), _by_loops(*arguments), strict=True):
        assert torch.equal(found, expected)


def test_worked_out_by_hand() -> None:
    """One image of 5 x 7 pixels that are called by row and column; patches of one pixel."""
    image = (10 * torch.arange(5.0)[:, None] + torch.arange(7.0)).expand(8, 1, 5, 7)
    still = torch.zeros(8, 2, 2, dtype=torch.int64)
    first, second = patch_pair(image, torch.arange(8), still, patch=1, gap=1)
    assert first.flatten().tolist() == [23] * 8
    assert second.flatten().tolist() == [1, 3, 5, 21, 25, 41, 43, 45]


@pytest.mark.parametrize("seed", SEEDS[:5])
def test_gradients_are_shares_of_the_patches(seed: int) -> None:
    """The number of patches that a pixel lies in: no pixel lies in both."""
    images, *others = _arguments(seed)
    images.requires_grad_()
    (gradient,) = torch.autograd.grad(sum(part.sum() for part in patch_pair(images, *others)), images)
    n, c, side = len(images), images.shape[1], others[2]
    assert set(gradient.unique().tolist()) <= {0.0, 1.0}
    assert gradient.sum() == 2 * n * c * side * side


def _zeros(n: int = 1) -> Tensor:
    return torch.zeros(n, 2, 2, dtype=torch.int64)


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize(
    ("gap", "jitter", "allowed"), [(3, 1, True), (3, 2, False), (4, 2, True), (0, 1, False)]
)
@pytest.mark.parametrize("sign", [1, -1])
def test_jitter_of_half_the_gap_is_allowed(
    which: int, axis: int, gap: int, jitter: int, allowed: bool, sign: int
) -> None:
    moved = _zeros(2)
    moved[1, which, axis] = sign * jitter
    arguments = torch.rand(2, 1, 30, 31), torch.tensor([0, 7]), moved, 2, gap
    if allowed:
        assert patch_pair(*arguments)[1].shape == (2, 1, 2, 2)
    else:
        with pytest.raises(ValueError, match="jitter"):
            patch_pair(*arguments)


@pytest.mark.parametrize("label", range(8))
def test_a_patch_that_leaves_its_image_is_refused(label: int) -> None:
    """Eight rows and columns hold nine places of 2 x 2 pixels with gaps of 1 exactly; seven do not."""
    labels = torch.tensor([label])
    assert patch_pair(torch.rand(1, 1, 8, 8), labels, _zeros(), 2, 1)[1].shape == (1, 1, 2, 2)
    down, right = SECOND[label]
    small = torch.rand(1, 1, 7 if down else 8, 7 if right else 8)
    # From (7 - 2) // 2 = 2 there are two pixels before the patch and three behind it.
    leaves = down < 0 or right < 0
    if leaves:
        with pytest.raises(ValueError, match="inside its image"):
            patch_pair(small, labels, _zeros(), 2, 1)
    else:
        assert patch_pair(small, labels, _zeros(), 2, 1)[1].shape == (1, 1, 2, 2)
    with pytest.raises(ValueError, match="inside its image"):
        patch_pair(torch.rand(1, 1, 6 if down else 8, 6 if right else 8), labels, _zeros(), 2, 1)


def test_a_patch_larger_than_the_image_is_refused() -> None:
    with pytest.raises(ValueError, match="inside its image"):
        patch_pair(torch.rand(1, 1, 3, 40), torch.tensor([3]), _zeros(), 4, 1)

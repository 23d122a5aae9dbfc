"""The reference against independent oracles; imports nothing of ours but the reference."""

import numpy as np
import pytest
import torch
from torch import Tensor
from torchvision.transforms.v2.functional import erase

from solutions.pretext.mask_region.reference import mask_region

SEEDS = range(20)


def _drawn(seed: int) -> tuple[Tensor, Tensor, tuple[int, int], Tensor]:
    rng = np.random.default_rng(seed)
    n, c, h, w = (int(size) for size in rng.integers(1, 8, 4))
    rows, columns = int(rng.integers(0, h + 1)), int(rng.integers(0, w + 1))
    corners = np.stack([rng.integers(0, h - rows + 1, n), rng.integers(0, w - columns + 1, n)], axis=1)
    images, fill = (torch.from_numpy(rng.standard_normal(shape)) for shape in ((n, c, h, w), (c,)))
    return images, torch.from_numpy(corners), (rows, columns), fill


@pytest.mark.parametrize("seed", SEEDS)
def test_agrees_with_a_loop_over_pixels(seed: int) -> None:
    images, corners, (rows, columns), fill = _drawn(seed)
    kept = images.clone()
    filled, mask = mask_region(images, corners, (rows, columns), fill)
    assert filled.dtype == torch.float64
    assert mask.dtype == torch.bool
    n, c, h, w = images.shape
    assert mask.shape == (n, 1, h, w)
    for i in range(n):
        top, left = corners[i].tolist()
        for row in range(h):
            for column in range(w):
                inside = row - top in range(rows) and column - left in range(columns)
                assert bool(mask[i, 0, row, column]) is inside
                for channel in range(c):
                    source = fill[channel] if inside else kept[i, channel, row, column]
                    assert filled[i, channel, row, column] == source
    assert torch.equal(images, kept)
    assert filled.data_ptr() != images.data_ptr()


@pytest.mark.parametrize("seed", SEEDS)
def test_agrees_with_torchvision(seed: int) -> None:
    images, corners, size, fill = _drawn(seed)
    filled, _ = mask_region(images, corners, size, fill)
    colour = fill[:, None, None].expand(-1, *size)
    for image, found, (top, left) in zip(images, filled, corners.tolist(), strict=True):
        assert torch.equal(found, erase(image, top, left, *size, colour))


def test_by_hand() -> None:
    images = torch.arange(12.0).reshape(1, 1, 3, 4)
    filled, mask = mask_region(images, torch.tensor([[1, 2]]), (2, 1), torch.tensor([50.0]))
    assert filled[0, 0].tolist() == [[0, 1, 2, 3], [4, 5, 50, 7], [8, 9, 50, 11]]
    assert mask.nonzero().tolist() == [[0, 0, 1, 2], [0, 0, 2, 2]]


def test_the_hole_does_not_leak() -> None:
    images, corners, _, fill = torch.rand(2, 3, 4, 5), torch.tensor([[0, 1], [1, 2]]), (), torch.rand(3)
    images.requires_grad_()
    fill.requires_grad_()
    filled, mask = mask_region(images, corners, (3, 2), fill)
    of_images, of_fill = torch.autograd.grad(filled.sum(), (images, fill))
    assert torch.equal(of_images, (~mask).float().expand_as(images))
    assert of_fill.tolist() == [12, 12, 12]


@pytest.mark.parametrize("corner", [(-1, 0), (0, -1), (3, 0), (0, 4), (3, 4)])
@pytest.mark.parametrize("place", [0, 1])
def test_a_hole_that_leaves_its_image(corner: tuple[int, int], place: int) -> None:
    corners = torch.tensor([[2, 3], [2, 3]])
    images, fill = torch.zeros(2, 1, 4, 5), torch.ones(1)
    assert int(mask_region(images, corners, (2, 2), fill)[1].sum()) == 8
    corners[place] = torch.tensor(corner)
    with pytest.raises(ValueError, match=f"a hole of 2 x 2 pixels leaves image {place}, which has 4 x 5"):
        mask_region(images, corners, (2, 2), fill)

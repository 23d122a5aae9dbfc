"""The reference against independent oracles; imports nothing of ours but the reference."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from solutions.cpc.masked_conv.reference import masked_conv

SEEDS = range(12)


def _drawn(seed: int) -> tuple[Tensor, Tensor, Tensor]:
    rng = np.random.default_rng(seed)
    n, d, h, w, o = (int(size) for size in rng.integers(1, 6, 5))
    kh, kw = (int(size) for size in rng.choice([1, 3, 5, 7], 2))
    shapes = (n, d, h, w), (o, d, kh, kw), (o,)
    grid, weight, bias = (torch.from_numpy(rng.standard_normal(shape)) for shape in shapes)
    return grid, weight, bias


def _by_loops(grid: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    n, _, h, w = grid.shape
    o, _, kh, kw = weight.shape
    values, kernel = grid.numpy(), weight.numpy()
    out = np.zeros((n, o, h, w))
    for b, channel, i, j in np.ndindex(n, o, h, w):
        total = bias[channel].item()
        for row in range(max(0, i - kh // 2), i + 1):
            for column in range(max(0, j - kw // 2), min(w, j + kw // 2 + 1)):
                seen = kernel[channel, :, row - i + kh // 2, column - j + kw // 2]
                total += float(seen @ values[b, :, row, column])
        out[b, channel, i, j] = total
    return torch.from_numpy(out)


@pytest.mark.parametrize("seed", SEEDS)
def test_agrees_with_loops(seed: int) -> None:
    arguments = _drawn(seed)
    torch.testing.assert_close(masked_conv(*arguments), _by_loops(*arguments))


@pytest.mark.parametrize("seed", SEEDS)
def test_is_a_convolution_with_a_masked_kernel(seed: int) -> None:
    grid, weight, bias = _drawn(seed)
    kh, kw = weight.shape[2:]
    kernel = weight.clone()
    kernel[:, :, kh // 2 + 1 :] = 0
    expected = F.conv2d(grid, kernel, bias, padding=(kh // 2, kw // 2))
    torch.testing.assert_close(masked_conv(grid, weight, bias), expected)
    strided = [x.mT.contiguous().mT for x in (grid, weight)]
    torch.testing.assert_close(masked_conv(*strided, bias), expected)


def test_worked_out_by_hand() -> None:
    """A single one shows the kernel, turned by half a turn, and nothing above its row."""
    grid = torch.zeros(1, 1, 3, 4)
    grid[0, 0, 1, 1] = 1
    weight = torch.tensor([[[[1.0, 2, 3], [4, 5, 6], [7, 8, 9]]]])
    assert masked_conv(grid, weight, torch.tensor([0.5]))[0, 0].tolist() == [
        [0.5, 0.5, 0.5, 0.5],
        [6.5, 5.5, 4.5, 0.5],
        [3.5, 2.5, 1.5, 0.5],
    ]


@pytest.mark.parametrize("seed", SEEDS[:6])
@pytest.mark.parametrize("layers", [1, 2, 3])
def test_no_row_depends_on_one_below(seed: int, layers: int) -> None:
    rng = np.random.default_rng(seed)
    grid = torch.from_numpy(rng.standard_normal((1, 2, 5, 4)))
    kernels = [torch.from_numpy(rng.standard_normal((2, 2, 3, 3))) for _ in range(layers)]

    def stack(grid: Tensor) -> Tensor:
        for kernel in kernels:
            grid = masked_conv(grid, kernel, kernel[:, 0, 0, 0]).tanh()
        return grid

    jacobian = torch.autograd.functional.jacobian(stack, grid)[0, :, :, :, 0]  # (2, 5, 4, 2, 5, 4)
    reached = jacobian.abs().amax(dim=(0, 2, 3, 5)) > 0
    rows = torch.arange(5)
    above = rows.unsqueeze(1) - rows
    assert torch.equal(reached, (above >= 0) & (above <= layers))


def test_the_own_row_is_seen_to_both_sides() -> None:
    grid = torch.zeros(1, 1, 1, 5)
    grid[..., 2] = 1
    weight = torch.ones(1, 1, 3, 3)
    assert masked_conv(grid, weight, torch.zeros(1)).flatten().tolist() == [0, 1, 1, 1, 0]


@pytest.mark.parametrize("seed", SEEDS[:5])
def test_gradients(seed: int) -> None:
    grid, weight, bias = (x.requires_grad_() for x in _drawn(seed))
    assert torch.autograd.gradcheck(masked_conv, (grid, weight, bias))
    (gradient,) = torch.autograd.grad(masked_conv(grid, weight, bias).square().sum(), weight)
    middle = weight.shape[2] // 2
    assert not gradient[:, :, middle + 1 :].any()
    assert gradient[:, :, middle].any()


@pytest.mark.parametrize("kernel", [(2, 3), (3, 2), (2, 2), (4, 1)])
def test_even_kernels(kernel: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="odd"):
        masked_conv(torch.zeros(1, 2, 5, 5), torch.zeros(3, 2, *kernel), torch.zeros(3))


def test_keeps_dtype_and_inputs() -> None:
    for dtype in (torch.float32, torch.float64):
        arguments = [x.to(dtype) for x in _drawn(2)]
        before = [x.clone() for x in arguments]
        assert masked_conv(*arguments).dtype == dtype
        assert all(torch.equal(x, y) for x, y in zip(arguments, before, strict=True))

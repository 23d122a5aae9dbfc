"""The reference against independent oracles; imports nothing of ours but the reference."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from solutions.video.copy_colors.reference import copy_colors

SEEDS = range(20)


def _draw(
    seed: int, dtype: torch.dtype = torch.float64, *, sizes: tuple[int, ...] | None = None
) -> tuple[Tensor, Tensor, tuple[int, int]]:
    """An attention, colours and the target's size; n, c, h, w, h2 and w2 are random unless they are given."""
    rng = np.random.default_rng(seed)
    n, c, h, w, h2, w2 = sizes or (int(size) for size in rng.integers(1, 6, 6))
    weights = np.exp(rng.uniform(0.5, 3) * rng.standard_normal((n, h * w, h2 * w2)))
    weights /= weights.sum(axis=1, keepdims=True)
    colors = rng.standard_normal((n, c, h, w))
    return torch.from_numpy(weights).to(dtype), torch.from_numpy(colors).to(dtype), (h2, w2)


def _loops(attention: Tensor, colors: Tensor, target_size: tuple[int, int]) -> Tensor:
    """Equation 1 of Vondrick et al. 2018, one number at a time, in float64."""
    n, c, h, w = colors.shape
    h2, w2 = target_size
    copied = torch.zeros(n, c, h2, w2, dtype=torch.float64)
    for b in range(n):
        weights = attention[b].tolist()
        for channel in range(c):
            values = colors[b, channel].tolist()
            for j in range(h2 * w2):
                terms = (weights[i][j] * values[i // w][i % w] for i in range(h * w))
                copied[b, channel, j // w2, j % w2] = math.fsum(terms)
    return copied


@pytest.mark.parametrize("seed", SEEDS)
def test_agrees_with_nested_loops(seed: int) -> None:
    attention, colors, size = _draw(seed)
    expected = _loops(attention, colors, size)
    torch.testing.assert_close(copy_colors(attention, colors, size), expected, rtol=1e-12, atol=1e-14)


# n, c, h, w, h2, w2: one of each; one clip; one position in either frame; as many positions in both, in another
# shape; a channel for each of many masks, and more positions than anybody would look at; two long rows.
@pytest.mark.parametrize(
    "sizes",
    [
        (1, 1, 1, 1, 1, 1),
        (1, 3, 2, 3, 3, 4),
        (2, 3, 1, 1, 2, 3),
        (2, 3, 2, 3, 1, 1),
        (2, 3, 2, 6, 4, 3),
        (2, 3, 2, 3, 3, 2),
        (3, 11, 5, 7, 3, 2),
        (1, 2, 1, 17, 1, 19),
    ],
)
def test_special_sizes_agree_with_nested_loops(sizes: tuple[int, ...]) -> None:
    attention, colors, size = _draw(0, sizes=sizes)
    expected = _loops(attention, colors, size)
    torch.testing.assert_close(copy_colors(attention, colors, size), expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_after_a_softmax_it_is_scaled_dot_product_attention(seed: int, dtype: torch.dtype) -> None:
    _, colors, size = _draw(seed, dtype)
    rng = np.random.default_rng(seed)
    positions, channels = colors[0, 0].numel(), 4
    keys, queries = (
        torch.from_numpy(rng.standard_normal((len(colors), count, channels))).to(dtype)
        for count in (positions, math.prod(size))
    )
    attention = torch.softmax(keys @ queries.mT / 0.7, dim=1)
    expected = F.scaled_dot_product_attention(queries, keys, colors.flatten(2).mT, scale=1 / 0.7)
    copied = copy_colors(attention, colors, size)
    assert copied.dtype == dtype
    torch.testing.assert_close(copied, expected.mT.unflatten(2, size))


@pytest.mark.parametrize("seed", SEEDS[:3])
def test_gradients_are_those_of_finite_differences(seed: int) -> None:
    attention, colors, size = _draw(seed)
    inputs = (attention.requires_grad_(), colors.requires_grad_())
    assert torch.autograd.gradcheck(lambda a, c: copy_colors(a, c, size), inputs)


@pytest.mark.parametrize("seed", SEEDS)
def test_gradients_are_those_of_a_bilinear_map(seed: int) -> None:
    """Weights and colours are multiplied and nothing else: each one's gradient is linear in the other."""
    attention, colors, size = _draw(seed)
    inputs = (attention.requires_grad_(), colors.requires_grad_())
    upstream = np.random.default_rng(seed).standard_normal((*colors.shape[:2], *size))
    gradients = torch.autograd.grad((copy_colors(*inputs, size) * torch.from_numpy(upstream)).sum(), inputs)
    flat, weights, values = (
        x.reshape(*x.shape[:2], -1) for x in (upstream, attention.detach().numpy(), colors.detach().numpy())
    )
    expected = np.einsum("nci,ncj->nij", values, flat), np.einsum("nij,ncj->nci", weights, flat)
    torch.testing.assert_close(gradients[0], torch.from_numpy(expected[0]))
    torch.testing.assert_close(gradients[1], torch.from_numpy(expected[1]).view_as(colors))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_permutation_moves_every_color_as_it_is(seed: int) -> None:
    """With one weight of 1 in every column, the target is the reference in another order."""
    rng = np.random.default_rng(seed)
    h, w, h2 = (int(size) for size in rng.integers(2, 5, 3))
    source = rng.integers(0, h * w, h2 * 3)
    attention = torch.eye(h * w, dtype=torch.float64)[:, torch.from_numpy(source)][None]
    colors = torch.from_numpy(rng.standard_normal((1, 3, h, w)))
    expected = colors.numpy().reshape(1, 3, -1)[..., source].reshape(1, 3, h2, 3)
    assert np.array_equal(copy_colors(attention, colors, (h2, 3)).numpy(), expected)


def test_layouts_and_inputs() -> None:
    attention, colors, size = _draw(1, sizes=(2, 3, 4, 2, 3, 5))
    kept = [x.clone() for x in (attention, colors)]
    strided = [attention.mT.contiguous().mT, colors.permute(3, 2, 1, 0).contiguous().permute(3, 2, 1, 0)]
    copied = copy_colors(strided[0], strided[1], size)
    torch.testing.assert_close(copied, _loops(kept[0], kept[1], size))
    torch.testing.assert_close(copied, copy_colors(attention, colors, size))
    assert all(torch.equal(x, y) for x, y in zip((*strided, attention, colors), kept * 2, strict=True))

"""The reference against independent oracles; imports nothing of ours but the reference."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from solutions.video.colorization_attention.reference import colorization_attention

SEEDS = range(20)


def _draw(
    seed: int, dtype: torch.dtype = torch.float64, *, sizes: tuple[int, ...] | None = None
) -> tuple[Tensor, Tensor, float]:
    """Two frames and a temperature; n, d, h, w, h2 and w2 are random unless they are given."""
    rng = np.random.default_rng(seed)
    n, d, h, w, h2, w2 = sizes or (int(size) for size in rng.integers(1, 6, 6))
    reference, target = (
        torch.from_numpy(rng.standard_normal(shape)).to(dtype) for shape in ((n, d, h, w), (n, d, h2, w2))
    )
    return reference, target, float(rng.uniform(0.2, 2.0))


def _loops(reference: Tensor, target: Tensor, temperature: float) -> Tensor:
    """Equation 2 of Vondrick et al. 2018, one number at a time, in float64."""
    n, _, h, w = reference.shape
    h2, w2 = target.shape[2:]
    attention = torch.zeros(n, h * w, h2 * w2, dtype=torch.float64)
    for b in range(n):
        for j in range(h2 * w2):
            scores = []
            for i in range(h * w):
                pairs = zip(
                    reference[b, :, i // w, i % w].tolist(),
                    target[b, :, j // w2, j % w2].tolist(),
                    strict=True,
                )
                scores.append(math.fsum(f * g for f, g in pairs) / temperature)
            weights = [math.exp(score - max(scores)) for score in scores]
            attention[b, :, j] = torch.tensor(weights, dtype=torch.float64) / math.fsum(weights)
    return attention


@pytest.mark.parametrize("seed", SEEDS)
def test_agrees_with_nested_loops(seed: int) -> None:
    reference, target, temperature = _draw(seed)
    attention = colorization_attention(reference, target, temperature)
    torch.testing.assert_close(attention, _loops(reference, target, temperature), rtol=1e-12, atol=1e-14)


# n, d, h, w, h2, w2: one of each; one clip; one position in either frame; more positions than channels.
@pytest.mark.parametrize(
    "sizes",
    [(1, 1, 1, 1, 1, 1), (1, 3, 2, 3, 3, 2), (2, 3, 1, 1, 2, 3), (2, 3, 2, 3, 1, 1), (2, 2, 3, 5, 2, 4)],
)
@pytest.mark.parametrize("temperature", [0.03, 1.0, 4.0])
def test_special_sizes_agree_with_nested_loops(sizes: tuple[int, ...], temperature: float) -> None:
    reference, target, _ = _draw(0, sizes=sizes)
    attention = colorization_attention(reference, target, temperature)
    torch.testing.assert_close(attention, _loops(reference, target, temperature), rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_with_values_it_is_scaled_dot_product_attention(seed: int, dtype: torch.dtype) -> None:
    reference, target, temperature = _draw(seed, dtype)
    values = torch.from_numpy(np.random.default_rng(seed).standard_normal((*reference.shape[:1], 4, 1, 1)))
    values = (values + torch.arange(reference[0, 0].numel()).view(reference.shape[2:])).to(dtype).flatten(2)
    attention = colorization_attention(reference, target, temperature)
    assert attention.dtype == dtype
    queries, keys = target.flatten(2).mT, reference.flatten(2).mT
    expected = F.scaled_dot_product_attention(queries, keys, values.mT, scale=1 / temperature).mT
    torch.testing.assert_close(values @ attention, expected)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_default_temperature_is_one(seed: int) -> None:
    reference, target, _ = _draw(seed)
    by_default = colorization_attention(reference, target)
    assert torch.equal(by_default, colorization_attention(reference, target, 1.0))
    queries, keys = target.flatten(2).mT, reference.flatten(2).mT
    identity = torch.eye(keys.shape[1], dtype=keys.dtype).expand(len(keys), -1, -1)
    expected = F.scaled_dot_product_attention(queries, keys, identity, scale=1.0).mT
    torch.testing.assert_close(by_default, expected)


@pytest.mark.parametrize("seed", SEEDS)
def test_columns_sum_to_one_and_nothing_overflows(seed: int) -> None:
    reference, target, _ = _draw(seed, torch.float32)
    reference, target = ((30 * x).requires_grad_() for x in (reference, target))
    attention = colorization_attention(reference, target, 0.01)
    torch.testing.assert_close(attention.sum(dim=1), torch.ones_like(attention[:, 0]))
    gradients = torch.autograd.grad(attention.square().sum(), (reference, target))
    assert all(bool(gradient.isfinite().all()) for gradient in gradients)


@pytest.mark.parametrize("seed", SEEDS[:6])
@pytest.mark.parametrize("temperature", [0.125, 1.0, 64.0])
def test_large_scores_are_exact_in_float32(seed: int, temperature: float) -> None:
    """Integers over a power of two have no rounding errors, far beyond where exponentials overflow and underflow."""
    reference, target, _ = _draw(seed, torch.float32, sizes=(2, 3, 2, 4, 3, 2))
    reference, target = ((8 * x).round() for x in (reference, target))
    attention = colorization_attention(reference, target, temperature)
    expected = _loops(reference, target, temperature)
    torch.testing.assert_close(attention.double(), expected, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("temperature", [0.01, 1.0, 100.0])
def test_equal_positions_have_equal_shares_in_float32(temperature: float) -> None:
    attention = colorization_attention(torch.ones(2, 3, 2, 4), torch.ones(2, 3, 3, 2), temperature)
    torch.testing.assert_close(attention, torch.full((2, 8, 6), 1 / 8))


@pytest.mark.parametrize("seed", SEEDS[:3])
def test_gradients_are_those_of_finite_differences(seed: int) -> None:
    reference, target, temperature = _draw(seed)
    inputs = tuple(x.requires_grad_() for x in (reference, target))
    assert torch.autograd.gradcheck(lambda f, g: colorization_attention(f, g, temperature), inputs)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_frame_finds_itself(seed: int) -> None:
    rng = np.random.default_rng(seed)
    h, w = (int(size) for size in rng.integers(2, 5, 2))
    # Embeddings that are orthogonal and long: every position resembles itself alone.
    embedding = 100 * torch.eye(h * w, dtype=torch.float64).reshape(1, h * w, h, w)
    expected = torch.eye(h * w, dtype=torch.float64)[None]
    torch.testing.assert_close(colorization_attention(embedding, embedding), expected)


def test_layouts_and_inputs() -> None:
    reference, target, temperature = _draw(1, sizes=(2, 3, 4, 2, 3, 5))
    kept = [x.clone() for x in (reference, target)]
    strided = [x.permute(3, 2, 1, 0).contiguous().permute(3, 2, 1, 0) for x in (reference, target)]
    attention = colorization_attention(strided[0], strided[1], temperature)
    torch.testing.assert_close(attention, _loops(*kept, temperature))
    torch.testing.assert_close(attention, colorization_attention(reference, target, temperature))
    assert all(torch.equal(x, y) for x, y in zip((*strided, reference, target), kept * 2, strict=True))

"""The reference against independent oracles; imports nothing of ours but the reference."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from solutions.video.propagate_labels.reference import propagate_labels

SEEDS = range(12)


def _drawn(seed: int, *sizes: int) -> tuple[Tensor, Tensor, Tensor]:
    """Embeddings of t frames and of one more, and labels, with t, d, c, h and w random unless they are given."""
    rng = np.random.default_rng(seed)
    t, d, c, h, w = sizes or (int(size) for size in rng.integers(1, 6, 5))
    shapes = (t, d, h, w), (d, h, w), (t, c, h, w)
    return tuple(torch.from_numpy(rng.standard_normal(shape)) for shape in shapes)  # type: ignore[return-value]


def _loops(
    references: Tensor, target: Tensor, labels: Tensor, temperature: float, top_k: int, radius: int
) -> Tensor:
    """One number at a time; the chosen positions are the first of a sorted list."""
    t, c, h, w = labels.shape
    frames, queries, values = references.tolist(), target.tolist(), labels.tolist()
    result = torch.zeros(c, h, w, dtype=torch.float64)
    for y in range(h):
        for x in range(w):
            found = []
            for f in range(t):
                for r in range(h):
                    for q in range(w):
                        if abs(r - y) <= radius and abs(q - x) <= radius:
                            channels = zip(frames[f], queries, strict=True)
                            product = math.fsum(a[r][q] * b[y][x] for a, b in channels)
                            found.append((product / temperature, f, r, q))
            chosen = sorted(found, reverse=True)[:top_k]
            powers = [math.exp(score - chosen[0][0]) for score, *_ in chosen]
            for channel in range(c):
                terms = [
                    power * values[f][channel][r][q]
                    for power, (_, f, r, q) in zip(powers, chosen, strict=True)
                ]
                result[channel, y, x] = math.fsum(terms) / math.fsum(powers)
    return result


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("top_k", "radius"), [(1, 1), (3, 0), (4, 1), (5, 2), (1000, 1), (2, 1000)])
def test_agrees_with_loops(seed: int, top_k: int, radius: int) -> None:
    drawn = _drawn(seed)
    expected = _loops(*drawn, 0.7, top_k, radius)
    torch.testing.assert_close(propagate_labels(*drawn, 0.7, top_k, radius), expected, rtol=1e-11, atol=1e-13)


# t, d, c, h, w: a single position, one row, one column, many frames, as many channels as labels.
@pytest.mark.parametrize(
    "sizes", [(1, 1, 1, 1, 1), (2, 3, 2, 1, 9), (3, 2, 4, 8, 1), (7, 2, 3, 3, 2), (2, 4, 4, 3, 5)]
)
def test_special_sizes(sizes: tuple[int, ...]) -> None:
    drawn = _drawn(1, *sizes)
    for top_k, radius in ((2, 1), (9, 3)):
        expected = _loops(*drawn, 1.3, top_k, radius)
        torch.testing.assert_close(propagate_labels(*drawn, 1.3, top_k, radius), expected)


def test_by_hand() -> None:
    # A window of one: each position copies the better of the two frames' labels at its own place.
    references = torch.tensor([[[[1.0, -1.0]]], [[[0.0, 2.0]]]])
    target = torch.tensor([[[1.0, 1.0]]])
    labels = torch.tensor([[[[10.0, 20.0]]], [[[30.0, 40.0]]]])
    assert propagate_labels(references, target, labels, 1.0, 1, 0).tolist() == [[[10.0, 40.0]]]
    both = propagate_labels(references, target, labels, 1.0, 2, 0)
    share = 1 / (1 + math.exp(-1))
    assert both[0, 0, 0].item() == pytest.approx(10 * share + 30 * (1 - share), rel=1e-6)


@pytest.mark.parametrize("seed", SEEDS)
def test_without_window_and_choice_it_is_attention_over_all_frames(seed: int) -> None:
    references, target, labels = _drawn(seed)
    d, h, w = target.shape
    queries, keys, values = (
        x.reshape(x.shape[0], -1).T if x.dim() == 3 else x.permute(0, 2, 3, 1).reshape(-1, x.shape[1])
        for x in (target, references, labels)
    )
    # With as high a temperature as this, its scale of 1 / sqrt(d) is the division by the temperature.
    expected = torch.nn.functional.scaled_dot_product_attention(queries[None], keys[None], values[None])[0]
    found = propagate_labels(references, target, labels, math.sqrt(d), 10_000, 100)
    torch.testing.assert_close(found, expected.T.unflatten(1, (h, w)))


@pytest.mark.parametrize("seed", SEEDS)
def test_labels_get_gradients(seed: int) -> None:
    references, target, labels = _drawn(seed)
    labels.requires_grad_()
    assert torch.autograd.gradcheck(lambda x: propagate_labels(references, target, x, 0.9, 3, 1), (labels,))


def test_scores_far_from_zero() -> None:
    references, target, labels = (x.float() for x in _drawn(5, 2, 3, 2, 4, 5))
    for size in (300.0, -300.0):
        large = torch.cat([torch.full((2, 1, 4, 5), size), references], dim=1)
        query = torch.cat([torch.full((1, 4, 5), 3.0), target])
        found = propagate_labels(large, query, labels, 0.05, 4, 1)
        assert found.isfinite().all()
        # The chosen labels' mean lies between the smallest and the largest of them.
        assert found.min() >= labels.min() - 1e-6
        assert found.max() <= labels.max() + 1e-6


@pytest.mark.parametrize(("top_k", "radius"), [(0, 1), (-3, 1), (1, -1), (0, -1)])
def test_refused(top_k: int, radius: int) -> None:
    with pytest.raises(ValueError, match="top_k is at least 1"):
        propagate_labels(*_drawn(0), 1.0, top_k, radius)


def test_a_small_window_is_all_that_is_built() -> None:
    # 64 x 64 positions, 4 frames: all pairs would be 4 * 4096 ** 2 numbers. The largest tensor that is made is smaller
    # than one number for each place of each window.
    references, target, labels = (x.float() for x in _drawn(0, 4, 8, 3, 64, 64))
    radius, largest = 6, 0

    class Sizes(torch.utils._python_dispatch.TorchDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
            nonlocal largest
            result = func(*args, **(kwargs or {}))
            for tensor in result if isinstance(result, tuple | list) else (result,):
                if isinstance(tensor, Tensor):
                    largest = max(largest, tensor.numel())
            return result

    with Sizes():
        propagate_labels(references, target, labels, 0.05, 10, radius)
    assert largest <= 4 * (2 * radius + 1) ** 2 * 64 * 64

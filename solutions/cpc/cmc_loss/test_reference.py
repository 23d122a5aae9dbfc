"""The reference against independent oracles; imports nothing of ours but the reference."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from solutions.cpc.cmc_loss.reference import cmc_loss

SEEDS = range(12)


def draw(seed: int, dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor, float]:
    """Two views of one random shape, of all lengths, and a temperature."""
    rng = np.random.default_rng(seed)
    n, d = rng.integers(2, 12), rng.integers(2, 9)
    first, second = (rng.standard_normal((n, d)) * rng.uniform(0.2, 4, (n, 1)) for _ in range(2))
    return torch.from_numpy(first).to(dtype), torch.from_numpy(second).to(dtype), float(rng.uniform(0.1, 1.5))


def loops(first: Tensor, second: Tensor, temperature: float) -> float:
    """One anchor and one candidate at a time, in plain Python floats."""
    views = first.tolist(), second.tolist()

    def cosine(x: list[float], y: list[float]) -> float:
        dot = math.fsum(a * b for a, b in zip(x, y, strict=True))
        return dot / math.sqrt(math.fsum(a * a for a in x)) / math.sqrt(math.fsum(b * b for b in y))

    total = 0.0
    for anchors, candidates in (views, views[::-1]):
        losses = []
        for i, anchor in enumerate(anchors):
            scores = [cosine(anchor, candidate) / temperature for candidate in candidates]
            top = max(scores)
            below = top + math.log(math.fsum(math.exp(score - top) for score in scores))
            losses.append(below - scores[i])
        total += math.fsum(losses) / len(losses)
    return total


def by_cross_entropy(first: Tensor, second: Tensor, temperature: float) -> Tensor:
    """The cosines of torch, and `F.cross_entropy` once for each direction."""
    scores = F.cosine_similarity(first[:, None], second[None], dim=2) / temperature
    labels = torch.arange(len(first))
    return F.cross_entropy(scores, labels) + F.cross_entropy(scores.T, labels)


@pytest.mark.parametrize("seed", SEEDS)
def test_equals_nested_loops(seed: int) -> None:
    first, second, temperature = draw(seed)
    expected = loops(first, second, temperature)
    assert cmc_loss(first, second, temperature).item() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("temperature", [0.02, 0.07, 1.0, 2.5, 10.0])
def test_equals_nested_loops_at_any_temperature(temperature: float) -> None:
    first, second, _ = draw(2)
    expected = loops(first, second, temperature)
    assert cmc_loss(first, second, temperature).item() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_equals_cross_entropy_with_its_gradients(seed: int) -> None:
    first, second, temperature = draw(seed)
    ours, theirs = ([z.clone().requires_grad_() for z in (first, second)] for _ in range(2))
    loss, expected = cmc_loss(*ours, temperature), by_cross_entropy(*theirs, temperature)
    torch.testing.assert_close(loss, expected, rtol=1e-12, atol=1e-12)
    for gradient, wanted in zip(
        torch.autograd.grad(loss, ours), torch.autograd.grad(expected, theirs), strict=True
    ):
        torch.testing.assert_close(gradient, wanted, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_is_twice_the_loss_of_open_clip(seed: int) -> None:
    open_clip = pytest.importorskip("open_clip", reason="open_clip is an extra of the developers")
    first, second, temperature = draw(seed)
    theirs = open_clip.ClipLoss()(
        F.normalize(first), F.normalize(second), torch.tensor(1 / temperature).double()
    )
    # Their scale is a tensor, and was a float32 on its way.
    torch.testing.assert_close(cmc_loss(first, second, temperature), 2 * theirs, rtol=1e-6, atol=1e-6)


def test_gradients_equal_finite_differences() -> None:
    first, second, temperature = draw(1)
    leaves = first.requires_grad_(), second.requires_grad_()
    assert torch.autograd.gradcheck(lambda a, b: cmc_loss(a, b, temperature), leaves)


@pytest.mark.parametrize("n", [1, 2, 7])
def test_equal_vectors_leave_a_guess_in_both_directions(n: int) -> None:
    z = torch.tensor([[0.3, -1.2, 2.0]], dtype=torch.float64).expand(n, 3)
    assert cmc_loss(z, 2 * z, 0.3).item() == pytest.approx(2 * math.log(n), abs=1e-12)


def test_directions_that_differ() -> None:
    # The second view cannot be told apart by the first; both vectors of the second look like the first of the first.
    first = torch.tensor([[1.0, 0.0], [0.0, 1.0]], dtype=torch.float64)
    second = torch.tensor([[1.0, 0.0], [1.0, 0.0]], dtype=torch.float64)
    expected = math.log(2) + (math.log(1 + math.exp(-1)) + math.log(1 + math.exp(1))) / 2
    assert cmc_loss(first, second, 1.0).item() == pytest.approx(expected, abs=1e-12)


def test_symmetric_in_the_views_and_in_the_items() -> None:
    first, second, temperature = draw(3)
    loss = cmc_loss(first, second, temperature)
    order = torch.from_numpy(np.random.default_rng(0).permutation(len(first)))
    torch.testing.assert_close(cmc_loss(second, first, temperature), loss)
    torch.testing.assert_close(cmc_loss(first[order], second[order], temperature), loss)


def test_lengths_do_not_matter() -> None:
    first, second, temperature = draw(4)
    torch.testing.assert_close(
        cmc_loss(100 * first, 0.01 * second, temperature), cmc_loss(first, second, temperature)
    )


def test_vectors_of_one_view_never_meet() -> None:
    # A turn of the features of both views moves no cosine between them, and one of a single view does.
    first, second, temperature = draw(5)
    turn = torch.linalg.qr(torch.randn(first.shape[1], first.shape[1], dtype=torch.float64))[0]
    loss = cmc_loss(first, second, temperature)
    torch.testing.assert_close(cmc_loss(first @ turn, second @ turn, temperature), loss)
    assert abs(cmc_loss(first, second @ turn, temperature) - loss) > 1e-3


@pytest.mark.parametrize("seed", SEEDS)
def test_finite_and_right_in_float32_at_a_low_temperature(seed: int) -> None:
    first, second, _ = draw(seed, torch.float32)
    second = first + 0.3 * second  # cosines near 1 make exponents near 100
    first.requires_grad_()
    loss = cmc_loss(first, second, 0.01)
    (gradient,) = torch.autograd.grad(loss, first)
    assert gradient.isfinite().all()
    exact = loops(F.normalize(first.detach().double()), F.normalize(second.double()), 0.01)
    # A cosine is right to about 2e-7, a hundredfold of which is what is asked of the loss.
    assert loss.item() == pytest.approx(exact, abs=1e-4)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_keeps_the_dtype_and_the_inputs_in_any_layout(dtype: torch.dtype) -> None:
    first, second, temperature = draw(6, dtype)
    before = first.clone(), second.clone()
    loss = cmc_loss(first, second, temperature)
    assert loss.dtype == dtype
    assert loss.shape == ()
    assert torch.equal(first, before[0])
    assert torch.equal(second, before[1])
    other = (z.T.contiguous().T for z in (first, second))
    torch.testing.assert_close(cmc_loss(*other, temperature), loss)

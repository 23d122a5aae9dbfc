"""The reference against independent oracles; imports nothing of ours but the reference."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from solutions.simclr.nt_xent.reference import nt_xent

SEEDS = range(12)


def draw(seed: int, dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor, float]:
    """Two batches of projections of one random shape, of all lengths, and a temperature."""
    rng = np.random.default_rng(seed)
    n, d = rng.integers(2, 12), rng.integers(2, 9)
    z_i, z_j = (rng.standard_normal((n, d)) * rng.uniform(0.2, 4, (n, 1)) for _ in range(2))
    return torch.from_numpy(z_i).to(dtype), torch.from_numpy(z_j).to(dtype), float(rng.uniform(0.1, 1.5))


def nt_xent_loop(z_i: Tensor, z_j: Tensor, temperature: float) -> Tensor:
    r"""NT-Xent one anchor at a time, with gradients (Chen et al. 2020, equation 1 and algorithm 1).

    The 2n projections are z_1, z_2, ..., where z_{2k-1} and z_{2k} are the two views of image k. With the cosine
    similarity s(a, b), the loss of the positive pair (a, b) is

        l(a, b) = -log( exp(s(a, b) / T) / sum over c != a of exp(s(a, c) / T) )

    and the result is the mean of l over both orders of every pair.
    """
    views = [view for pair in zip(z_i, z_j, strict=True) for view in pair]

    def pair_loss(anchor: int, positive: int) -> Tensor:
        others = [k for k in range(len(views)) if k != anchor]
        logits = torch.stack(
            [F.cosine_similarity(views[anchor], views[k], dim=0) / temperature for k in others]
        )
        return torch.logsumexp(logits, dim=0) - logits[others.index(positive)]

    losses = []
    for k in range(len(z_i)):
        first, second = 2 * k, 2 * k + 1
        losses.append(pair_loss(first, second))
        losses.append(pair_loss(second, first))
    return torch.stack(losses).mean()


def paper(z_i: Tensor, z_j: Tensor, temperature: float) -> float:
    """The same in plain Python floats, with the paper's numbering of the views from 1."""
    z: dict[int, list[float]] = {}
    for k in range(1, len(z_i) + 1):
        z[2 * k - 1], z[2 * k] = z_i[k - 1].tolist(), z_j[k - 1].tolist()

    def s(a: int, b: int) -> float:
        dot = sum(x * y for x, y in zip(z[a], z[b], strict=True))
        return dot / math.sqrt(sum(x * x for x in z[a])) / math.sqrt(sum(y * y for y in z[b]))

    def loss(a: int, b: int) -> float:
        denominator = sum(math.exp(s(a, k) / temperature) for k in z if k != a)
        return -math.log(math.exp(s(a, b) / temperature) / denominator)

    n = len(z_i)
    return sum(loss(2 * k - 1, 2 * k) + loss(2 * k, 2 * k - 1) for k in range(1, n + 1)) / (2 * n)


@pytest.mark.parametrize("seed", SEEDS)
def test_equals_the_paper_in_plain_floats(seed: int) -> None:
    z_i, z_j, temperature = draw(seed)
    expected = paper(z_i, z_j, temperature)
    assert nt_xent(z_i, z_j, temperature).item() == pytest.approx(expected, rel=1e-12)
    assert nt_xent_loop(z_i, z_j, temperature).item() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("temperature", [0.02, 0.07, 1.0, 2.5, 10.0])
def test_equals_the_paper_at_any_temperature(temperature: float) -> None:
    z_i, z_j, _ = draw(2)
    expected = paper(z_i, z_j, temperature)
    assert nt_xent(z_i, z_j, temperature).item() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_equals_lightly_with_its_gradients(seed: int) -> None:
    lightly = pytest.importorskip("lightly.loss", reason="lightly is an extra of the developers")
    z_i, z_j, temperature = draw(seed)
    ours, theirs = ([z.clone().requires_grad_() for z in (z_i, z_j)] for _ in range(2))
    loss, expected = nt_xent(*ours, temperature), lightly.NTXentLoss(temperature)(*theirs)
    # lightly masks in a way of its own, and normalises with the same eps: only the order of summation differs.
    torch.testing.assert_close(loss, expected, rtol=1e-10, atol=1e-12)
    for gradient, wanted in zip(
        torch.autograd.grad(loss, ours), torch.autograd.grad(expected, theirs), strict=True
    ):
        torch.testing.assert_close(gradient, wanted, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("seed", SEEDS[:2])
def test_gradients_equal_finite_differences(seed: int) -> None:
    z_i, z_j, temperature = draw(seed)
    assert torch.autograd.gradcheck(
        lambda a, b: nt_xent(a, b, temperature), (z_i.requires_grad_(), z_j.requires_grad_())
    )


@pytest.mark.parametrize("seed", SEEDS[:4])
def test_gradients_equal_the_loops(seed: int) -> None:
    z_i, z_j, temperature = draw(seed)
    z_i.requires_grad_()
    z_j.requires_grad_()
    batch = torch.autograd.grad(nt_xent(z_i, z_j, temperature), (z_i, z_j))
    loop = torch.autograd.grad(nt_xent_loop(z_i, z_j, temperature), (z_i, z_j))
    for left, right in zip(batch, loop, strict=True):
        torch.testing.assert_close(left, right, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("n", [1, 2, 7])
def test_equal_vectors_leave_a_guess_among_all_others(n: int) -> None:
    z = torch.tensor([[0.3, -1.2, 2.0]], dtype=torch.float64).expand(n, 3)
    assert nt_xent(z, 2 * z, 0.3).item() == pytest.approx(math.log(2 * n - 1), abs=1e-12)


def test_symmetric_in_the_views_and_in_the_images() -> None:
    z_i, z_j, temperature = draw(3)
    loss = nt_xent(z_i, z_j, temperature)
    order = torch.from_numpy(np.random.default_rng(0).permutation(len(z_i)))
    torch.testing.assert_close(nt_xent(z_j, z_i, temperature), loss)
    torch.testing.assert_close(nt_xent(z_i[order], z_j[order], temperature), loss)


def test_lengths_do_not_matter() -> None:
    z_i, z_j, temperature = draw(4)
    torch.testing.assert_close(nt_xent(100 * z_i, 0.01 * z_j, temperature), nt_xent(z_i, z_j, temperature))


@pytest.mark.parametrize("seed", SEEDS)
def test_finite_and_right_in_float32_at_a_low_temperature(seed: int) -> None:
    z_i, z_j, _ = draw(seed, torch.float32)
    z_j = z_i + 0.3 * z_j  # cosines near 1 make exponents near 100
    z_i.requires_grad_()
    loss = nt_xent(z_i, z_j, 0.01)
    (gradient,) = torch.autograd.grad(loss, z_i)
    assert gradient.isfinite().all()
    exact = paper(F.normalize(z_i.detach().double()), F.normalize(z_j.double()), 0.01)
    # A cosine is right to about 2e-7, a hundredfold of which is what is asked of the loss.
    assert loss.item() == pytest.approx(exact, abs=1e-4)


def test_one_pair_has_nothing_to_confuse() -> None:
    z_i, z_j, temperature = draw(5)
    assert nt_xent(z_i[:1], z_j[:1], temperature).item() == 0


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_keeps_the_dtype_and_the_inputs(dtype: torch.dtype) -> None:
    z_i, z_j, temperature = draw(6, dtype)
    before = z_i.clone(), z_j.clone()
    loss = nt_xent(z_i, z_j, temperature)
    assert loss.dtype == dtype
    assert loss.shape == ()
    assert torch.equal(z_i, before[0])
    assert torch.equal(z_j, before[1])
    assert not z_i.requires_grad
    assert not z_j.requires_grad
    assert torch.equal(nt_xent(z_i, z_j, temperature), loss)


def test_any_layout() -> None:
    z_i, z_j, temperature = draw(7)
    a, b = (z.T.contiguous().T for z in (z_i, z_j))
    expected = paper(z_i, z_j, temperature)
    assert nt_xent(a, b, temperature).item() == pytest.approx(expected, rel=1e-12)

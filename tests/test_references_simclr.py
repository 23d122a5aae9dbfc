"""The references of the unit *simclr* against oracles that share no code with them."""

import math
import re

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from solutions.simclr.reference import nt_xent, nt_xent_loop
from torch import Tensor

from autograder.course.units import load_unit
from tests.support import ROOT

SEEDS = range(12)


def draw(seed: int, dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor, float]:
    """Two batches of projections of one random shape, of all lengths, and a temperature."""
    rng = np.random.default_rng(seed)
    n, d = rng.integers(2, 12), rng.integers(2, 9)
    z_i, z_j = (rng.standard_normal((n, d)) * rng.uniform(0.2, 4, (n, 1)) for _ in range(2))
    return torch.from_numpy(z_i).to(dtype), torch.from_numpy(z_j).to(dtype), float(rng.uniform(0.1, 1.5))


def paper(z_i: Tensor, z_j: Tensor, temperature: float) -> float:
    """Equation 1 and algorithm 1 in plain Python floats, with the paper's numbering of the views from 1."""
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


@pytest.mark.parametrize("function", [nt_xent, nt_xent_loop])
@pytest.mark.parametrize("seed", SEEDS)
def test_equals_the_paper_in_plain_floats(function, seed):
    z_i, z_j, temperature = draw(seed)
    assert function(z_i, z_j, temperature).item() == pytest.approx(paper(z_i, z_j, temperature), rel=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_equals_lightly_with_its_gradients(seed):
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
def test_gradients_equal_finite_differences(seed):
    z_i, z_j, temperature = draw(seed)
    assert torch.autograd.gradcheck(
        lambda a, b: nt_xent(a, b, temperature), (z_i.requires_grad_(), z_j.requires_grad_())
    )


@pytest.mark.parametrize("seed", SEEDS[:4])
def test_loop_and_batch_have_the_same_gradients(seed):
    z_i, z_j, temperature = draw(seed)
    z_i.requires_grad_()
    z_j.requires_grad_()
    batch = torch.autograd.grad(nt_xent(z_i, z_j, temperature), (z_i, z_j))
    loop = torch.autograd.grad(nt_xent_loop(z_i, z_j, temperature), (z_i, z_j))
    for left, right in zip(batch, loop, strict=True):
        torch.testing.assert_close(left, right, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("n", [1, 2, 7])
def test_equal_vectors_leave_a_guess_among_all_others(n):
    z = torch.tensor([[0.3, -1.2, 2.0]], dtype=torch.float64).expand(n, 3)
    assert nt_xent(z, 2 * z, 0.3).item() == pytest.approx(math.log(2 * n - 1), abs=1e-12)


def test_symmetric_in_the_views_and_in_the_images():
    z_i, z_j, temperature = draw(3)
    loss = nt_xent(z_i, z_j, temperature)
    order = torch.from_numpy(np.random.default_rng(0).permutation(len(z_i)))
    torch.testing.assert_close(nt_xent(z_j, z_i, temperature), loss)
    torch.testing.assert_close(nt_xent(z_i[order], z_j[order], temperature), loss)


def test_lengths_do_not_matter():
    z_i, z_j, temperature = draw(4)
    torch.testing.assert_close(nt_xent(100 * z_i, 0.01 * z_j, temperature), nt_xent(z_i, z_j, temperature))


@pytest.mark.parametrize("seed", SEEDS)
def test_finite_and_right_in_float32_at_a_low_temperature(seed):
    z_i, z_j, _ = draw(seed, torch.float32)
    z_j = z_i + 0.3 * z_j  # cosines near 1 make exponents near 100
    z_i.requires_grad_()
    loss = nt_xent(z_i, z_j, 0.01)
    (gradient,) = torch.autograd.grad(loss, z_i)
    assert gradient.isfinite().all()
    exact = paper(F.normalize(z_i.detach().double()), F.normalize(z_j.double()), 0.01)
    # A cosine is right to about 2e-7, a hundredfold of which is what is asked of the loss.
    assert loss.item() == pytest.approx(exact, abs=1e-4)


def test_one_pair_has_nothing_to_confuse():
    z_i, z_j, temperature = draw(5)
    assert nt_xent(z_i[:1], z_j[:1], temperature).item() == 0


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_keeps_the_dtype_and_the_inputs(dtype):
    z_i, z_j, temperature = draw(6, dtype)
    before = z_i.clone(), z_j.clone()
    loss = nt_xent(z_i, z_j, temperature)
    assert loss.dtype == dtype
    assert loss.shape == ()
    assert torch.equal(z_i, before[0])
    assert torch.equal(z_j, before[1])


def test_values_of_wrong_versions_in_the_notebook():
    """The notebook shows what the bank's misconceptions give on one input: numbers only, and these must be right."""
    rng = np.random.default_rng(2020)
    z_i = rng.standard_normal((8, 16))
    z_j = z_i + 1.5 * rng.standard_normal((8, 16))
    views = torch.from_numpy(z_i), torch.from_numpy(z_j)
    bank = load_unit(ROOT, "simclr").exercises["simclr.nt_xent"].misconceptions
    results = [item.function(views[0].clone(), views[1].clone(), 0.5) for item in bank]
    values = [float(value) for value in results if torch.as_tensor(value).numel() == 1]
    right = nt_xent(*views, 0.5).item()
    text = (ROOT / "solutions/simclr/notebook.md").read_text(encoding="utf-8")
    listed = re.search(r"^wrong = \[(.*)\]$", text, re.MULTILINE)
    assert listed is not None
    shown = [float(number) for number in listed[1].split(",")]
    for number in shown:
        assert any(number == pytest.approx(value, abs=0.0051) for value in values), number
        assert number != pytest.approx(right, abs=0.0051)
    assert "sixteen wrong versions" in text
    assert len(shown) == 16

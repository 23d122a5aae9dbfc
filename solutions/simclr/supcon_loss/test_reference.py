"""The reference against independent oracles; imports nothing of ours but the reference."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from solutions.simclr.supcon_loss.reference import supcon_loss

SEEDS = range(16)


def draw(seed: int, dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor, float]:
    """Rows of all lengths, labels with classes of any size from one on, and a temperature."""
    rng = np.random.default_rng(seed)
    n, d = rng.integers(3, 12), rng.integers(2, 9)
    z = torch.from_numpy(rng.standard_normal((n, d)) * rng.uniform(0.2, 4, (n, 1))).to(dtype)
    return z, torch.from_numpy(rng.integers(0, 4, n)), float(rng.uniform(0.1, 1.5))


def paper(z: Tensor, labels: Tensor, temperature: float) -> float:
    """Equation 2 in plain Python floats, averaged over the anchors that have a positive."""
    rows, classes = z.tolist(), labels.tolist()

    def score(a: int, b: int) -> float:
        dot = math.fsum(x * y for x, y in zip(rows[a], rows[b], strict=True))
        return dot / math.hypot(*rows[a]) / math.hypot(*rows[b]) / temperature

    losses = []
    for i, label in enumerate(classes):
        others = [a for a in range(len(rows)) if a != i]
        positives = [p for p in others if classes[p] == label]
        if positives:
            top = max(score(i, a) for a in others)
            below = top + math.log(math.fsum(math.exp(score(i, a) - top) for a in others))
            losses.append(math.fsum(below - score(i, p) for p in positives) / len(positives))
    return math.fsum(losses) / len(losses) if losses else 0.0


@pytest.mark.parametrize("seed", SEEDS)
def test_equals_the_paper_in_plain_floats(seed: int) -> None:
    arguments = draw(seed)
    assert supcon_loss(*arguments).item() == pytest.approx(paper(*arguments), rel=1e-12)


@pytest.mark.parametrize("temperature", [0.01, 0.07, 1.0, 10.0])
def test_equals_the_paper_at_any_temperature(temperature: float) -> None:
    z, labels, _ = draw(2)
    expected = paper(z, labels, temperature)
    assert supcon_loss(z, labels, temperature).item() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_equals_pytorch_metric_learning(seed: int) -> None:
    losses = pytest.importorskip(
        "pytorch_metric_learning.losses", reason="pytorch-metric-learning is not installed"
    )
    z, labels, temperature = draw(seed)
    expected = losses.SupConLoss(temperature=temperature)(z, labels)
    torch.testing.assert_close(supcon_loss(z, labels, temperature), expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("seed", SEEDS[:6])
def test_pairs_are_a_cross_entropy(seed: int) -> None:
    """With one positive for each anchor it is the cross-entropy of finding it: NT-Xent."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 8))
    z, labels = torch.from_numpy(rng.standard_normal((2 * n, 5))), torch.arange(n).repeat(2)
    unit = z / z.norm(dim=1, keepdim=True)
    others = [[a for a in range(2 * n) if a != i] for i in range(2 * n)]
    scores = torch.stack([unit[row] @ unit[i] for i, row in enumerate(others)]) / 0.3
    target = torch.tensor([row.index((i + n) % (2 * n)) for i, row in enumerate(others)])
    torch.testing.assert_close(supcon_loss(z, labels, 0.3), F.cross_entropy(scores, target))


def test_worked_out_by_hand() -> None:
    """Two equal rows and one at a right angle to them: the share of the positive is e / (e + 1)."""
    z = torch.tensor([[2.0, 0.0], [0.5, 0.0], [0.0, 1.0]])
    expected = math.log(1 + math.exp(-1))
    assert supcon_loss(z, torch.tensor([3, 3, 1]), 1.0).item() == pytest.approx(expected)


@pytest.mark.parametrize("n", [2, 3, 7])
def test_equal_rows_of_one_class_leave_a_guess(n: int) -> None:
    z = torch.tensor([[0.3, -1.2, 2.0]], dtype=torch.float64).expand(n, 3)
    assert supcon_loss(z, torch.zeros(n, dtype=torch.int64), 0.2).item() == pytest.approx(math.log(n - 1))


@pytest.mark.parametrize("labels", [[5], [3, 1], [4, 0, 9, 2]])
def test_zero_with_zero_gradients_if_nobody_has_a_positive(labels: list[int]) -> None:
    rng = np.random.default_rng(len(labels))
    z = torch.from_numpy(rng.standard_normal((len(labels), 3))).requires_grad_()
    loss = supcon_loss(z, torch.tensor(labels), 0.5)
    assert loss.item() == 0
    assert not torch.autograd.grad(loss, z)[0].any()


def test_a_lonely_row_is_a_candidate_and_no_anchor() -> None:
    z, labels, temperature = draw(0)
    z, labels = z[:5], torch.tensor([0, 0, 1, 1, 1])
    lonely = torch.cat([z, 0.5 * z[:1]]), torch.cat([labels, torch.tensor([2])])
    losses = [paper(*lonely, temperature), paper(z, labels, temperature)]
    assert losses[0] > losses[1]
    assert supcon_loss(*lonely, temperature).item() == pytest.approx(losses[0], rel=1e-12)


@pytest.mark.parametrize("seed", SEEDS[:4])
def test_gradients_equal_finite_differences(seed: int) -> None:
    z, labels, temperature = draw(seed)
    assert torch.autograd.gradcheck(lambda rows: supcon_loss(rows, labels, temperature), z.requires_grad_())


@pytest.mark.parametrize("noise", [0.1, 5.0])
@pytest.mark.parametrize("seed", SEEDS[:6])
def test_finite_and_right_in_float32_at_a_low_temperature(seed: int, noise: float) -> None:
    rng = np.random.default_rng(seed)
    z = torch.from_numpy(np.ones((1, 8)) + noise * rng.standard_normal((5, 8))).float().requires_grad_()
    labels = torch.tensor([0, 1, 0, 1, 0])
    loss = supcon_loss(z, labels, 0.01)
    assert torch.autograd.grad(loss, z)[0].isfinite().all()
    # A cosine is right to about 2e-7, a hundredfold of which is what is asked of the loss.
    assert loss.item() == pytest.approx(paper(z.detach(), labels, 0.01), abs=1e-4)


def test_finite_where_all_rows_look_away_from_each_other() -> None:
    """An anchor's own score is 133 above all others, and exp(-133) is zero in float32."""
    z = (torch.eye(4) - 0.25).requires_grad_()
    loss = supcon_loss(z, torch.tensor([0, 0, 1, 1]), 0.01)
    assert torch.autograd.grad(loss, z)[0].isfinite().all()
    assert loss.item() == pytest.approx(math.log(3), rel=1e-4)


def test_neither_lengths_nor_names_of_classes_matter() -> None:
    z, labels, temperature = draw(4)
    loss = supcon_loss(z, labels, temperature)
    torch.testing.assert_close(supcon_loss(100 * z, labels, temperature), loss)
    torch.testing.assert_close(supcon_loss(z, 1000 - 7 * labels, temperature), loss)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_keeps_the_dtype_and_the_inputs(dtype: torch.dtype) -> None:
    z, labels, temperature = draw(6, dtype)
    before = z.clone(), labels.clone()
    loss = supcon_loss(z, labels, temperature)
    assert (loss.dtype, loss.shape) == (dtype, ())
    assert torch.equal(z, before[0])
    assert torch.equal(labels, before[1])
    torch.testing.assert_close(supcon_loss(z.T.contiguous().T, labels, temperature), loss)

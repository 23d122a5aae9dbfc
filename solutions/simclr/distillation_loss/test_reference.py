"""The reference against independent oracles; imports nothing of ours but the reference."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from solutions.simclr.distillation_loss.reference import distillation_loss

SEEDS = range(16)


def draw(seed: int) -> tuple[Tensor, Tensor, float]:
    rng = np.random.default_rng(seed)
    shape = tuple(int(size) for size in rng.integers(1, 9, 2))
    student, teacher = (torch.from_numpy(3 * rng.standard_normal(shape)) for _ in range(2))
    return student, teacher, float(rng.uniform(0.3, 4))


def by_loops(student: Tensor, teacher: Tensor, temperature: float) -> float:
    """The formula in Python's floats."""

    def log_softmax(row: list[float]) -> list[float]:
        top = max(row) / temperature
        below = top + math.log(math.fsum(math.exp(x / temperature - top) for x in row))
        return [x / temperature - below for x in row]

    losses = [
        -math.fsum(math.exp(p) * q for p, q in zip(log_softmax(t), log_softmax(s), strict=True))
        for s, t in zip(student.tolist(), teacher.tolist(), strict=True)
    ]
    return math.fsum(losses) / len(losses)


@pytest.mark.parametrize("seed", SEEDS)
def test_agrees_with_loops(seed: int) -> None:
    arguments = draw(seed)
    assert distillation_loss(*arguments).item() == pytest.approx(by_loops(*arguments), rel=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_is_the_divergence_and_the_entropy(seed: int) -> None:
    student, teacher, temperature = draw(seed)
    labels = (teacher / temperature).softmax(dim=1)
    divergence = F.kl_div((student / temperature).log_softmax(dim=1), labels, reduction="batchmean")
    entropy = torch.distributions.Categorical(probs=labels).entropy().mean()
    torch.testing.assert_close(distillation_loss(student, teacher, temperature), divergence + entropy)


@pytest.mark.parametrize("classes", [2, 4, 9])
def test_a_guess_costs_the_logarithm(classes: int) -> None:
    teacher = torch.arange(3.0 * classes).reshape(3, classes)
    loss = distillation_loss(torch.full((3, classes), 7.0), teacher, 0.7)
    assert loss.item() == pytest.approx(math.log(classes), rel=1e-6)


def test_worked_out_by_hand() -> None:
    """At T = 2 the teacher's shares are 3/4 and 1/4, the student's 1/3 and 2/3."""
    teacher, student = 2 * torch.tensor([[3.0, 1.0]]).log(), 2 * torch.tensor([[5.0, 10.0]]).log()
    expected = 0.75 * math.log(3) + 0.25 * math.log(1.5)
    assert distillation_loss(student, teacher, 2.0).item() == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("seed", SEEDS[:6])
def test_gradient_is_the_difference_of_the_probabilities(seed: int) -> None:
    student, teacher, temperature = draw(seed)
    student.requires_grad_()
    teacher.requires_grad_()
    loss = distillation_loss(student, teacher, temperature)
    got, none = torch.autograd.grad(loss, (student, teacher), allow_unused=True)
    difference = (student / temperature).softmax(dim=1) - (teacher / temperature).softmax(dim=1)
    torch.testing.assert_close(got, difference.detach() / temperature / len(student))
    assert none is None or not none.any()
    assert teacher.requires_grad


@pytest.mark.parametrize("seed", SEEDS[:6])
def test_finite_and_right_in_float32_for_large_logits(seed: int) -> None:
    rng = np.random.default_rng(seed)
    student, teacher = (torch.from_numpy(rng.uniform(-200, 200, (4, 5))).float() for _ in range(2))
    student.requires_grad_()
    loss = distillation_loss(student, teacher, 0.5)
    assert torch.autograd.grad(loss, student)[0].isfinite().all()
    assert loss.item() == pytest.approx(by_loops(student.detach(), teacher, 0.5), rel=1e-5)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_keeps_the_dtype_and_the_logits(dtype: torch.dtype) -> None:
    student, teacher = (logits.to(dtype) for logits in draw(3)[:2])
    before = student.clone(), teacher.clone()
    loss = distillation_loss(student, teacher, 1.5)
    assert (loss.dtype, loss.shape) == (dtype, ())
    assert torch.equal(student, before[0])
    assert torch.equal(teacher, before[1])

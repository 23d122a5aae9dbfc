"""The references of the unit *video* against independent implementations."""

import math
from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from solutions.video.reference import colorization_attention, copy_colors
from torch import Tensor

from autograder.course.units import load_unit
from course_utils.checks.judge import judge
from course_utils.checks.observe import observe
from course_utils.checks.prepared import PreparedExercise
from tests.support import ROOT

SEEDS = range(20)


def _sizes(rng: np.random.Generator) -> tuple[int, ...]:
    """n, d, c, h, w, h2, w2."""
    return tuple(int(size) for size in rng.integers(1, 6, 7))


def _draw(seed: int, dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor, Tensor, float]:
    rng = np.random.default_rng(seed)
    n, d, c, h, w, h2, w2 = _sizes(rng)
    shapes = ((n, d, h, w), (n, d, h2, w2), (n, c, h, w))
    reference, target, colors = (torch.from_numpy(rng.standard_normal(shape)).to(dtype) for shape in shapes)
    return reference, target, colors, float(rng.uniform(0.2, 2.0))


def _loops(reference: Tensor, target: Tensor, colors: Tensor, temperature: float) -> tuple[Tensor, Tensor]:
    """Equations 1 and 2 of Vondrick et al. 2018, one number at a time, in float64."""
    n, _, h, w = reference.shape
    h2, w2 = target.shape[2:]
    attention = torch.zeros(n, h * w, h2 * w2, dtype=torch.float64)
    copied = torch.zeros(n, colors.shape[1], h2, w2, dtype=torch.float64)
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
            for i, weight in enumerate(weights):
                share = weight / math.fsum(weights)
                attention[b, i, j] = share
                copied[b, :, j // w2, j % w2] += share * colors[b, :, i // w, i % w]
    return attention, copied


@pytest.mark.parametrize("seed", SEEDS)
def test_agrees_with_nested_loops(seed: int) -> None:
    reference, target, colors, temperature = _draw(seed)
    attention = colorization_attention(reference, target, temperature)
    copied = copy_colors(attention, colors, (target.shape[2], target.shape[3]))
    expected_attention, expected = _loops(reference, target, colors, temperature)
    torch.testing.assert_close(attention, expected_attention, rtol=1e-12, atol=1e-14)
    torch.testing.assert_close(copied, expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_together_they_are_scaled_dot_product_attention(seed: int, dtype: torch.dtype) -> None:
    reference, target, colors, temperature = _draw(seed, dtype)
    size = (target.shape[2], target.shape[3])
    copied = copy_colors(colorization_attention(reference, target, temperature), colors, size)
    queries, keys, values = (x.flatten(2).mT for x in (target, reference, colors))
    expected = F.scaled_dot_product_attention(queries, keys, values, scale=1 / temperature).mT.unflatten(
        2, size
    )
    assert copied.dtype == dtype
    torch.testing.assert_close(copied, expected)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_default_temperature_is_one(seed: int) -> None:
    reference, target, _, _ = _draw(seed)
    by_default = colorization_attention(reference, target)
    assert torch.equal(by_default, colorization_attention(reference, target, 1.0))
    queries, keys = target.flatten(2).mT, reference.flatten(2).mT
    identity = torch.eye(keys.shape[1], dtype=keys.dtype).expand(len(keys), -1, -1)
    expected = F.scaled_dot_product_attention(queries, keys, identity, scale=1.0).mT
    torch.testing.assert_close(by_default, expected)


@pytest.mark.parametrize("seed", SEEDS)
def test_columns_sum_to_one_and_nothing_overflows(seed: int) -> None:
    reference, target, colors, _ = _draw(seed, torch.float32)
    reference, target = (30 * x for x in (reference, target))
    for x in (reference, target, colors):
        x.requires_grad_()
    attention = colorization_attention(reference, target, 0.01)
    torch.testing.assert_close(attention.sum(dim=1), torch.ones_like(attention[:, 0]))
    copied = copy_colors(attention, colors, (target.shape[2], target.shape[3]))
    gradients = torch.autograd.grad(copied.square().sum(), (reference, target, colors))
    assert all(bool(gradient.isfinite().all()) for gradient in gradients)


@pytest.mark.parametrize("seed", SEEDS[:3])
def test_gradients_are_those_of_finite_differences(seed: int) -> None:
    reference, target, colors, temperature = _draw(seed)
    size = (target.shape[2], target.shape[3])
    inputs = tuple(x.requires_grad_() for x in (reference, target, colors))
    assert torch.autograd.gradcheck(
        lambda f, g, c: copy_colors(colorization_attention(f, g, temperature), c, size), inputs
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_a_frame_that_finds_itself_copies_its_own_colors(seed: int) -> None:
    rng = np.random.default_rng(seed)
    h, w = (int(size) for size in rng.integers(2, 5, 2))
    # Embeddings that are orthogonal and long: every position resembles itself alone.
    embedding = 100 * torch.eye(h * w, dtype=torch.float64).reshape(1, h * w, h, w)
    colors = torch.from_numpy(rng.standard_normal((1, 3, h, w)))
    torch.testing.assert_close(
        copy_colors(colorization_attention(embedding, embedding), colors, (h, w)), colors
    )


def test_layouts_and_inputs() -> None:
    reference, target, colors, temperature = _draw(1)
    kept = [x.clone() for x in (reference, target, colors)]
    size = (target.shape[2], target.shape[3])
    strided = [x.permute(3, 2, 1, 0).contiguous().permute(3, 2, 1, 0) for x in (reference, target, colors)]
    attention = colorization_attention(strided[0], strided[1], temperature)
    torch.testing.assert_close(attention, colorization_attention(reference, target, temperature))
    torch.testing.assert_close(
        copy_colors(attention.mT.contiguous().mT, strided[2], size), copy_colors(attention, colors, size)
    )
    assert all(
        torch.equal(x, y) for x, y in zip((*strided, reference, target, colors), kept * 2, strict=True)
    )


def _written_out(reference: Tensor, target: Tensor, temperature: float = 1.0) -> Tensor:
    n, d, h, w = reference.shape
    scores = (
        torch.bmm(reference.reshape(n, d, h * w).permute(0, 2, 1), target.reshape(n, d, -1)) / temperature
    )
    weights = torch.exp(scores - scores.max(dim=1, keepdim=True).values)
    return weights / weights.sum(dim=1, keepdim=True)


def _by_rows_of_the_target(reference: Tensor, target: Tensor, temperature: float = 1.0) -> Tensor:
    scores = target.flatten(2).transpose(1, 2) @ reference.flatten(2)
    return F.softmax(scores * (1 / temperature), dim=-1).transpose(1, 2)


def _scaled_first(reference: Tensor, target: Tensor, temperature: float = 1.0) -> Tensor:
    scores = torch.einsum("bdhw,bdxy->bhwxy", reference / temperature, target)
    return scores.flatten(3).flatten(1, 2).log_softmax(dim=1).exp()


def _one_clip_at_a_time(attention: Tensor, colors: Tensor, target_size: tuple[int, int]) -> Tensor:
    clips = [c.flatten(1) @ a for a, c in zip(attention, colors, strict=True)]
    return torch.stack(clips).reshape(*colors.shape[:2], *target_size)


def _weights_last(attention: Tensor, colors: Tensor, target_size: tuple[int, int]) -> Tensor:
    mixed = attention.transpose(1, 2) @ colors.flatten(2).transpose(1, 2)
    return mixed.transpose(1, 2).reshape(colors.shape[0], colors.shape[1], target_size[0], target_size[1])


def _broadcast(attention: Tensor, colors: Tensor, target_size: tuple[int, int]) -> Tensor:
    return (colors.flatten(2).unsqueeze(3) * attention.unsqueeze(1)).sum(dim=2).unflatten(2, target_size)


@cache
def _prepared(exercise: str, secret: bytes) -> PreparedExercise:
    return load_unit(ROOT, "video").exercises[exercise].prepare(secret)


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        ("video.colorization_attention", colorization_attention),
        ("video.colorization_attention", _written_out),
        ("video.colorization_attention", _by_rows_of_the_target),
        ("video.colorization_attention", _scaled_first),
        ("video.copy_colors", copy_colors),
        ("video.copy_colors", _one_clip_at_a_time),
        ("video.copy_colors", _weights_last),
        ("video.copy_colors", _broadcast),
    ],
)
@pytest.mark.parametrize("secret", [b"a", b"b", b"c"])
def test_right_answers_in_other_words_pass_every_check(
    exercise: str, answer: Callable[..., Tensor], secret: bytes
) -> None:
    prepared = _prepared(exercise, secret)
    verdict = judge(prepared, {c.id: [observe(answer, case) for case in c.cases] for c in prepared.checks})
    assert [check.message for check in verdict.checks if not check.passed] == []

"""The reference against independent oracles; imports nothing of ours but the reference."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from solutions.cpc.cpc_scores.reference import cpc_scores

SEEDS = range(12)


def _drawn(seed: int) -> tuple[Tensor, Tensor, Tensor]:
    rng = np.random.default_rng(seed)
    n, d, h, k = (int(size) for size in rng.integers(1, 5, 4))
    t = k + int(rng.integers(1, 5))
    return tuple(torch.from_numpy(rng.standard_normal(s)) for s in ((n, t, d), (n, t, h), (k, d, h)))  # type: ignore[return-value]


def _by_loops(z: Tensor, context: Tensor, weights: Tensor) -> list[list[list[list[float]]]]:
    """Six loops over Python's floats."""
    futures, seen, matrices = z.tolist(), context.tolist(), weights.tolist()
    n, t, k = len(futures), len(futures[0]), len(matrices)
    return [
        [
            [
                [
                    math.fsum(
                        futures[j][u + s + 1][a] * matrices[s][a][b] * seen[i][u][b]
                        for a in range(z.shape[2])
                        for b in range(context.shape[2])
                    )
                    for j in range(n)
                ]
                for i in range(n)
            ]
            for u in range(t - k)
        ]
        for s in range(k)
    ]


@pytest.mark.parametrize("seed", SEEDS)
def test_agrees_with_loops(seed: int) -> None:
    arguments = _drawn(seed)
    scores = cpc_scores(*arguments)
    torch.testing.assert_close(scores, torch.tensor(_by_loops(*arguments), dtype=torch.float64))
    strided = [x.permute(2, 1, 0).contiguous().permute(2, 1, 0) for x in arguments]
    torch.testing.assert_close(cpc_scores(*strided), scores)


@pytest.mark.parametrize("seed", SEEDS)
def test_agrees_with_torchs_bilinear(seed: int) -> None:
    """`F.bilinear` of one future and one context, with the matrices as its output features."""
    z, context, weights = _drawn(seed)
    scores = cpc_scores(z, context, weights)
    k, times, n, _ = scores.shape
    for u in range(times):
        for i in range(n):
            for j in range(n):
                for s in range(k):
                    expected = F.bilinear(z[j, u + s + 1], context[i, u], weights[s : s + 1])
                    torch.testing.assert_close(scores[s, u, i, j], expected[0])


def test_worked_out_by_hand() -> None:
    """Two sequences of three times, one number each; the second matrix is 10."""
    z = torch.tensor([[[1.0], [2], [3]], [[4], [5], [6]]])
    context = torch.tensor([[[1.0], [7], [7]], [[-1], [7], [7]]])
    scores = cpc_scores(z, context, torch.tensor([[[1.0]], [[10.0]]]))
    assert scores.tolist() == [[[[2, 5], [-2, -5]]], [[[30, 60], [-30, -60]]]]


def test_a_sequence_that_moves_by_a_matrix_is_foretold_best() -> None:
    """Turn each vector by one angle a step: the powers of that turn know the future of every sequence."""
    turn = torch.tensor(
        [[math.cos(0.7), -math.sin(0.7)], [math.sin(0.7), math.cos(0.7)]], dtype=torch.float64
    )
    powers = torch.stack([torch.linalg.matrix_power(turn, step) for step in range(6)])
    angles = torch.arange(5) * 2 * math.pi / 5
    starts = torch.stack([angles.cos(), angles.sin()], dim=1).double()
    z = torch.einsum("uab,nb->nua", powers, starts)
    scores = cpc_scores(z, z, powers[1:4])
    assert (scores.argmax(dim=3) == torch.arange(5)).all()
    assert (scores.argmax(dim=2) == torch.arange(5)).all()
    torch.testing.assert_close(scores.diagonal(dim1=2, dim2=3), torch.ones(3, 3, 5, dtype=torch.float64))


@pytest.mark.parametrize("seed", SEEDS[:4])
def test_gradients_equal_finite_differences(seed: int) -> None:
    assert torch.autograd.gradcheck(cpc_scores, tuple(x.requires_grad_() for x in _drawn(seed)))


def test_later_contexts_and_the_first_latent_vector_do_not_count() -> None:
    z, context, weights = (
        x.requires_grad_() for x in (torch.randn(3, 6, 2), torch.randn(3, 6, 4), torch.randn(2, 2, 4))
    )
    cpc_scores(z, context, weights).square().sum().backward()
    assert z.grad is not None and context.grad is not None
    assert not z.grad[:, 0].any() and z.grad[:, 1:].any(dim=2).all()
    assert not context.grad[:, 4:].any() and context.grad[:, :4].any(dim=2).all()


@pytest.mark.parametrize(("t", "k"), [(3, 3), (3, 4), (1, 1)])
def test_too_many_steps(t: int, k: int) -> None:
    with pytest.raises(ValueError, match="no context has a future"):
        cpc_scores(torch.zeros(2, t, 3), torch.zeros(2, t, 4), torch.zeros(k, 3, 4))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_keeps_dtype_and_inputs(dtype: torch.dtype) -> None:
    arguments = [x.to(dtype) for x in _drawn(3)]
    before = [x.clone() for x in arguments]
    assert cpc_scores(*arguments).dtype == dtype
    assert all(torch.equal(x, y) for x, y in zip(arguments, before, strict=True))

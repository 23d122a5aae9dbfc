"""The reference against independent oracles; imports nothing of ours but the reference."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from solutions.cpc.draw_negatives.reference import draw_negatives

SEEDS = range(16)


def _by_loops(uniforms: Tensor) -> list[list[int]]:
    """In Python's integers: the list of the others, without the own number, and the place in it."""
    count = len(uniforms)
    rows = []
    for position, row in enumerate(uniforms.tolist()):
        others = list(range(count))
        del others[position]
        rows.append([others[math.floor(u * (count - 1))] for u in row])
    return rows


@pytest.mark.parametrize("seed", SEEDS)
def test_agrees_with_loops(seed: int) -> None:
    rng = np.random.default_rng(seed)
    uniforms = torch.from_numpy(rng.random((int(rng.integers(2, 12)), int(rng.integers(1, 9)))))
    drawn = draw_negatives(uniforms)
    assert drawn.dtype == torch.int64
    assert drawn.tolist() == _by_loops(uniforms)
    assert draw_negatives(uniforms.T.contiguous().T).tolist() == _by_loops(uniforms)


def test_worked_out_by_hand() -> None:
    """Two borders between three others, 1/3 and 2/3."""
    uniforms = torch.tensor([[0.0, 0.32, 0.34, 0.99]]).expand(4, 4)
    assert draw_negatives(uniforms).tolist() == [[1, 1, 2, 3], [0, 0, 2, 3], [0, 0, 1, 3], [0, 0, 1, 2]]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("count", [2, 3, 7, 8, 100, 1023, 1025])
def test_the_largest_number_below_one(count: int, dtype: torch.dtype) -> None:
    below = torch.nextafter(torch.ones((), dtype=dtype), torch.zeros((), dtype=dtype))
    drawn = draw_negatives(below.expand(count, 1))[:, 0].tolist()
    assert drawn == [count - 1] * (count - 1) + [count - 2]


@pytest.mark.parametrize("count", [2, 5, 9])
def test_zero_and_exact_borders(count: int) -> None:
    """With 1, 4 and 8 others all borders are exact; each begins the piece of the next number."""
    borders = torch.arange(count - 1) / (count - 1)
    drawn = draw_negatives(borders.expand(count, -1))
    assert drawn.tolist() == [[j for j in range(count) if j != i] for i in range(count)]


@pytest.mark.parametrize("count", [2, 4, 7])
def test_every_other_position_is_equally_likely(count: int) -> None:
    generator = torch.Generator().manual_seed(count)
    draws = 4000
    drawn = draw_negatives(torch.rand(count, draws, generator=generator, dtype=torch.float64))
    for position, row in enumerate(drawn):
        shares = torch.bincount(row, minlength=count).double() / draws
        assert shares[position] == 0
        # Five standard errors of the share.
        error = 5 * math.sqrt(0.25 / draws)
        assert all(abs(float(s) - 1 / (count - 1)) < error for j, s in enumerate(shares) if j != position)


@pytest.mark.parametrize("count", [0, 1])
def test_without_others(count: int) -> None:
    with pytest.raises(ValueError, match="at least 2"):
        draw_negatives(torch.zeros(count, 3))


def test_nothing_is_changed_and_nothing_else_is_drawn() -> None:
    uniforms = torch.rand(5, 3, generator=torch.Generator().manual_seed(0))
    before, state = uniforms.clone(), torch.get_rng_state()
    assert torch.equal(draw_negatives(uniforms), draw_negatives(uniforms))
    assert torch.equal(uniforms, before)
    assert torch.equal(torch.get_rng_state(), state)

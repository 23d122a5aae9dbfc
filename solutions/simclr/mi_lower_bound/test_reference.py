"""The reference against independent oracles; imports nothing of ours but the reference."""

import math

import pytest
import torch
import torch.nn.functional as F

from solutions.simclr.mi_lower_bound.reference import mi_lower_bound


@pytest.mark.parametrize("candidates", [1, 2, 3, 17, 4096])
@pytest.mark.parametrize("loss", [0.0, 0.25, 3.0, 11.5])
def test_equals_the_logarithm(candidates: int, loss: float) -> None:
    bound = mi_lower_bound(torch.tensor(loss, dtype=torch.float64), candidates)
    assert bound.shape == ()
    assert bound.item() == pytest.approx(math.log(candidates) - loss, rel=1e-15)


@pytest.mark.parametrize("candidates", [1, 2, 50])
def test_a_guess_says_nothing(candidates: int) -> None:
    loss = F.cross_entropy(torch.zeros(3, candidates), torch.zeros(3, dtype=torch.int64))
    assert mi_lower_bound(loss, candidates).item() == pytest.approx(0, abs=1e-6)


def test_keeps_below_the_information_of_a_symmetric_channel() -> None:
    """Two equally likely words, one in ten passed on wrongly: I = log 2 - H(0.1), and scores log p(y | x) / p(y)."""
    information = math.log(2) + 0.1 * math.log(0.1) + 0.9 * math.log(0.9)
    right, wrong = math.log(0.9 / 0.5), math.log(0.1 / 0.5)
    # N = 2: both candidates' scores, with their probabilities; the negative is drawn from the marginal.
    expected = 0.0
    for positive, p in ((right, 0.9), (wrong, 0.1)):
        for negative in (right, wrong):
            expected += p * 0.5 * math.log(1 + math.exp(negative - positive))
    assert 0 < mi_lower_bound(torch.tensor(expected), 2).item() < information


def test_its_gradient_is_minus_one() -> None:
    for value in (0.5, 9.0):
        loss = torch.tensor(value, requires_grad=True)
        assert torch.autograd.grad(mi_lower_bound(loss, 8), loss)[0].item() == -1


@pytest.mark.parametrize("candidates", [0, -1, -7])
def test_no_candidates_raise(candidates: int) -> None:
    with pytest.raises(ValueError, match=f"not {candidates}"):
        mi_lower_bound(torch.tensor(1.0), candidates)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_keeps_the_dtype_and_the_loss(dtype: torch.dtype) -> None:
    loss = torch.tensor(0.75, dtype=dtype)
    assert mi_lower_bound(loss, 6).dtype == dtype
    assert loss.item() == 0.75

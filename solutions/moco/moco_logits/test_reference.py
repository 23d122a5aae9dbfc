"""The reference against independent oracles; imports nothing of ours but the reference."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from solutions.moco.moco_logits.reference import moco_logits

SEEDS = range(12)


def draw(
    seed: int, dtype: torch.dtype = torch.float64, *, sizes: tuple[int, int, int] | None = None
) -> tuple[Tensor, Tensor, Tensor, float]:
    """Queries, keys, a queue and a temperature, of random shapes unless n, d and k are given, of all lengths."""
    rng = np.random.default_rng(seed)
    n, d, k = sizes or (rng.integers(1, 8), rng.integers(2, 9), rng.integers(1, 17))
    queries, keys = (rng.standard_normal((n, d)) * rng.uniform(0.2, 4, (n, 1)) for _ in range(2))
    queue = rng.standard_normal((d, k)) * rng.uniform(0.2, 4, (1, k))
    tensors = [torch.from_numpy(values).to(dtype) for values in (queries, keys, queue)]
    return tensors[0], tensors[1], tensors[2], float(rng.uniform(0.05, 1.5))


def cosine(left: list[float], right: list[float]) -> float:
    dot = sum(x * y for x, y in zip(left, right, strict=True))
    return dot / math.sqrt(sum(x * x for x in left)) / math.sqrt(sum(y * y for y in right))


def loops(queries: Tensor, keys: Tensor, queue: Tensor, temperature: float) -> Tensor:
    """One cosine at a time, in plain Python floats."""
    rows = []
    for query, key in zip(queries.tolist(), keys.tolist(), strict=True):
        candidates = [key, *(queue[:, j].tolist() for j in range(queue.shape[1]))]
        rows.append([cosine(query, candidate) / temperature for candidate in candidates])
    return torch.tensor(rows, dtype=torch.float64)


@pytest.mark.parametrize("seed", SEEDS)
def test_equal_nested_loops(seed: int) -> None:
    queries, keys, queue, temperature = draw(seed)
    logits = moco_logits(queries, keys, queue, temperature)
    assert logits.shape == (len(queries), 1 + queue.shape[1])
    torch.testing.assert_close(logits, loops(queries, keys, queue, temperature), rtol=1e-11, atol=1e-12)


# A batch of one; a queue of one key; as many keys as entries, so that rows and columns have one length.
@pytest.mark.parametrize("sizes", [(1, 3, 5), (4, 3, 1), (1, 2, 1), (5, 6, 6), (6, 6, 6), (1, 4, 4)])
@pytest.mark.parametrize("temperature", [0.01, 0.07, 1.0, 3.0])
def test_special_sizes_and_temperatures_equal_nested_loops(
    sizes: tuple[int, int, int], temperature: float
) -> None:
    queries, keys, queue, _ = draw(0, sizes=sizes)
    logits = moco_logits(queries, keys, queue, temperature)
    torch.testing.assert_close(logits, loops(queries, keys, queue, temperature), rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("seed", SEEDS)
def test_loss_equals_lightly_with_its_memory_bank(seed: int) -> None:
    lightly = pytest.importorskip("lightly.loss", reason="lightly is an extra of the developers")
    queries, keys, queue, temperature = draw(seed)
    theirs, ours = (queries.clone().requires_grad_() for _ in range(2))
    criterion = lightly.NTXentLoss(temperature, memory_bank_size=(queue.shape[1], queue.shape[0]))
    criterion.memory_bank.bank = F.normalize(queue, dim=0).T.contiguous()
    expected = criterion(theirs, keys)
    labels = torch.zeros(len(queries), dtype=torch.int64)
    loss = F.cross_entropy(moco_logits(ours, keys, queue, temperature), labels)
    torch.testing.assert_close(loss, expected, rtol=1e-10, atol=1e-12)
    torch.testing.assert_close(
        torch.autograd.grad(loss, ours)[0], torch.autograd.grad(expected, theirs)[0], rtol=1e-9, atol=1e-12
    )


@pytest.mark.parametrize("seed", SEEDS[:4])
def test_gradient_to_queries_only(seed: int) -> None:
    queries, keys, queue, temperature = draw(seed)
    for tensor in (queries, keys, queue):
        tensor.requires_grad_()
    gradients = torch.autograd.grad(
        moco_logits(queries, keys, queue, temperature).square().sum(),
        (queries, keys, queue),
        allow_unused=True,
    )
    assert gradients[0].abs().max() > 0
    assert gradients[1:] == (None, None)
    assert keys.requires_grad
    assert queue.requires_grad
    assert torch.autograd.gradcheck(lambda q: moco_logits(q, keys, queue, temperature), queries)


def test_queue_may_change_before_backward() -> None:
    """Only what is saved for backward must survive: the normalised copy does, whatever happens to the queue."""
    queries, keys, queue, temperature = draw(2)
    queries.requires_grad_()
    loss = moco_logits(queries, keys, queue, temperature).sum()
    (expected,) = torch.autograd.grad(loss, queries, retain_graph=True)
    queue.zero_()
    torch.testing.assert_close(torch.autograd.grad(loss, queries)[0], expected)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_leave_the_inputs_and_the_dtype_alone(dtype: torch.dtype) -> None:
    queries, keys, queue, temperature = draw(7, dtype)
    before = [tensor.clone() for tensor in (queries, keys, queue)]
    logits = moco_logits(queries, keys, queue, temperature)
    assert logits.dtype == dtype
    assert all(map(torch.equal, (queries, keys, queue), before))
    torch.testing.assert_close(
        logits.double(), loops(queries, keys, queue, temperature), rtol=1e-5, atol=1e-5
    )


def test_any_layout() -> None:
    queries, keys, queue, temperature = draw(3)
    expected = loops(queries, keys, queue, temperature)
    queries, keys, queue = (tensor.T.contiguous().T for tensor in (queries, keys, queue))
    logits = moco_logits(queries, keys, queue, temperature)
    torch.testing.assert_close(logits, expected, rtol=1e-11, atol=1e-12)

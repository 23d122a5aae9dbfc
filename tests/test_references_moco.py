"""The references of the unit *moco* against oracles that share no code with them."""

import copy
import math
from collections import deque

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from solutions.moco.reference import enqueue, moco_logits, momentum_update
from torch import Tensor, nn

SEEDS = range(12)

# --- moco_logits ------------------------------------------------------------------------------------------------


def draw(seed: int, dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor, Tensor, float]:
    """Queries, keys, a queue and a temperature of random shapes, the vectors of all lengths."""
    rng = np.random.default_rng(seed)
    n, d, k = rng.integers(1, 8), rng.integers(2, 9), rng.integers(1, 17)
    queries, keys = (rng.standard_normal((n, d)) * rng.uniform(0.2, 4, (n, 1)) for _ in range(2))
    queue = rng.standard_normal((d, k)) * rng.uniform(0.2, 4, (1, k))
    tensors = (torch.from_numpy(values).to(dtype) for values in (queries, keys, queue))
    return (*tensors, float(rng.uniform(0.05, 1.5)))  # type: ignore[return-value]


def cosine(left: list[float], right: list[float]) -> float:
    dot = sum(x * y for x, y in zip(left, right, strict=True))
    return dot / math.sqrt(sum(x * x for x in left)) / math.sqrt(sum(y * y for y in right))


@pytest.mark.parametrize("seed", SEEDS)
def test_logits_equal_nested_loops(seed):
    queries, keys, queue, temperature = draw(seed)
    logits = moco_logits(queries, keys, queue, temperature)
    n, k = len(queries), queue.shape[1]
    assert logits.shape == (n, 1 + k)
    for i in range(n):
        candidates = [keys[i].tolist(), *(queue[:, j].tolist() for j in range(k))]
        for column, candidate in enumerate(candidates):
            expected = cosine(queries[i].tolist(), candidate) / temperature
            assert logits[i, column].item() == pytest.approx(expected, rel=1e-11, abs=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_loss_equals_lightly_with_its_memory_bank(seed):
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
def test_gradient_to_queries_only(seed):
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
    assert torch.autograd.gradcheck(lambda q: moco_logits(q, keys, queue, temperature), queries)


def test_queue_may_change_before_backward():
    """Only what is saved for backward must survive: the normalised copy does, whatever happens to the queue."""
    queries, keys, queue, temperature = draw(2)
    queries.requires_grad_()
    loss = moco_logits(queries, keys, queue, temperature).sum()
    (expected,) = torch.autograd.grad(loss, queries, retain_graph=True)
    queue.zero_()
    torch.testing.assert_close(torch.autograd.grad(loss, queries)[0], expected)


def test_logits_leave_the_inputs_alone():
    queries, keys, queue, temperature = draw(7, torch.float32)
    before = [tensor.clone() for tensor in (queries, keys, queue)]
    moco_logits(queries, keys, queue, temperature)
    assert all(map(torch.equal, (queries, keys, queue), before))


# --- momentum_update --------------------------------------------------------------------------------------------


def encoders(seed: int) -> tuple[nn.Module, nn.Module]:
    """Two networks with weights, buffers and gradients of their own, in float64."""
    rng = np.random.default_rng(seed)
    query = nn.Sequential(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), nn.Flatten(), nn.LazyLinear(4)).double()
    query(torch.from_numpy(rng.standard_normal((3, 2, 5, 5))))
    key = copy.deepcopy(query)
    for module in (query, key):
        for name, value in module.state_dict().items():
            if value.is_floating_point():
                value.copy_(torch.from_numpy(np.abs(rng.standard_normal(value.shape)) + 0.1))
            else:
                value.fill_(len(name))
    for parameter in query.parameters():
        parameter.grad = torch.from_numpy(rng.standard_normal(parameter.shape))
    key.requires_grad_(False)
    return query, key


@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.99, 0.999, 1.0])
@pytest.mark.parametrize("seed", SEEDS[:4])
def test_update_equals_plain_floats(seed, momentum):
    query, key = encoders(seed)
    expected = {
        name: [
            momentum * k + (1 - momentum) * q
            for k, q in zip(
                value.flatten().tolist(), query.get_parameter(name).flatten().tolist(), strict=True
            )
        ]
        for name, value in key.named_parameters()
    }
    assert momentum_update(query, key, momentum) is None
    for name, value in key.named_parameters():
        assert value.flatten().tolist() == pytest.approx(expected[name], rel=1e-13)


@pytest.mark.parametrize("seed", SEEDS)
def test_update_equals_lightly(seed):
    utils = pytest.importorskip("lightly.models.utils", reason="lightly is an extra of the developers")
    query, key = encoders(seed)
    theirs = copy.deepcopy(key)
    momentum = float(np.random.default_rng(seed).uniform(0.5, 1))
    momentum_update(query, key, momentum)
    utils.update_momentum(query, theirs, momentum)
    for name, value in theirs.state_dict().items():
        torch.testing.assert_close(key.state_dict()[name], value, rtol=1e-13, atol=0)


def test_update_touches_nothing_else():
    query, key = encoders(0)
    held = dict(key.named_parameters())
    before_query = copy.deepcopy(query.state_dict())
    grads = {name: parameter.grad.clone() for name, parameter in query.named_parameters()}
    buffers = {name: value.clone() for name, value in key.named_buffers()}
    momentum_update(query, key, 0.9)
    assert all(value is held[name] for name, value in key.named_parameters())
    assert all(not value.requires_grad and value.grad is None for value in key.parameters())
    assert all(value.requires_grad for value in query.parameters())
    assert all(torch.equal(value, buffers[name]) for name, value in key.named_buffers())
    assert all(torch.equal(value, before_query[name]) for name, value in query.state_dict().items())
    assert all(torch.equal(value.grad, grads[name]) for name, value in query.named_parameters())


def test_many_updates_follow_a_constant_encoder():
    """After t steps the distance has shrunk by momentum**t: the closed form of an exponential average."""
    query, key = encoders(1)
    start = {name: (key.get_parameter(name) - value).detach() for name, value in query.named_parameters()}
    for _ in range(20):
        momentum_update(query, key, 0.8)
    for name, value in query.named_parameters():
        torch.testing.assert_close(
            key.get_parameter(name) - value, start[name] * 0.8**20, rtol=1e-9, atol=1e-13
        )


# --- enqueue ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 2, 5, 8])
def test_every_offset_and_count(size):
    rng = np.random.default_rng(size)
    for pointer in range(size):
        for count in range(size + 1):
            before, keys = (torch.from_numpy(rng.standard_normal(shape)) for shape in ((3, size), (count, 3)))
            queue = before.clone()
            after = enqueue(queue, pointer, keys)
            assert type(after) is int
            columns = [before[:, j].tolist() for j in range(size)]
            for i in range(count):
                columns[(pointer + i) % size] = keys[i].tolist()
            assert [queue[:, j].tolist() for j in range(size)] == columns
            assert after == (pointer + count) % size


@pytest.mark.parametrize("seed", SEEDS)
def test_is_first_in_first_out(seed):
    """The columns, read from the pointer on, are what a deque of that length holds."""
    rng = np.random.default_rng(seed)
    size, dim = int(rng.integers(3, 12)), int(rng.integers(1, 5))
    queue = torch.from_numpy(rng.standard_normal((dim, size)))
    oracle: deque[list[float]] = deque((queue[:, j].tolist() for j in range(size)), maxlen=size)
    pointer = 0
    for _ in range(8):
        keys = torch.from_numpy(rng.standard_normal((int(rng.integers(0, size + 1)), dim)))
        pointer = enqueue(queue, pointer, keys)
        oracle.extend(keys.tolist())
        assert queue.roll(-pointer, dims=1).T.tolist() == list(oracle)


def test_queue_stays_off_the_graph_and_in_its_memory():
    queue, keys = torch.zeros(2, 5), torch.ones(3, 2, requires_grad=True)
    address = queue.data_ptr()
    enqueue(queue, 4, keys * 2)
    assert not queue.requires_grad
    assert queue.data_ptr() == address
    assert queue.T.tolist() == [[2, 2], [2, 2], [0, 0], [0, 0], [2, 2]]


def test_too_many_keys_write_nothing():
    queue = torch.zeros(2, 3)
    with pytest.raises(ValueError, match="4 keys do not fit"):
        enqueue(queue, 1, torch.ones(4, 2))
    assert not queue.any()

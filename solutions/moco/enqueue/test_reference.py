"""The reference against independent oracles; imports nothing of ours but the reference."""

from collections import deque

import numpy as np
import pytest
import torch

from solutions.moco.enqueue.reference import enqueue

SEEDS = range(12)
DIM = 3


@pytest.mark.parametrize("size", [1, 2, DIM, 5, 8])
def test_every_offset_and_count(size: int) -> None:
    rng = np.random.default_rng(size)
    for pointer in range(size):
        for count in range(size + 1):
            before, keys = (torch.from_numpy(rng.standard_normal(s)) for s in ((DIM, size), (count, DIM)))
            queue = before.clone()
            given = keys.clone()
            after = enqueue(queue, pointer, keys)
            assert type(after) is int
            columns = [before[:, j].tolist() for j in range(size)]
            for i in range(count):
                columns[(pointer + i) % size] = given[i].tolist()
            assert [queue[:, j].tolist() for j in range(size)] == columns
            assert after == (pointer + count) % size
            assert torch.equal(keys, given)


@pytest.mark.parametrize("seed", SEEDS)
def test_is_first_in_first_out(seed: int) -> None:
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


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_any_layout_and_dtype(dtype: torch.dtype) -> None:
    rng = np.random.default_rng(0)
    rows, keys = (torch.from_numpy(rng.standard_normal(shape)).to(dtype) for shape in ((5, 2), (2, 3)))
    before = rows.tolist()
    queue = rows.T  # a column of the queue is a row of memory
    assert enqueue(queue, 3, keys.T) == 1
    given = keys.T.tolist()
    assert rows.tolist() == [given[2], before[1], before[2], given[0], given[1]]
    assert queue.dtype == dtype


def test_queue_stays_off_the_graph_and_in_its_memory() -> None:
    queue, keys = torch.zeros(2, 5), torch.ones(3, 2, requires_grad=True)
    address = queue.data_ptr()
    enqueue(queue, 4, keys * 2)
    assert not queue.requires_grad
    assert queue.data_ptr() == address
    assert queue.T.tolist() == [[2, 2], [2, 2], [0, 0], [0, 0], [2, 2]]


def test_keys_stay_on_their_graph() -> None:
    """Neither the keys nor what was computed from them before the call loses its gradient."""
    queue, keys = torch.zeros(2, 5), torch.tensor([[3.0, 4.0]], requires_grad=True)
    loss = keys.square().sum()
    enqueue(queue, 1, keys)
    assert keys.requires_grad
    assert torch.autograd.grad(loss, keys)[0].tolist() == [[6, 8]]


@pytest.mark.parametrize("pointer", [0, 1, 2])
def test_too_many_keys_write_nothing(pointer: int) -> None:
    queue = torch.zeros(2, 3)
    with pytest.raises(ValueError):
        enqueue(queue, pointer, torch.ones(4, 2))
    assert not queue.any()


def test_too_many_keys_are_counted_in_the_message() -> None:
    with pytest.raises(ValueError, match="4 keys do not fit"):
        enqueue(torch.zeros(2, 3), 1, torch.ones(4, 2))

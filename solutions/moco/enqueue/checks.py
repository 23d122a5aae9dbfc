"""Cases and points of `moco.enqueue`."""

import torch

from course_utils.checks import Case, Draw, check


def _enqueue(draw: Draw, offset: int, size: int = 0, *, count: int = 0, dim: int = 0) -> Case:
    count_, dim_, size_ = sorted(draw.sizes(3, 3, 9))
    count, dim, size = count or count_, dim or dim_, size or size_
    return Case.of(queue=draw.normal(dim, size), pointer=offset % size, keys=draw.normal(count, dim) * 3)


def _by_hand(pointer: int) -> Case:
    # Columns 0 to 4 of the queue and keys 10 to 12 begin with their own numbers; below stands ten times as much.
    numbers = torch.stack([torch.arange(13.0), 10 * torch.arange(13.0)]).double()
    return Case.of(queue=numbers[:, :5], pointer=pointer, keys=numbers[:, 10:].T.contiguous())


# The keys in the queue and the pointer are told apart: whoever gets one of them wrong keeps the credit for the other.
@check(points=0.5, visible=True, accuracy="moved", looks_at=("after.queue",))
def stores_the_keys(draw: Draw) -> list[Case]:
    """The keys stand in the next columns of the queue."""
    return [_by_hand(1), _enqueue(draw, 1, size=9)]


@check(points=0.5, visible=True, accuracy="exact", looks_at=("result",))
def moves_the_pointer(draw: Draw) -> list[Case]:
    """The new pointer is the column after the last one written."""
    size = draw.integer(12, 24)
    # Inside the queue, past its end, and just up to its end. Drawn, so that no answer can be known beforehand.
    offsets = draw.integer(0, size - 5), size - draw.integer(1, 3), size - 4
    return [_by_hand(1), _by_hand(3), *(_enqueue(draw, offset, size, count=4) for offset in offsets)]


@check(points=0.5, visible=True, accuracy="moved", looks_at=("after.queue",))
def wraps_around(draw: Draw) -> list[Case]:
    """After the last column comes column 0."""
    return [_by_hand(3), _enqueue(draw, 7, size=9, count=4)]


@check(
    points=2,
    accuracy="moved",
    looks_at=("after.queue",),
    dtype=torch.float64,
    asks="every position of the pointer, full batches, float64",
)
def every_offset(draw: Draw) -> list[Case]:
    """The queue is right from every position, for one key, for as many as columns, for keys of zeros."""
    size = draw.integer(5, 8)
    every = [_enqueue(draw, offset, size, count=3) for offset in range(size)]
    ends = [_enqueue(draw, offset, size, count=1) for offset in (0, size - 1)]
    full = [_enqueue(draw, offset, size, count=size) for offset in (0, 2)]
    # As many rows as columns, so that keys written into rows fit and show.
    square = _enqueue(draw, size - 2, size, count=3, dim=size)
    # A long queue and many keys, some of them large, past its end.
    columns, count = draw.many(), draw.integer(34, 40)
    long = _enqueue(draw, columns - draw.integer(5, 30), columns, count=count, dim=4)
    large = _enqueue(draw, columns - 6, columns, count=4, dim=3)
    large.tensors["keys"].tensor.mul_(1e6)
    # Keys with zeros, of nothing but zeros, and equal ones; and keys that are in the queue already, beside an empty
    # column. They go to columns 5, 6, 0 and 1.
    unusual = draw.with_zeros(4, 3), draw.with_zero_vectors(4, 3), draw.repeated(4, 3), draw.normal(4, 3)
    queue = draw.normal(3, 7)
    queue[:, 2:4], queue[:, 4] = unusual[-1][:2].T, 0.0
    special = [Case.of(queue=queue, pointer=5, keys=keys) for keys in unusual]
    return [*every, *ends, *full, square, _enqueue(draw, 15, size=20, count=14, dim=3), long, large, *special]


@check(
    points=1,
    accuracy="moved",
    looks_at=("result", "after.queue", "place.queue"),
    asks="batch after batch",
)
def several_batches(draw: Draw) -> Case:
    """Batch after batch, the oldest keys are replaced first, and the pointer goes round."""
    # Whatever the pointer is, one of five batches of three meets the end of seven or eight columns.
    size = draw.integer(7, 8)
    batches = {f"keys_{i}": draw.normal(3, 4) for i in range(1, 6)}
    inputs = Case.of(queue=draw.normal(4, size), pointer=draw.integer(0, size - 1), **batches).inputs
    first, *later = batches
    calls = ("queue", "pointer", first), *(("queue", "result", name) for name in later)
    return Case(inputs, calls).strided("queue", "keys_1")


@check(
    points=0.5,
    visible=True,
    accuracy="exact",
    looks_at=("graph", "place", "after.keys", "gradient", "setting"),
    side=True,
    asks="the keys' graph, the keys left alone",
)
def off_the_graph(draw: Draw) -> list[Case]:
    """The queue does not become part of the keys' graph; keys and torch's settings stay as they were."""
    # On a leaf that wants gradients torch refuses changes in place, so the second case wants none.
    return [_enqueue(draw, 2).wanting_gradients("keys"), _enqueue(draw, 2)]


@check(points=0.5, visible=True, accuracy="exact", looks_at=("exception", "after"), side=True)
def too_many_keys(draw: Draw) -> Case:
    """More keys than columns: a ValueError, and nothing is written."""
    return _enqueue(draw, 3, size=5, count=6, dim=3)

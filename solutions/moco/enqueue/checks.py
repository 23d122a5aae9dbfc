"""Cases and points of `moco.enqueue`."""

import torch

from course_utils.checks import Case, Draw, Input, check


def _enqueue(
    draw: Draw,
    offset: int,
    *,
    size: int = 0,
    count: int = 0,
    dim: int = 0,
    contiguous: bool = True,
    wants_grad: bool = False,
) -> Case:
    count_, dim_, size_ = sorted(draw.sizes(3, 3, 9))
    count, dim, size = count or count_, dim or dim_, size or size_
    return Case(
        {
            "queue": Input(draw.normal(dim, size), contiguous=contiguous),
            "pointer": offset % size,
            "keys": Input(draw.normal(count, dim) * 3, wants_grad, contiguous),
        }
    )


# The keys in the queue and the pointer are told apart: whoever gets one of them wrong keeps the credit for the other.
@check(points=0.5, visible=True, accuracy="exact", looks_at=("after.queue",))
def stores_the_keys(draw: Draw) -> Case:
    """The keys stand in the next columns of the queue."""
    return _enqueue(draw, offset=1, size=9)


@check(points=0.5, visible=True, accuracy="exact", looks_at=("result",))
def moves_the_pointer(draw: Draw) -> list[Case]:
    """The new pointer is the column after the last one written."""
    size = draw.integer(12, 24)
    # Inside the queue, past its end, and just up to its end. Drawn, so that no answer can be known beforehand.
    offsets = draw.integer(0, size - 5), size - draw.integer(1, 3), size - 4
    return [_enqueue(draw, offset, size=size, count=4) for offset in offsets]


@check(points=1, visible=True, accuracy="exact", looks_at=("after.queue",))
def wraps_around(draw: Draw) -> Case:
    """After the last column comes column 0."""
    return _enqueue(draw, offset=7, size=9, count=4)


@check(points=1.5, accuracy="exact", looks_at=("after.queue",), dtype=torch.float64)
def every_offset(draw: Draw) -> list[Case]:
    """The queue is right from every position, for a single key, and for as many keys as columns."""
    size = draw.integer(5, 8)
    counts = [3] * size + [1, 1, size, size]
    offsets = [*range(size), 0, size - 1, 0, 2]
    cases = [
        _enqueue(draw, offset, size=size, count=count) for offset, count in zip(offsets, counts, strict=True)
    ]
    # As many rows as columns, so that keys written into rows fit and show.
    square = _enqueue(draw, size - 2, size=size, count=3, dim=size)
    return [*cases, square, _enqueue(draw, 15, size=20, count=14, dim=3)]


@check(points=1, accuracy="exact", looks_at=("result", "after.queue", "place.queue"))
def several_batches(draw: Draw) -> Case:
    """Batch after batch, the oldest keys are replaced first, and the pointer goes round."""
    # Whatever the pointer is, one of five batches of three meets the end of seven or eight columns.
    dim, size = 4, draw.integer(7, 8)
    batches = {f"keys_{i}": Input(draw.normal(3, dim), contiguous=i != 1) for i in range(1, 6)}
    first, *later = batches
    return Case(
        {
            "queue": Input(draw.normal(dim, size), contiguous=False),
            "pointer": draw.integer(0, size - 1),
            **batches,
        },
        (("queue", "pointer", first), *(("queue", "result", name) for name in later)),
    )


@check(
    points=0.5,
    accuracy="exact",
    looks_at=("graph", "place", "after.keys", "gradient", "setting"),
    side=True,
)
def off_the_graph(draw: Draw) -> list[Case]:
    """The queue does not become part of the keys' graph, and the keys stay as they were."""
    # On a leaf that wants gradients torch refuses changes in place, so the second case wants none.
    return [_enqueue(draw, offset=2, wants_grad=True), _enqueue(draw, offset=2)]


@check(points=0.5, accuracy="exact", looks_at=("exception", "after"), side=True)
def too_many_keys(draw: Draw) -> Case:
    """More keys than columns: a ValueError, and nothing is written."""
    return _enqueue(draw, offset=3, size=5, count=6)

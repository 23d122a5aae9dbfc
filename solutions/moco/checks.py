"""Cases and points of the unit *moco*."""

from typing import Any

import torch
import torch.nn.functional as F

from course_utils.checks import Case, Draw, Input, Module, check

# --- moco.momentum_update ---------------------------------------------------------------------------------------


def _encoders(draw: Draw, momentum: float, frozen: bool = True) -> Case:
    width = draw.integer(3, 6)

    def encoder(is_key: bool) -> Module:
        from course_utils.models import build

        state = build("tiny_encoder", width=width).state_dict()
        values = {
            name: draw.normal(*tensor.shape).abs() + 0.1
            if tensor.is_floating_point()
            # Counters of batches, which the two encoders must not share by chance.
            else tensor + draw.integer(1, 9) + (10 if is_key else 0)
            for name, tensor in state.items()
        }
        parameters = dict(build("tiny_encoder", width=width).named_parameters())
        # The query encoder carries gradients from its backward pass, a frozen key encoder has none.
        grads = {name: draw.normal(*parameters[name].shape) for name in parameters}
        if is_key and frozen:
            grads = {}
        return Module("tiny_encoder", {"width": width}, values, grads, frozen=is_key and frozen)

    return Case({"query_encoder": encoder(False), "key_encoder": encoder(True), "momentum": momentum})


@check("moco.momentum_update", points=1, visible=True, accuracy="elementwise", looks_at=("module",))
def key_encoder_moves(draw: Draw) -> Case:
    """The key encoder's parameters are the moving average, and the query encoder's are as before."""
    return _encoders(draw, momentum=0.9)


@check("moco.momentum_update", points=0.5, visible=True, side=True, accuracy="exact", looks_at=("buffer",))
def buffers_stay(draw: Draw) -> Case:
    """The buffers of both encoders are as before."""
    return _encoders(draw, momentum=0.6)


@check(
    "moco.momentum_update",
    points=1,
    accuracy="elementwise",
    looks_at=("after.key_encoder", "same.key_encoder"),
)
def in_place(draw: Draw) -> Case:
    """The update happens in place: whoever holds a parameter of the key encoder sees it move."""
    return _encoders(draw, momentum=0.7)


@check(
    "moco.momentum_update",
    points=1,
    accuracy="elementwise",
    dtype=torch.float64,
    looks_at=("module.key_encoder", "own.key_encoder"),
)
def slow_encoder(draw: Draw) -> list[Case]:
    """The average is right in float64 for a momentum close to one, of one and of zero."""
    return [_encoders(draw, momentum=0.999), _encoders(draw, momentum=1.0), _encoders(draw, momentum=0.0)]


@check(
    "moco.momentum_update",
    points=0.5,
    side=True,
    accuracy="exact",
    looks_at=(
        "module.query_encoder",
        "same.query_encoder",
        "grad",
        "graph",
        "mode",
        "members",
        "setting",
        "result",
    ),
)
def everything_else_stays(draw: Draw) -> list[Case]:
    """The query encoder, all gradients and all requires_grad flags are left alone, and nothing is returned."""
    return [_encoders(draw, momentum=0.8), _encoders(draw, momentum=0.4, frozen=False)]


# --- moco.enqueue -----------------------------------------------------------------------------------------------


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


@check("moco.enqueue", points=0.5, visible=True, accuracy="exact", looks_at=("after.queue",))
def stores_the_keys(draw: Draw) -> Case:
    """The keys stand in the next columns of the queue."""
    return _enqueue(draw, offset=1, size=9)


@check("moco.enqueue", points=0.5, visible=True, accuracy="exact", looks_at=("result",))
def moves_the_pointer(draw: Draw) -> list[Case]:
    """The new pointer is the column after the last one written."""
    size = draw.integer(12, 24)
    # Inside the queue, past its end, and just up to its end. Drawn, so that no answer can be known beforehand.
    offsets = draw.integer(0, size - 5), size - draw.integer(1, 3), size - 4
    return [_enqueue(draw, offset, size=size, count=4) for offset in offsets]


@check("moco.enqueue", points=1, visible=True, accuracy="exact", looks_at=("after.queue",))
def wraps_around(draw: Draw) -> Case:
    """After the last column comes column 0."""
    return _enqueue(draw, offset=7, size=9, count=4)


@check("moco.enqueue", points=1.5, accuracy="exact", looks_at=("after.queue",), dtype=torch.float64)
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


@check("moco.enqueue", points=1, accuracy="exact", looks_at=("result", "after.queue", "place.queue"))
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
    "moco.enqueue",
    points=0.5,
    accuracy="exact",
    looks_at=("graph", "place", "after.keys", "gradient", "setting"),
    side=True,
)
def off_the_graph(draw: Draw) -> list[Case]:
    """The queue does not become part of the keys' graph, and the keys stay as they were."""
    # On a leaf that wants gradients torch refuses changes in place, so the second case wants none.
    return [_enqueue(draw, offset=2, wants_grad=True), _enqueue(draw, offset=2)]


@check("moco.enqueue", points=0.5, accuracy="exact", looks_at=("exception", "after"), side=True)
def too_many_keys(draw: Draw) -> Case:
    """More keys than columns: a ValueError, and nothing is written."""
    return _enqueue(draw, offset=3, size=5, count=6)


# --- moco.moco_logits -------------------------------------------------------------------------------------------


# Gradients are asked for where they are looked at and nowhere else: on a leaf that wants them torch refuses to change
# a tensor in place, and whoever does that should see what comes of it.
_ALL = ("queries", "keys", "queue")


def _logits(
    draw: Draw,
    temperature: float = 0.2,
    wants_grad: tuple[str, ...] = (),
    *,
    n: int = 0,
    sizes: tuple[int, ...] = (),
    square: bool = False,
    crowded: bool = False,
    length: float = 1.0,
    contiguous: bool = True,
) -> Case:
    batch, dim, size = sizes or draw.sizes(3, 3, 9)
    batch, size = n or batch, dim if square else size
    queries, keys, queue = draw.normal(batch, dim), draw.normal(batch, dim), draw.normal(dim, size)
    if crowded:
        centre = draw.normal(1, dim)
        centre /= centre.norm()
        queries, keys, queue = centre + 0.15 * queries, centre + 0.15 * keys, centre.T + 0.15 * queue
    else:
        keys += 0.6 * queries
    # Lengths different for each vector, below one and above, so that every missing normalisation shows.
    queries = F.normalize(queries) * length * (0.4 + 2 * draw.uniform(batch, 1))
    keys = F.normalize(keys) * length * (0.4 + 2 * draw.uniform(batch, 1))
    queue = F.normalize(queue, dim=0) * length * (0.4 + 2 * draw.uniform(1, size))
    return Case(
        {
            "queries": Input(queries, "queries" in wants_grad, contiguous),
            "keys": Input(keys, "keys" in wants_grad, contiguous),
            "queue": Input(queue, "queue" in wants_grad, contiguous),
            "temperature": temperature,
        }
    )


@check("moco.moco_logits", points=1.5, visible=True)
def logits(draw: Draw) -> Case:
    """The logits are right on a small batch."""
    return _logits(draw)


@check("moco.moco_logits", points=1, accuracy="softmax", looks_at=("result", "gradient.queries"))
def low_temperature(draw: Draw) -> Case:
    """Logits and gradient with respect to the queries are right at temperature 0.01."""
    # Crowded around one direction, so that whoever takes a softmax of these logits does not get a single one.
    return _logits(draw, 0.01, ("queries",), crowded=True)


@check("moco.moco_logits", points=1, visible=True, looks_at=("gradient.keys", "gradient.queue"), side=True)
def no_gradient_to_keys(draw: Draw) -> Case:
    """No gradient flows into the keys or the queue."""
    return _logits(draw, wants_grad=_ALL)


@check(
    "moco.moco_logits",
    points=0.5,
    looks_at=("after", "graph.queries", "graph.keys", "graph.queue", "place", "setting"),
    side=True,
)
def inputs_unchanged(draw: Draw) -> list[Case]:
    """Queries, keys and queue are left as they were."""
    return [_logits(draw), _logits(draw, wants_grad=_ALL)]


@check(
    "moco.moco_logits",
    points=1,
    accuracy="unguarded",
    dtype=torch.float64,
    looks_at=("result", "kept", "gradient.queries"),
)
def layouts(draw: Draw) -> list[Case]:
    """The logits are right in float64, for transposed memory, a batch of one and in a second call."""
    # In the third case the queue has as many keys as entries, so that a transposed one fits and shows.
    variants: list[dict[str, Any]] = [
        {"n": 6, "contiguous": False},
        {"n": 1},
        {"n": 15, "square": True},
    ]
    cases = [_logits(draw, wants_grad=("queries",), length=1e4, **variant) for variant in variants]
    again = _logits(draw, sizes=(2, 5, 7), length=1e4).then(_logits(draw, sizes=(2, 5, 7), length=1e4))
    return [*cases, again]

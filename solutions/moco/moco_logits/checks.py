"""Cases and points of `moco.moco_logits`."""

from typing import Any

import torch
import torch.nn.functional as F

from course_utils.checks import Case, Draw, Input, check

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


@check(points=1.5, visible=True)
def logits(draw: Draw) -> Case:
    """The logits are right on a small batch."""
    return _logits(draw)


@check(points=1, accuracy="softmax", looks_at=("result", "gradient.queries"))
def low_temperature(draw: Draw) -> Case:
    """Logits and gradient with respect to the queries are right at temperature 0.01."""
    # Crowded around one direction, so that whoever takes a softmax of these logits does not get a single one.
    return _logits(draw, 0.01, ("queries",), crowded=True)


@check(points=1, visible=True, looks_at=("gradient.keys", "gradient.queue"), side=True)
def no_gradient_to_keys(draw: Draw) -> Case:
    """No gradient flows into the keys or the queue."""
    return _logits(draw, wants_grad=_ALL)


@check(
    points=0.5,
    looks_at=("after", "graph.queries", "graph.keys", "graph.queue", "place", "setting"),
    side=True,
)
def inputs_unchanged(draw: Draw) -> list[Case]:
    """Queries, keys and queue are left as they were."""
    return [_logits(draw), _logits(draw, wants_grad=_ALL)]


@check(
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

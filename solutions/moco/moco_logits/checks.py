"""Cases and points of `moco.moco_logits`."""

import torch.nn.functional as F

from course_utils.checks import Case, Draw, check, standard


def _logits(
    draw: Draw, *sizes: int, n: int = 0, square: bool = False, crowded: bool = False, length: float = 1.0
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
    return Case.of(queries=queries, keys=keys, queue=queue, temperature=0.01 if crowded else 0.2)


logits = standard.values(_logits, "The logits are right on a small batch.", points=1.5)


@check(
    points=1,
    accuracy="softmax",
    looks_at=("result", "gradient.queries"),
    asks="very small temperatures, what gets a gradient",
)
def low_temperature(draw: Draw) -> Case:
    """Logits and gradient with respect to the queries are right at temperature 0.01."""
    # Crowded around one direction, so that whoever takes a softmax of these logits does not get a single one.
    return _logits(draw, crowded=True).wanting_gradients("queries")


@check(points=1, visible=True, looks_at=("gradient.keys", "gradient.queue"), side=True)
def no_gradient_to_keys(draw: Draw) -> Case:
    """No gradient flows into the keys or the queue."""
    return _logits(draw).wanting_gradients()


inputs_unchanged = standard.unchanged(_logits, "Queries, keys and queue are left as they were.")


def _layouts(draw: Draw) -> list[Case]:
    # In the third case the queue has as many keys as entries, so that a transposed one fits and shows.
    long, one = _logits(draw, n=6, length=1e4).strided(), _logits(draw, n=1, length=1e4)
    cases = [long, one, _logits(draw, n=15, length=1e4, square=True)]
    again = _logits(draw, 2, 5, 7, length=1e4).then(_logits(draw, 2, 5, 7, length=1e4))
    return [*(case.wanting_gradients("queries") for case in cases), again]


layouts = standard.layouts(
    _layouts,
    "The logits are right in float64, for transposed memory, a batch of one and in a second call.",
    looks_at=("result", "kept", "gradient.queries"),
)

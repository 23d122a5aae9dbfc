"""Cases and points of `moco.moco_logits`."""

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.checks import Case, Draw, Observation, check, standard


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
    queries = F.normalize(queries) * length * _lengths(draw, batch)[:, None]
    keys = F.normalize(keys) * length * _lengths(draw, batch)[:, None]
    queue = F.normalize(queue, dim=0) * length * _lengths(draw, size)
    return Case.of(queries=queries, keys=keys, queue=queue, temperature=0.01 if crowded else 0.3)


def _lengths(draw: Draw, count: int) -> Tensor:
    # Different for each vector, below one (the first at least) and above, so that every missing normalisation shows.
    lengths = 0.4 + 2 * draw.uniform(count)
    lengths[0] = 0.5
    return lengths


def _with(case: Case, **inputs: float | Tensor) -> Case:
    """The same calls with some of the inputs replaced."""
    others = Case.of(**inputs).inputs
    return Case({**case.inputs, **others}, case.calls)


def _by_hand() -> Case:
    # In the plane: cosines are -1, -0.8, 0, 0.6, 0.8 and 1, and the temperature makes them twice as large.
    def rows(*vectors: tuple[float, float]) -> Tensor:
        return torch.tensor(vectors, dtype=torch.float64)

    queue = rows((3, 4), (-4, 3), (0, 2)).T.contiguous()
    return Case.of(queries=rows((1, 0), (0, 2)), keys=rows((3, 4), (0, -5)), queue=queue, temperature=0.5)


logits = standard.values(
    lambda draw: [_by_hand(), _logits(draw)], "The logits are right on a small batch.", points=1.5
)


@check(
    points=0.5, accuracy="softmax", looks_at=("result", "gradient.queries"), asks="very small temperatures"
)
def low_temperature(draw: Draw) -> Case:
    """Logits and gradient with respect to the queries are right at temperature 0.01."""
    # Crowded around one direction, so that whoever takes a softmax of these logits does not get a single one. Keys and
    # queue have length one already: what else is wrong shows here as it is, even if they are not normalised.
    case = _logits(draw, crowded=True)
    keys, queue = (case.tensors[name].tensor for name in ("keys", "queue"))
    return _with(case, keys=F.normalize(keys), queue=F.normalize(queue, dim=0)).wanting_gradients("queries")


@check(points=0.5, visible=True, accuracy="softmax", looks_at=("gradient.queries",))
def gradient_to_queries(draw: Draw) -> list[Case]:
    """A gradient flows into the queries, and it is right, at temperature 0.01 too."""
    return [_logits(draw).wanting_gradients(), _logits(draw, n=3, crowded=True).wanting_gradients()]


@check(points=0.5, visible=True, looks_at=("gradient.keys", "gradient.queue"), side=True)
def no_gradient_to_keys(draw: Draw) -> Case:
    """No gradient flows into the keys or the queue."""
    return _logits(draw).wanting_gradients()


inputs_unchanged = standard.unchanged(_logits, "Queries, keys and queue are left as they were.")


def _layouts(draw: Draw) -> list[Case]:
    # At temperature 1 what else is wrong shows as it is, even if the temperature is left out or multiplied by.
    def case(*sizes: int, n: int = 0, square: bool = False) -> Case:
        return _with(_logits(draw, *sizes, n=n, square=square, length=1e4), temperature=1.0)

    # In the third case the queue has as many keys as entries, so that a transposed one fits and shows.
    cases = [case(n=6).strided(), case(n=1), case(n=15, square=True)]
    return [*(item.wanting_gradients("queries") for item in cases), case(2, 5, 7).then(case(2, 5, 7))]


layouts = standard.layouts(
    _layouts,
    "The logits are right in float64, for transposed memory, a batch of one and in a second call.",
    points=0.5,
    looks_at=("result", "kept", "gradient.queries"),
    asks="other sizes, temperatures and layouts in memory, float64",
)


def _queues(draw: Draw) -> list[Case]:
    # A long queue; keys that are exactly orthogonal to most queries; keys that are in the queue already, some twice.
    long = _logits(draw, 3, 5, draw.many(), length=1e4)
    vectors = 1e4 * draw.orthogonal(6, 8)
    queries, keys = vectors[:4] + vectors[draw.permutation(4)], vectors[draw.permutation(6)[:4]]
    apart = Case.of(queries=queries, keys=keys, queue=vectors.T.contiguous(), temperature=0.2)
    queue = 1e4 * draw.repeated(9, 5)
    twice = Case.of(queries=1e4 * draw.normal(3, 5), keys=queue[:3].clone(), queue=queue.T, temperature=0.2)
    # At 0.2, a usual temperature: what else is wrong shows as it is, even if it is always taken.
    return [case.wanting_gradients("queries") for case in (_with(long, temperature=0.2), apart, twice)]


queues = standard.layouts(
    _queues,
    "The logits are right in float64, for a long queue, orthogonal keys and keys that are in it twice.",
    points=0.5,
    looks_at=("result", "gradient.queries"),
    asks="long queues and special keys",
)


def _zeros_are_kept(case: Case, observation: Observation) -> str | None:
    """Nobody defines the cosine with a vector of zeros: it may be any cosine or no number, but not left out."""
    result = observation.quantities.get("result")
    queries, queue = (case.tensors[name].tensor for name in ("queries", "queue"))
    shape = len(queries), 1 + queue.shape[1]
    if not isinstance(result, torch.Tensor) or result.shape != shape:
        return f"result should be a tensor of shape {shape}: a vector of zeros is a key like any other"
    # The temperature is a half.
    if bool((result.abs() > 2.001).any()):
        return "result holds more than a cosine divided by the temperature where a key is all zeros"
    return None


@check(points=0.5, looks_at=("exception",), side=True, property=_zeros_are_kept, asks="keys of zeros")
def keys_of_zeros(draw: Draw) -> Case:
    """A key of zeros is a key like any other."""
    queries, keys = draw.normal(4, 6), draw.with_zero_vectors(4, 6)
    return Case.of(queries=queries, keys=keys, queue=draw.with_zero_vectors(6, 9, dim=0), temperature=0.5)

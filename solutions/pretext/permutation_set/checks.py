"""Cases and points of `pretext.permutation_set`."""

from itertools import permutations

import torch
from torch import Tensor

from course_utils.checks import Case, Draw, Observation, check, standard

# A right answer may compare sums of distances, or means of shares of places that differ. Shares of two, four, eight or
# sixteen places are exact in every dtype, so that ties stay ties; cases with other numbers of places have no ties.


def _all_of(t: int) -> Tensor:
    """All permutations of t numbers, sorted."""
    return torch.tensor(list(permutations(range(t))))


def _shuffled(draw: Draw, rows: Tensor) -> Tensor:
    return rows[draw.permutation(len(rows))]


def _drawn(draw: Draw, m: int, t: int) -> Tensor:
    """m different permutations of t numbers."""
    rows: dict[tuple[int, ...], None] = {}
    while len(rows) < m:
        rows[tuple(draw.permutation(t).tolist())] = None
    return torch.tensor(list(rows))


def _drawn_as_matrices(draw: Draw, m: int, t: int) -> Tensor:
    """m different permutations of t numbers, from t x t matrices with a single one in each row and column.

    Every permutation holds a zero, which says no more than its other numbers: nobody should take it for padding.
    """
    rows: dict[tuple[int, ...], None] = {}
    while len(rows) < m:
        rows[tuple(draw.one_hot(t, t).argmax(dim=1).tolist())] = None
    return torch.tensor(list(rows))


def _has_ties(candidates: Tensor, first: int, size: int) -> bool:
    """Whether two candidates are ever equally far from the chosen ones, while there is a choice."""
    apart = (candidates[:, None] != candidates).sum(dim=2)
    left, total = set(range(len(candidates))) - {first}, apart[first].clone()
    for _ in range(size - 1):
        best = sorted(left, key=lambda row: int(total[row]))
        if len(best) > 1 and total[best[-1]] == total[best[-2]]:
            return True
        left.remove(best[-1])
        total += apart[best[-1]]
    return False


def _without_ties(draw: Draw, m: int, t: int, size: int) -> Case:
    """A case in which the largest sum is always that of one candidate alone."""
    while True:
        candidates, first = _drawn(draw, m, t), draw.integer(1, m - 1)
        if not _has_ties(candidates, first, size):
            return Case.of(candidates=candidates, first=first, size=size)


def _of_four(draw: Draw, size: int, first: int | None = None) -> Case:
    first = draw.integer(1, 23) if first is None else first
    return Case.of(candidates=_shuffled(draw, _all_of(4)), first=first, size=size)


def _by_hand() -> Case:
    # Row 1 differs from rows 0 and 2 in two places, and from row 3 in all three.
    rows = torch.tensor([[1, 0, 2], [0, 1, 2], [0, 2, 1], [2, 0, 1]])
    return Case.of(candidates=rows, first=1, size=2)


@check(points=1, visible=True, accuracy="exact")
def far_apart(draw: Draw) -> list[Case]:
    """Each row chosen has the largest sum of distances to those before it."""
    return [_by_hand(), _without_ties(draw, 9, 5, 4)]


@check(points=1, visible=True, accuracy="exact")
def ties(draw: Draw) -> Case:
    """Of candidates that are equally far, the one in the lowest row is chosen."""
    return _of_four(draw, 7)


@check(points=0.5, visible=True, accuracy="exact")
def more_rows(draw: Draw) -> Case:
    """A longer choice is right, too."""
    m = draw.integer(30, 40)
    return Case.of(candidates=_drawn(draw, m, 8), first=draw.integer(1, m - 1), size=9)


@check(
    points=1,
    accuracy="exact",
    looks_at=("result", "kept", "memory"),
    asks="all candidates, one alone, other layouts, memory of its own",
)
def other_sizes(draw: Draw) -> list[Case]:
    """The set is right for every size from one to all candidates, for many, in transposed memory and called again."""
    everything = [_of_four(draw, 24), Case.of(candidates=_all_of(2), first=1, size=2)]
    alone = [Case.of(candidates=_all_of(1), first=0, size=1), Case.of(candidates=_all_of(4), first=0, size=1)]
    last = _of_four(draw, 5, 23)
    # The second call differs in the candidates alone.
    again = _of_four(draw, 8, 11).then(_of_four(draw, 8, 11))
    # Many rows, long ones, and a choice that goes on for long.
    many = [
        Case.of(candidates=_drawn(draw, m, t), first=draw.integer(1, 9), size=size)
        for m, t, size in ((120, 8, 20), (draw.many(), 16, 8))
    ]
    nine = _without_ties(draw, 12, 9, 5)
    zeros = Case.of(candidates=_drawn_as_matrices(draw, 20, 4), first=draw.integer(1, 19), size=12)
    return [*everything, *alone, last, _of_four(draw, 9).strided(), again, *many, nine, nine.strided(), zeros]


def _mean_distance(rows: Tensor) -> float:
    """The mean Hamming distance of two different rows."""
    return (rows[:, None] != rows).sum().item() / (len(rows) * (len(rows) - 1))


def _is_far_apart(case: Case, observation: Observation) -> str | None:
    """Another way to choose may be sound, too; its rows must be further apart than those of a random choice."""
    rows = observation.quantities.get("result")
    candidates = case.tensors["candidates"].tensor
    if not isinstance(rows, Tensor) or rows.shape != (case.inputs["size"], candidates.shape[1]):
        return "result should be as many rows as are asked for, each as long as a candidate"
    known = {tuple(row) for row in candidates.tolist()}
    found = [tuple(row) for row in rows.tolist()]
    if not known.issuperset(found):
        return "result should hold rows of the candidates and nothing else"
    if len(set(found)) < len(found):
        return "result should hold no row twice"
    if _mean_distance(rows) < _mean_distance(candidates) + 0.25:
        return "the rows of the result should differ in more places than those of a random choice"
    return None


@check(points=0.5, property=_is_far_apart, looks_at=("exception",), asks="rows that are far apart")
def further_than_a_random_set(draw: Draw) -> list[Case]:
    """The rows are different, come from the candidates, and are further apart than a random choice."""
    sizes = (120, 9, 8), (200, 9, 12)
    return [Case.of(candidates=_drawn(draw, m, t), first=0, size=size) for m, t, size in sizes]


@check(points=0.5, visible=True, accuracy="exact", looks_at=("exception", "result"), side=True)
def impossible(draw: Draw) -> list[Case]:
    """A size that is not in [1, m], or a first row that is not there: a ValueError."""
    rows = _all_of(3)
    wrong = (0, 7), (0, 0), (6, 2), (-1, 2)
    return [Case.of(candidates=rows, first=first, size=size) for first, size in wrong]


@check(
    points=0.5,
    accuracy="exact",
    looks_at=("exception", "result"),
    side=True,
    asks="sizes and first rows, on the limit and beyond",
)
def limits(draw: Draw) -> list[Case]:
    """What is just allowed is answered, and what is just not allowed is a ValueError."""
    m = draw.integer(5, 8)
    rows = _drawn(draw, m, 4)
    pairs = [(0, m), (m - 1, m), (m - 1, 1), (0, 1), (2, -1), (2, 0), (2, m + 1), (2, 3 * m)]
    pairs += [(m, 1), (m, m), (m + 3, 2), (-1, 1), (-m, 2)]
    return [Case.of(candidates=rows, first=first, size=size) for first, size in pairs]


inputs_unchanged = standard.unchanged(
    lambda draw: [_of_four(draw, 5), _of_four(draw, 5)], "The candidates are left as they were."
)

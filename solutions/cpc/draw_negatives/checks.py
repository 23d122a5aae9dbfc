"""Cases and points of `cpc.draw_negatives`."""

import torch
from torch import Tensor

from course_utils.checks import Case, Draw, Observation, check, standard


def _uniforms(draw: Draw, p: int, m: int) -> Tensor:
    # In float32 a product may be rounded up to the next whole number: none comes near one.
    while True:
        uniforms = draw.uniform(p, m)
        products = uniforms * (p - 1)
        if ((products - products.round()).abs() > 1e-3).all():
            return uniforms


def _case(draw: Draw, p: int, m: int) -> Case:
    return Case.of(uniforms=_uniforms(draw, p, m))


def _by_hand(draw: Draw) -> Case:
    # Three others: the borders between them are at 1/3 and 2/3. Each row sees all of them, in an order of its own.
    values = torch.tensor([0.1, 0.3, 0.4, 0.6, 0.7, 0.9], dtype=torch.float64)
    return Case.of(uniforms=torch.stack([values[draw.permutation(6)] for _ in range(4)]))


negatives = standard.values(
    lambda draw: [_by_hand(draw), _case(draw, 7, 5)],
    "Each u becomes the number of another position, as the docstring has it.",
    points=1,
    accuracy="exact",
)


def _ends(draw: Draw) -> list[Case]:
    """The smallest and the largest u, in places that are drawn; and the only other of two positions."""
    cases = []
    largest = 1 - 2.0**-24  # in float32; in half precision it would be 1
    for p, m in ((7, 4), (5, 6)):
        uniforms = _uniforms(draw, p, m)
        for row in range(p):
            low, high = draw.permutation(m)[:2].tolist()
            uniforms[row, low], uniforms[row, high] = 0.0, largest
        cases.append(Case.of(uniforms=uniforms))
    return [*cases, Case.of(uniforms=torch.tensor([[0.0, 0.5, largest], [largest, 0.0, 0.7]]).double())]


@check(points=0.5, visible=True, accuracy="exact")
def ends_of_the_interval(draw: Draw) -> list[Case]:
    """0 and the largest number below 1 give the first and the last of the others; with two positions there is one."""
    return _ends(draw)


@check(points=0.5, visible=True, accuracy="exact", looks_at=("exception", "result"), side=True)
def no_others(draw: Draw) -> list[Case]:
    """A single position, or none at all: a ValueError. One draw for each of several is no error."""
    return [Case.of(uniforms=draw.uniform(1, 3)), _case(draw, 4, 1), Case.of(uniforms=draw.uniform(0, 3))]


def _fair(case: Case, observation: Observation) -> str | None:
    """Never the own number, and each other position equally often."""
    result = observation.quantities.get("result")
    uniforms = case.tensors["uniforms"].tensor
    if not isinstance(result, Tensor) or result.shape != uniforms.shape:
        return "result should be a tensor with one number for each u"
    if result.dtype != torch.int64:
        return "result should hold numbers of positions, int64"
    p, m = result.shape
    if not bool(((result >= 0) & (result < p)).all()):
        return f"result should hold numbers of the {p} positions, from 0 to {p - 1}"
    if bool((result == torch.arange(p).unsqueeze(1)).any()):
        return "result should never hold a position's own number in its row"
    for row, drawn in enumerate(result):
        counts = drawn.bincount(minlength=p)
        if bool((counts[torch.arange(p) != row] != m // (p - 1)).any()):
            return "result should hold every other position equally often, where the u are spread evenly"
    return None


@check(points=0.5, accuracy="exact", property=_fair, asks="how often each other position is drawn")
def each_other_position_equally_often(draw: Draw) -> list[Case]:
    """Where the given numbers are spread evenly, each other position is drawn equally often, and never the own one."""
    cases = []
    for p, each in ((draw.integer(5, 8), 4), (draw.integer(17, 20), 2), (2, 5)):
        m = each * (p - 1)
        grid = (torch.arange(m, dtype=torch.float64) + 0.5) / m
        cases.append(Case.of(uniforms=torch.stack([grid[draw.permutation(m)] for _ in range(p)])))
    return cases


def _layouts(draw: Draw) -> list[Case]:
    # The borders between four or eight others are exact, and belong to the higher number.
    borders = torch.stack([torch.arange(8)[draw.permutation(8)] for _ in range(9)]).double() / 8
    fourths = torch.stack([torch.arange(4)[draw.permutation(4)] for _ in range(5)]).double() / 4
    # Zeros are numbers like others.
    sparse = _uniforms(draw, 6, 5).masked_fill(draw.with_zeros(6, 5) == 0, 0.0)
    # As many draws as positions; far more draws; far more positions.
    shapes = (6, 6), (3, 40), (draw.many(), 2), (draw.integer(400, 500), 1), tuple(draw.long_sizes(2, 3, 9))
    return [
        *(_case(draw, p, m) for p, m in shapes),
        _case(draw, 5, 8).strided(),
        _case(draw, 6, 4).then(_case(draw, 6, 4)),
        *(Case.of(uniforms=part) for part in (borders, fourths, sparse)),
        *_ends(draw),
    ]


layouts = standard.layouts(
    _layouts,
    "The numbers are right in float64, for other sizes, in transposed memory and in a second call.",
    points=0.5,
    accuracy="exact",
)
inputs_unchanged = standard.unchanged(
    lambda draw: _case(draw, 5, 4), "The numbers passed in are left as they were."
)

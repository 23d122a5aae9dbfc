"""Cases and points of `moco.unshuffle_batch`."""

import torch
from torch import Tensor

from course_utils.checks import Case, Draw, standard


def _turning(draw: Draw, n: int) -> Tensor:
    # Not its own inverse and none of the simple ones: identity, backwards, a rotation.
    places = torch.arange(n)
    if n < 4:  # there is none
        return draw.permutation(n)
    while True:
        order = draw.permutation(n)
        simple = order.equal(places.flip(0)) or any(order.equal(places.roll(k)) for k in range(n))
        if not simple and not order[order].equal(places) and order[0] != 0:
            return order


def _keys(draw: Draw, groups: int = 2, members: int = 4, d: int = 3) -> Case:
    return Case.of(keys=draw.normal(groups, members, d), permutation=_turning(draw, groups * members))


def _numbered(permutation: list[int], groups: int) -> Case:
    # The key of image i is (i, 10 i): put in order, they count.
    keys = torch.tensor(permutation, dtype=torch.float64)[:, None] * torch.tensor([1.0, 10.0])
    return Case.of(keys=keys.unflatten(0, (groups, -1)), permutation=torch.tensor(permutation))


in_order = standard.values(
    lambda draw: [_numbered([4, 2, 0, 5, 1, 3], 2), _keys(draw)],
    "Row i is the key of image i.",
    points=1,
    accuracy="moved",
)
other_groups = standard.values(
    lambda draw: [
        _numbered([1, 2, 0], 1),
        _numbered([3, 0, 4, 2, 1], 5),
        _keys(draw, 3, 2),
        _keys(draw, 4, 3),
    ],
    "So it is for one group, for groups of one, and for more groups than members.",
    points=0.5,
    accuracy="moved",
)
gradients = standard.gradients(
    lambda draw: _keys(draw, 3, 2, 4),
    "The gradient finds its way back to the keys.",
    points=0.5,
    accuracy="moved",
    looks_at=("result", "gradient"),
)


def _layouts(draw: Draw) -> list[Case]:
    shapes = [_keys(draw, groups, members, 2) for groups, members in ((3, 4), (4, 2), (6, 1), (1, 6))]
    # More images than a byte can count.
    many, wide = _keys(draw, draw.many(), 4, 3), _keys(draw, 2, 3, draw.many())
    # As many keys as entries: whoever puts the entries in order is seen, not refused.
    square, cube = _keys(draw, 2, 3, 6), _keys(draw, 3, 3, 3)
    zeros, empty, twice = (_keys(draw, 2, 3, 4) for _ in range(3))
    zeros.tensors["keys"].tensor.copy_(draw.with_zeros(2, 3, 4))
    empty.tensors["keys"].tensor.copy_(draw.with_zero_vectors(2, 3, 4))
    twice.tensors["keys"].tensor.copy_(draw.repeated(6, 4).reshape(2, 3, 4) * 1e6)
    again = _keys(draw, 3, 2, 4).then(_keys(draw, 3, 2, 4))
    cases = [*shapes, many, wide, square, square.strided(), cube, cube.strided(), zeros, empty, twice, again]
    return [*cases, _numbered([0], 1), _numbered([0, 1, 2, 3], 2), _numbered([0, 1, 2], 1)]


layouts = standard.layouts(
    _layouts,
    "The keys are right in float64, for any number of groups, in transposed memory and called again.",
    points=0.5,
    accuracy="moved",
    looks_at=("result", "kept", "memory", "gradient"),
    asks="any number of groups, memory of its own, float64",
)
inputs_unchanged = standard.unchanged(_keys, "Keys and permutation are left as they were.")

"""Cases and points of `moco.shuffle_batch`."""

import torch
from torch import Tensor

from course_utils.checks import Case, Draw, check, standard


def _turning(draw: Draw, n: int) -> Tensor:
    """A permutation that is not its own inverse and is none of the simple ones: identity, backwards, a rotation."""
    places = torch.arange(n)
    if n < 4:  # there is none
        return draw.permutation(n)
    while True:
        order = draw.permutation(n)
        simple = order.equal(places.flip(0)) or any(order.equal(places.roll(k)) for k in range(n))
        if not simple and not order[order].equal(places) and order[0] != 0:
            return order


def _batch(draw: Draw, groups: int = 2, members: int = 4, c: int = 1, h: int = 0, w: int = 0) -> Case:
    height, width = draw.sizes(2, 2, 5)
    images = draw.uniform(groups * members, c, h or height, w or width)
    return Case.of(images=images, permutation=_turning(draw, len(images)), groups=groups)


def _numbered(permutation: list[int], groups: int) -> Case:
    # Images of a single pixel; image i is all i.
    images = torch.arange(len(permutation), dtype=torch.float64).reshape(-1, 1, 1, 1)
    return Case.of(images=images, permutation=torch.tensor(permutation), groups=groups)


def _shapes(draw: Draw) -> list[Case]:
    # More groups than members and the reverse, one member each, one group.
    few = [_batch(draw, groups, members, 2) for groups, members in ((3, 2), (2, 3), (5, 1), (1, 5))]
    return [_numbered([1, 2, 0, 5, 3, 4], 2), _numbered([2, 5, 1, 0, 3, 4], 3), *few]


dealt = standard.values(
    lambda draw: [_numbered([4, 2, 0, 5, 1, 3], 2), _batch(draw)],
    "Every group holds the images that the permutation deals to it.",
    points=1,
    accuracy="moved",
)
gradients = standard.gradients(
    lambda draw: _batch(draw, 3, 2),
    "The gradient finds its way back to the images.",
    points=0.5,
    accuracy="moved",
    looks_at=("result", "gradient"),
)


@check(points=0.5, visible=True, accuracy="moved", looks_at=("exception", "result"), side=True)
def unequal_groups(draw: Draw) -> list[Case]:
    """Groups that cannot be equal: a ValueError; where they can, none."""
    cases = [(7, 2), (5, 3), (3, 4)]
    images = [
        Case.of(images=draw.uniform(n, 1, 2, 1), permutation=_turning(draw, n), groups=g) for n, g in cases
    ]
    return [*images, _batch(draw, 4, 2)]


def _layouts(draw: Draw) -> list[Case]:
    channels, height, width = draw.long_sizes(3, 2, 4, long=2)
    long = _batch(draw, 2, 3, channels, height, width)
    # More images than a byte can count.
    many = _batch(draw, draw.many(), 4, 1, 2, 1)
    # As many images as channels, rows and columns: whoever shuffles another dimension is seen, not refused.
    cube = _batch(draw, 3, 2, 6, 6, 6)
    black, empty = _batch(draw, 2, 3, 2, 3, 4), _batch(draw, 2, 3, 2, 3, 4)
    black.tensors["images"].tensor.copy_(draw.with_zeros(6, 2, 3, 4))
    empty.tensors["images"].tensor.copy_(draw.with_zero_vectors(6, 24).reshape(6, 2, 3, 4))
    twice = _batch(draw, 2, 3, 2, 3, 4)
    twice.tensors["images"].tensor.copy_(draw.repeated(6, 24).reshape(6, 2, 3, 4) * 1e6)
    again = _batch(draw, 2, 3, 2, 3, 2).then(_batch(draw, 2, 3, 2, 3, 2))
    cases = [*_shapes(draw), long, many, cube, cube.strided(), black, empty, twice, again]
    return [*cases, _numbered([0], 1), _numbered([0, 1, 2, 3], 2), _numbered([0, 1, 2, 3], 1)]


layouts = standard.layouts(
    _layouts,
    "The images are right in float64, for any number of groups, in transposed memory and called again.",
    points=0.5,
    accuracy="moved",
    looks_at=("result", "kept", "memory", "gradient"),
    asks="any number of groups, memory of its own, float64",
)
inputs_unchanged = standard.unchanged(_batch, "Images and permutation are left as they were.")

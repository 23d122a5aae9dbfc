"""Cases and points of `moco.grouped_batch_norm`."""

import torch

from course_utils.checks import Case, Draw, check, standard


def _features(draw: Draw, groups: int = 3, m: int = 5, d: int = 4, *, spread: float = 1.0) -> Case:
    # Every group and every feature has a mean and a spread of its own. Neighbours lie on different sides of the mean,
    # apart from each other: members that are almost equal by chance would blow up the rounding of their mean.
    scale = 0.5 + 1.5 * draw.uniform(groups, 1, d)
    side = torch.ones(m, dtype=torch.float64)
    side[1::2] = -1.0
    members = side.unsqueeze(1) * (0.5 + draw.uniform(groups, m, d))
    features = spread * (4 * draw.uniform(groups, 1, d) - 2 + scale * members)
    return Case.of(features=features)


def _with_eps(case: Case, eps: float) -> Case:
    return Case.of(features=case.tensors["features"].tensor, eps=eps)


def _whole_numbers() -> Case:
    # Means 1, 4 and variances 2, 6 in the first group, means 0, -3 and variances 8, 2 in the second.
    first = [[0.0, 7.0], [3.0, 1.0], [0.0, 4.0]]
    second = [[4.0, -3 - 3**0.5], [-2.0, -3.0], [-2.0, -3 + 3**0.5]]
    return Case.of(features=torch.tensor([first, second], dtype=torch.float64))


def _by_hand() -> Case:
    # With eps = 1 the roots are those of 1 + 3, 1 + 0 and 1 + 8; the second group has other means than the first.
    first = [[5.0, 2.0, 10.0], [5 - 12**0.5, 2.0, 10 + 32**0.5]]
    second = [[1.0, 0.0, -6.0], [1.0, 12**0.5, -6 + 32**0.5]]
    return Case.of(features=torch.tensor([first, second], dtype=torch.float64), eps=1.0)


normalised = standard.values(
    lambda draw: [_whole_numbers(), _features(draw)],
    "Each group is normalised by its own statistics.",
    points=1,
)


@check(points=0.5, visible=True)
def nearly_constant(draw: Draw) -> list[Case]:
    """Features that hardly vary are right too, and so they are for other eps."""
    # Standard deviations of about 0.003, the root of eps: where eps is added, and whether it is, shows.
    small = _features(draw, 2, 6, 3)
    small.tensors["features"].tensor.mul_(0.003)
    return [_by_hand(), small, _with_eps(_features(draw, 2, 4, 3), 0.5 + draw.integer(0, 3) / 2)]


gradients = standard.gradients(
    lambda draw: [_features(draw, 2, 4, 3), _with_eps(_features(draw, 2, 3, 4), 0.7)],
    "The gradient is right: mean and variance depend on the members as well.",
    points=1,
    looks_at=("result", "gradient"),
)


@check(points=0.5, looks_at=("result",), asks="groups of one, one group, constant features")
def groups_of_any_size(draw: Draw) -> list[Case]:
    """The features are right for one group, for groups of one or two, and for features that do not vary."""
    one, pairs = _features(draw, 1, 7, 3), _features(draw, 5, 2, 3)
    # Zero is compared exactly, but who multiplies first, x * factor - mean * factor as torch's batch norms do, rounds.
    # A power of two times whatever factor is not rounded.
    lonely = 2.0 ** draw.integers(-1, 2, 4, 1, 3)
    lonely[1::2] *= -1
    constant = draw.normal(2, 5, 4)
    constant[0, :, 1] = 0.0
    constant[1, :, 2] = -2.0
    equal = _features(draw, 3, 3, 3), _features(draw, 4, 4, 4)
    return [one, Case.of(features=lonely), pairs, Case.of(features=constant), *equal]


def _layouts(draw: Draw) -> list[Case]:
    # Large values: eps is not felt, and what went through float32 is.
    large = [
        _features(draw, *sizes, spread=1e3) for sizes in ((3, 4, 5), (2, draw.many(), 3), (draw.many(), 3, 2))
    ]
    zeros = Case.of(features=1e3 * draw.with_zeros(3, 5, 4))
    twice = Case.of(features=1e3 * draw.repeated(6, 8).reshape(6, 4, 2).transpose(0, 1))
    # One member far from all others: its normalised feature is the root of 11 for twelve members.
    outlier = _features(draw, 2, 12, 3, spread=1e3)
    outlier.tensors["features"].tensor[:, draw.integer(0, 11), 1] += 1e5
    wide, again = _features(draw, 2, 3, draw.many()), _features(draw, 2, 5, 3).then(_features(draw, 2, 5, 3))
    eps = _with_eps(_features(draw, 3, 4, 2), 1e-3)
    return [*large, large[0].strided(), zeros, twice, outlier, wide, again, eps]


layouts = standard.layouts(
    _layouts,
    "Features and gradients are right in float64, for many groups and members, in transposed memory, called again.",
    looks_at=("result", "kept", "memory", "gradient"),
    points=0.5,
    asks="many groups or members, a second call, float64",
)
inputs_unchanged = standard.unchanged(_features, "The features passed in are left as they were.")

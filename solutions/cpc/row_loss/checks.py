"""Cases and points of `cpc.row_loss`."""

import torch
from torch import Tensor

from course_utils.checks import Case, Draw, check, standard


def _case(draw: Draw, n: int, d: int, h: int, w: int, rows_ahead: int) -> Case:
    # What is predicted resembles what is there, a little, and every place has a vector of its own length.
    z = draw.normal(n, d, h, w) * (0.5 + draw.uniform(n, 1, h, w))
    below = z.roll(-rows_ahead, 2)
    return Case.of(predicted=0.5 * below + draw.normal(n, d, h, w), z=z, rows_ahead=rows_ahead)


def _small(draw: Draw, rows_ahead: int = 1) -> Case:
    # Wider than high: who mixes up the two directions still finds a column to predict, the wrong one.
    return _case(draw, 3, draw.integer(5, 7), 4, draw.integer(5, 6), rows_ahead)


def _by_hand() -> Case:
    # One column of three rows. The first prediction has the score 1 with the row below it and 0 with all others, the
    # second one has the scores 0, 0 and 2: log(1 + 2 / e) and log(1 + 2 / e^2).
    z = torch.tensor([[1, 0, 0], [0, 1, 0], [0, 0, 1]], dtype=torch.float64)
    predicted = torch.tensor([[0, 0, 0], [1, 0, 0], [0, 2, 3]], dtype=torch.float64)
    return Case.of(predicted=predicted[None, :, :, None], z=z[None, :, :, None], rows_ahead=1)


def _shifted(draw: Draw, level: float, n: int, h: int, w: int) -> Case:
    # One more feature moves all scores to `level`. Alone, it would change nothing.
    d, rows_ahead = draw.integer(4, 6), draw.integer(1, h - 1)
    z, predicted = draw.normal(n, d, h, w), draw.normal(n, d, h, w)
    z[:, 0], predicted[:, 0] = 10.0, level / 10
    return Case.of(predicted=predicted, z=z, rows_ahead=rows_ahead)


def _spread(draw: Draw, n: int, h: int, w: int) -> Case:
    # Scores between -300 and 300: the right one's share is far below what float32 can hold.
    d, rows_ahead = draw.integer(4, 6), draw.integer(1, h - 1)
    z, predicted = draw.normal(n, d, h, w), draw.normal(n, d, h, w)
    asking = predicted[:, :, :-rows_ahead]
    highest = torch.einsum("ndhw,mdij->nhwmij", asking, z).abs().max()
    return Case.of(predicted=predicted * 300 / highest, z=z, rows_ahead=rows_ahead)


loss = standard.values(
    lambda draw: [_by_hand(), _small(draw)],
    "The loss is right on a small batch, one row ahead.",
    points=2,
)
gradients = standard.gradients(
    lambda draw: _small(draw, 2),
    "The gradients reach all vectors, and all predictions but those of the last rows.",
    points=1.5,
)


@check(points=1, visible=True)
def further_ahead(draw: Draw) -> list[Case]:
    """The loss is right two rows ahead, and as many as there can be."""
    return [_case(draw, 2, 6, 5, 7, 2), _small(draw, 3)]


@check(points=0.5, visible=True, accuracy="softmax", looks_at=("result", "gradient"))
def large_scores(draw: Draw) -> list[Case]:
    """Loss and gradients are finite and right for scores around 300 and around -300."""
    return [_shifted(draw, level, 2, 3, 2).wanting_gradients() for level in (300.0, -300.0)]


@check(
    points=0.5,
    accuracy="softmax",
    looks_at=("result", "gradient"),
    asks="scores that lie far from each other",
)
def scores_far_apart(draw: Draw) -> list[Case]:
    """Loss and gradients are finite and right for scores between -300 and 300."""
    return [_spread(draw, 2, 3, 4).wanting_gradients(), _spread(draw, 1, 4, 3).wanting_gradients()]


def _grid(draw: Draw, z: Tensor, rows_ahead: int) -> Case:
    return Case.of(predicted=draw.normal(*z.shape), z=z, rows_ahead=rows_ahead)


def _other_sizes(draw: Draw) -> list[Case]:
    # One image, one column, two rows; one long side; many images; as many columns as rows.
    tall, narrow = _case(draw, 1, 5, 6, 3, draw.integer(2, 5)), _case(draw, 2, 4, 5, 1, draw.integer(1, 4))
    two_rows = _case(draw, 3, 5, 2, 4, 1)
    n, d, h, w = draw.long_sizes(4, 2, 5, long=draw.integer(2, 3))
    long = _case(draw, n, d, h, w, draw.integer(1, h - 1))
    many, square = _case(draw, draw.many(), 3, 3, 2, 1), _case(draw, 2, 6, 5, 5, 3)
    return [tall, narrow, two_rows, long, many, square]


@check(points=1, looks_at=("result", "kept"), asks="other sizes, one image, a second call")
def other_sizes(draw: Draw) -> list[Case]:
    """The loss is right for other sizes, for vectors that are zero, equal or at right angles, and in a second call."""
    # Places without a vector, features that are zero, vectors that occur several times, one feature each.
    empty = draw.with_zero_vectors(2, 5, 4, 3, dim=1)
    zeros = draw.with_zeros(2, 5, 4, 3, dim=1)
    twice = draw.repeated(24, 5).view(2, 4, 3, 5).movedim(-1, 1)
    single = draw.one_hot(24, 5).view(2, 4, 3, 5).movedim(-1, 1)
    special = [_grid(draw, z, draw.integer(1, 3)) for z in (empty, zeros, twice, single)]
    return [*_other_sizes(draw), *special, _small(draw).then(_small(draw))]


layouts = standard.layouts(
    lambda draw: [_small(draw, 2), _small(draw).strided(), _case(draw, 1, 4, 3, 5, 2)],
    "Loss and gradients are right in float64, in transposed memory and for one image.",
    looks_at=("result", "gradient"),
)


@check(points=0.5, visible=True, looks_at=("exception", "result"), side=True)
def outside(draw: Draw) -> list[Case]:
    """No rows ahead, or more than there are: a ValueError; one less than the rows is right."""
    return [_limit(draw, 3, 5, 0), _limit(draw, 3, 5, 3), _limit(draw, 3, 5, 2)]


def _limit(draw: Draw, h: int, w: int, rows_ahead: int) -> Case:
    return Case.of(predicted=draw.normal(2, 4, h, w), z=draw.normal(2, 4, h, w), rows_ahead=rows_ahead)


@check(
    points=0.5,
    looks_at=("exception", "result"),
    dtype=torch.float64,
    side=True,
    asks="how many rows ahead are refused",
)
def limits(draw: Draw) -> list[Case]:
    """What is just allowed is computed, and what is just not allowed is a ValueError, whatever the other sizes."""
    limits = [
        (5, 2, 4),
        (5, 2, 5),
        (5, 2, 1),
        (2, 6, 2),
        (2, 6, 1),
        (1, 4, 1),
        (4, 3, -1),
        (3, 4, 9),
        (3, 3, -3),
    ]
    return [_limit(draw, *limit) for limit in limits]


inputs_unchanged = standard.unchanged(
    lambda draw: _small(draw, 2), "Predictions and vectors are left as they were."
)

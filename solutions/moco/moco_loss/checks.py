"""Cases and points of `moco.moco_loss`."""

import torch

from course_utils.checks import Case, Draw, standard


def _logits(draw: Draw, n: int = 0, k: int = 0, *, shift: float = 0.0, scale: float = 1.5) -> Case:
    # The positive is ahead of most negatives, but not of all, and not in every row.
    n, k = n or draw.integer(3, 5), k or draw.integer(7, 9)
    logits = scale * draw.normal(n, 1 + k)
    logits[:, 0] += scale * draw.uniform(n)
    return Case.of(logits=logits + shift)


def _by_hand() -> Case:
    # Equal logits leave a guess among four, log 4; with 1 and three zeros the positive's share is e / (e + 3).
    return Case.of(logits=torch.tensor([[0, 0, 0, 0], [1, 0, 0, 0], [0, 0, 1, 0]], dtype=torch.float64))


def _far(draw: Draw, n: int, k: int) -> list[Case]:
    # exp(89) is too much for float32, and exp(-104) is zero: all logits high, all low, and some of both.
    high, low = (_logits(draw, n, k, shift=shift) for shift in (300.0, -300.0))
    both = _logits(draw, n, k, scale=100.0)
    both.tensors["logits"].tensor[0, :3] = torch.tensor([-300.0, 300.0, 250.0], dtype=torch.float64)
    return [case.wanting_gradients() for case in (high, low, both)]


loss = standard.values(
    lambda draw: [_by_hand(), _logits(draw)], "The loss is right on a small batch.", points=1
)
gradients = standard.gradients(
    _logits, "The gradient reaches all columns of the logits and is right.", points=0.5
)
large_logits = standard.values(
    lambda draw: _far(draw, 3, 5),
    "Loss and gradient are finite and right for logits of 300 and of -300.",
    points=0.5,
    accuracy="softmax",
    looks_at=("result", "gradient"),
)


def _layouts(draw: Draw) -> list[Case]:
    # As many rows as columns, more rows than columns, one row, one negative, many of both.
    square = _logits(draw, 6, 5)
    long = [
        _logits(draw, draw.integer(8, 9), 4),
        _logits(draw, draw.many(), 3),
        _logits(draw, 3, draw.many()),
    ]
    few = [_logits(draw, 1, 6), _logits(draw, 4, 1), _logits(draw, 1, 1)]
    # Equal logits everywhere; equals at the top and at the bottom; zeros; a row that is all zeros.
    equal = Case.of(logits=torch.full((4, 7), 0.3, dtype=torch.float64))
    special = [
        Case.of(logits=logits)
        for logits in (draw.ties(5, 8), draw.with_zeros(4, 6), draw.with_zero_vectors(5, 4))
    ]
    again = _logits(draw, 4, 7).then(_logits(draw, 4, 7))
    return [square, square.strided(), *long, *few, equal, *special, again]


layouts = standard.layouts(
    _layouts,
    "Loss and gradient are right in float64, for other sizes, equal logits, transposed memory and called again.",
    points=0.5,
    looks_at=("result", "kept", "gradient"),
    asks="other sizes, equal logits, one row, one negative, float64",
)
inputs_unchanged = standard.unchanged(_logits, "The logits are left as they were.")

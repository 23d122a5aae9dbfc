"""Cases and points of `simclr.cosine_similarity`."""

import torch

from course_utils.checks import Case, Draw, standard


def _batches(draw: Draw, *sizes: int, length: float = 1.0) -> Case:
    n, m, d = sizes or draw.sizes(3, 3, 8)
    # Every vector has a length of its own, some below one.
    first, second = (draw.normal(count, d) * length * (0.3 + 2 * draw.uniform(count, 1)) for count in (n, m))
    return Case.of(first=first, second=second)


def _by_hand() -> Case:
    # Lengths 5, 1, 10 and 2: cosines 0.6, 1, -1 and the like.
    first, second = [[3, 4], [0, -1]], [[6, 8], [2, 0], [0, 5]]
    return Case.of(
        first=torch.tensor(first, dtype=torch.float64), second=torch.tensor(second, dtype=torch.float64)
    )


values = standard.values(
    lambda draw: [_by_hand(), _batches(draw)], "All cosines are right on small batches.", points=1
)
gradients = standard.gradients(_batches, "The gradients with respect to both batches are right.", points=0.5)


def _layouts(draw: Draw) -> list[Case]:
    # Long vectors feel no guard against zero, so that numbers which went through float32 are seen.
    plain, single, column = (_batches(draw, *sizes, length=1e4) for sizes in ((), (1, 4, 5), (6, 1, 3)))
    many = _batches(draw, draw.many(), draw.integer(34, 40), 3, length=1e4)
    square = _batches(draw, 4, 4, 4, length=1e4)
    again = _batches(draw, 4, 3, 6, length=1e4).then(_batches(draw, 4, 3, 6, length=1e4))
    # Exactly at right angles, equal, and opposite; and entries that are zero.
    vectors = 1e4 * draw.orthogonal(4, 7)
    angles = Case.of(first=vectors, second=torch.cat([2 * vectors[1:3], -vectors]))
    zeros = Case.of(first=1e4 * draw.with_zeros(5, 3), second=1e4 * draw.with_zeros(4, 3))
    return [plain, plain.strided(), single, column, many, square, again, angles, zeros]


layouts = standard.layouts(
    _layouts,
    "Cosines and gradients are right in float64, in transposed memory, for single vectors and in a second call.",
    points=1,
    looks_at=("result", "kept", "gradient"),
)


def _lengths(draw: Draw) -> Case:
    # Lengths from 1e-3 to 1e3. An honest guard against zero, up to 1e-6, moves a cosine by 1.1e-3 at most.
    first, second = draw.normal(7, 5), draw.normal(4, 5)
    scales = 10.0 ** (draw.permutation(7) - 3), 10.0 ** (draw.permutation(4) - 2)
    first, second = (
        batch / batch.norm(dim=1, keepdim=True) * scale[:, None]
        for batch, scale in zip((first, second), scales, strict=True)
    )
    return Case.of(first=first, second=second)


lengths = standard.values(
    _lengths,
    "The cosines are right for vectors of very different lengths.",
    points=0.5,
    accuracy="softmax",
    visible=False,
    asks="very short and very long vectors",
)
inputs_unchanged = standard.unchanged(_batches, "Both batches are left as they were.")

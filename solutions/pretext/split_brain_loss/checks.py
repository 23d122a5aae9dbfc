"""Cases and points of `pretext.split_brain_loss`."""

import torch

from course_utils.checks import Case, Draw, check, standard


def _halves(draw: Draw, *shape: int, n: int = 0, spread: float = 2.0) -> Case:
    count, k, m, h, w = shape or draw.sizes(5, 2, 8)
    n = n or count
    # Both halves have more classes than occur: whoever takes one for the other is not stopped by an exception.
    classes = [draw.integers(0, min(k, m) - 1, n, h, w) for _ in range(2)]
    logits = [spread * draw.normal(n, number, h, w) for number in (k, m)]
    return _case(*logits, *classes)


def _case(*values: torch.Tensor) -> Case:
    names = ("ab_logits", "l_logits", "ab_classes", "l_classes")
    return Case.of(**dict(zip(names, values, strict=True)))


def _by_hand() -> Case:
    # One row of two pixels. Colours: chances 1/3 and 1/2 for the right one of three; lightness: 1/2 and 1.
    colours = torch.tensor([[0, 0, 0], [-1000, 0, 0]], dtype=torch.float64)
    lightness = torch.tensor([[0, 0], [0, -1000]], dtype=torch.float64)
    logits = [scores.T[None, :, None].contiguous() for scores in (colours, lightness)]
    return _case(*logits, torch.tensor([[[0, 1]]]), torch.tensor([[[1, 0]]]))


def _small(draw: Draw) -> Case:
    return _halves(draw, 2, 4, 3, 3, 5)


loss = standard.values(
    lambda draw: [_by_hand(), _small(draw)],
    "The loss is the sum of both cross-entropies, each a mean over the pixels.",
    points=1.5,
)
gradients = standard.gradients(_small, "Both halves get their gradients.", points=0.5)


@check(points=0.5, visible=True, accuracy="softmax", looks_at=("result", "gradient"))
def large_scores(draw: Draw) -> Case:
    """Loss and gradients are finite and right for scores up to 500."""
    n, k, m, h, w = 2, 5, 3, 4, 3
    scores = [500 * (2 * draw.uniform(n, number, h, w) - 1) for number in (k, m)]
    classes = [draw.integers(0, min(k, m) - 1, n, h, w) for _ in range(2)]
    return _case(*scores, *classes).wanting_gradients()


@check(points=0.5, looks_at=("result", "kept"), asks="every class, square pictures, a second call")
def other_sizes(draw: Draw) -> list[Case]:
    """The loss is right with all classes, for square pictures, for halves that know all or nothing, and again."""
    k, m = draw.sizes(2, 3, 9)
    every = _halves(draw, 3, k, m, 5, 4)
    for name, number in (("ab_classes", k), ("l_classes", m)):
        every.tensors[name].tensor.copy_(draw.ties(3, 5, 4).long() % number)
        every.tensors[name].tensor[0, 0, 0] = number - 1
    # As many classes as rows, columns and images.
    square, equal = _halves(draw, 2, 5, 4, 6, 6), _halves(draw, 4, 4, 4, 4, 4)
    # Nothing is known of any pixel but of those where the scores are not zero.
    blank = _halves(draw, 2, 6, 3, 4, 5)
    blank.tensors["ab_logits"].tensor.copy_(draw.with_zeros(2, 6, 4, 5, dim=1, share=0.6))
    blank.tensors["l_logits"].tensor.zero_()
    # One half far better than the other: a mean of unlike parts shows.
    sure = _halves(draw, 2, 7, 5, 3, 4)
    sure.tensors["l_logits"].tensor.scatter_(1, sure.tensors["l_classes"].tensor[:, None], 6.0)
    return [every, square, equal, blank, sure, _small(draw).then(_small(draw))]


def _layouts(draw: Draw) -> list[Case]:
    long = _halves(draw, 1, *draw.sizes(2, 3, 6), *draw.long_sizes(2, 2, 5))
    many, one_pixel = _halves(draw, draw.many(), 4, 3, 2, 3), _halves(draw, 1, 4, 6, 1, 1)
    again = _halves(draw, n=3, spread=4)
    return [_halves(draw), _halves(draw).strided(), _halves(draw, n=1), again, long, many, one_pixel]


layouts = standard.layouts(
    _layouts,
    "Loss and gradients are right in float64, in transposed memory, for one picture, for many and for a pixel.",
    looks_at=("result", "gradient"),
    points=0.5,
)
inputs_unchanged = standard.unchanged(_small, "Scores and classes are left as they were.")

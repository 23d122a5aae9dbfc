"""Cases and points of `video.colorization_loss`."""

import torch
from torch import Tensor

from course_utils.checks import Case, Draw, check, standard

# Who adds the floor and who clamps by it are both right: probabilities of true classes are exactly 0 or at least 0.1,
# where the two agree. Gradients are looked at only where none is 0, and where the memory is contiguous: for any other,
# torch's own `nll_loss` has none.


def _spread(draw: Draw, classes: Tensor, shares: Tensor, count: int) -> Tensor:
    """Probabilities (n, c, h, w) of `count` classes: `shares` for the true ones, and the rest for the others."""
    n, h, w = classes.shape
    true = torch.nn.functional.one_hot(classes, count).movedim(-1, 1).bool()
    # Some of the other classes have no probability at all, one of them always has.
    others = draw.with_zeros(n, count, h, w, dim=1).abs()
    others[:, 0] += 0.1
    others[:, 1] += 0.1
    others[true] = 0.0
    others = others / others.sum(dim=1, keepdim=True)
    return torch.where(true, shares[:, None], (1 - shares[:, None]) * others).contiguous()


def _batch(draw: Draw, *sizes: int, zeros: float = 0.0) -> Case:
    """A batch in which a part of the true classes, about `zeros` and one at least, has no probability."""
    n, count, h, w = sizes or draw.sizes(4, 2, 6)
    classes = draw.integers(0, count - 1, n, h, w)
    shares = 0.1 + 0.8 * draw.uniform(n, h, w)
    if zeros:
        shares[draw.uniform(n, h, w) < zeros] = 0.0
        shares.view(-1)[draw.integer(0, n * h * w - 1)] = 0.0
    return Case.of(predicted=_spread(draw, classes, shares, count), classes=classes)


def _by_hand() -> Case:
    # One half, a quarter, and a quarter: log 2, log 4 and log 4.
    predicted = torch.tensor([[0.5, 0.5, 0.25], [0.25, 0.25, 0.25], [0.25, 0.25, 0.5]], dtype=torch.float64)
    return Case.of(predicted=predicted[None, :, None], classes=torch.tensor([[[0, 1, 0]]]))


loss = standard.values(
    # Not of two clips: a sum over them would be what anybody finds who is wrong by a factor of two.
    lambda draw: [_by_hand(), _batch(draw, 3, 5, 2, 4)],
    "The loss is the mean over all positions of -log of the true class's probability.",
    points=1,
)
gradients = standard.gradients(
    lambda draw: _batch(draw, 3, 4, 2, 5),
    "The gradients reach the probabilities of the true classes, and no others.",
    points=1,
)


@check(points=0.5, visible=True)
def no_reference_has_the_colour(draw: Draw) -> list[Case]:
    """The loss is finite and right where the true class has no probability."""
    return [_batch(draw, 3, 5, 4, 2, zeros=0.3), _batch(draw, 1, 4, 2, 1, zeros=1.0)]


def _layouts(draw: Draw) -> list[Case]:
    plain = _batch(draw)
    # One position, one row, one column; more classes than rows and columns; two classes; many positions.
    sizes = [(1, 3, 1, 1), (1, 16, 1, 7), (3, 11, 5, 1), (4, 2, 3, 5)]
    small = [_batch(draw, *size) for size in sizes]
    n, count, h, w = draw.long_sizes(4, 2, 5, long=draw.integer(2, 3))
    many = [_batch(draw, n, count, h, w), _batch(draw, draw.many(), 3, 2, 3)]
    grid = _batch(draw, 1, 2, *draw.large_grid())
    again = _batch(draw, 3, 4, 2, 5).then(_batch(draw, 3, 4, 2, 5))
    return [plain.strided(), *(case.wanting_gradients() for case in (plain, *small, *many, grid, again))]


# The floor that some add is felt more than rounding in float64.
layouts = standard.layouts(
    _layouts,
    "Loss and gradients are right in float64, for transposed memory, single positions and many, and called again.",
    points=1,
    accuracy="reduction",
    looks_at=("result", "gradient.predicted", "gradient.other_predicted", "kept"),
)


@check(points=0.5, looks_at=("result", "kept"), asks="colours that no reference has, sure and wrong")
def sure_and_wrong(draw: Draw) -> list[Case]:
    """The loss is right where all probability is on one class: the true one, or another one."""
    n, count, h, w = draw.sizes(4, 3, 6)
    places = draw.one_hot(n * h * w, count).view(n, h, w, count)
    right = draw.uniform(n, h, w) < 0.5
    right[0, 0, :2] = torch.tensor([True, False])
    shifted = (places.argmax(dim=3) + draw.integer(1, count - 1)) % count
    classes = torch.where(right, places.argmax(dim=3), shifted)
    sure = Case.of(predicted=places.movedim(3, 1).contiguous(), classes=classes)
    return [sure, _batch(draw, 3, 5, 2, 4, zeros=0.5), _batch(draw, draw.many(), 4, 2, 1, zeros=0.1)]


inputs_unchanged = standard.unchanged(_batch, "Probabilities and classes are left as they were.")

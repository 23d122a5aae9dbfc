"""Cases and points of `simclr.supcon_loss`."""

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.checks import Case, Draw, check, standard

# Labels are numbers of classes: not consecutive, not in the order of the rows, and two of them equal in float16.
_NAMES = torch.tensor([7, 2048, 11, 2049, 30, 0])


def _rows(draw: Draw, labels: Tensor, dim: int = 0, length: float = 1.0) -> Tensor:
    # Rows of a class are alike but not equal, and every row has a length of its own, some below one.
    n, dim = len(labels), dim or draw.integer(4, 9)
    _, classes = labels.unique(return_inverse=True)
    centres = draw.normal(int(classes.max()) + 1, dim)
    return F.normalize(0.7 * centres[classes] + draw.normal(n, dim)) * length * (0.4 + 2 * draw.uniform(n, 1))


def _batch(draw: Draw, temperature: float = 0.43, n: int = 0, dim: int = 0, length: float = 1.0) -> Case:
    # Three classes of different sizes, two rows at least.
    labels = _NAMES[draw.unequal_labels(n or draw.integer(9, 11), 3, smallest=2)]
    return Case.of(z=_rows(draw, labels, dim, length), labels=labels, temperature=temperature)


def _with_lonely(draw: Draw, temperature: float = 0.37, length: float = 1.0) -> Case:
    # Classes of one row, of two, and of three and more, and a second one of one row.
    labels = torch.cat([draw.unequal_labels(draw.integer(6, 8), 3), torch.tensor([3])])
    labels = _NAMES[labels[draw.permutation(len(labels))]]
    return Case.of(z=_rows(draw, labels, length=length), labels=labels, temperature=temperature)


def _by_hand() -> Case:
    # Rows of length one at right angles or opposite each other: at temperature 1 all shares are made of e, 1 and 1/e.
    z = torch.tensor([[1, 0], [1, 0], [0, 1], [0, 1], [-1, 0]], dtype=torch.float64)
    return Case.of(z=z, labels=torch.tensor([0, 0, 1, 1, 1]), temperature=1.0)


def _crowded(draw: Draw, n: int, dim: int) -> Case:
    # All rows crowd around one direction: every exponent is near 100, and exp(89) is too much for float32. They are
    # crowded enough, too, for the loss to be some nats and not a difference of rounding errors.
    z = draw.crowded(n, dim) * (1 + 2 * draw.uniform(n, 1))
    labels = _NAMES[draw.unequal_labels(n, 2, smallest=2)]
    return Case.of(z=z, labels=labels, temperature=0.01).wanting_gradients()


def _apart(draw: Draw, n: int, dim: int) -> Case:
    # Corners of a simplex, a little moved: all cosines are about -1 / (n - 1). An anchor's own cosine of 1 is so far
    # above the others that exp((s - 1) / T) is zero in float32.
    corners = F.normalize(draw.orthogonal(n, dim))
    z = (corners - corners.mean(dim=0) + 0.03 * draw.normal(n, dim)) * (0.4 + 2 * draw.uniform(n, 1))
    labels = _NAMES[draw.unequal_labels(n, 2, smallest=2)]
    return Case.of(z=z, labels=labels, temperature=0.01).wanting_gradients()


loss = standard.values(
    lambda draw: [_by_hand(), _batch(draw, 0.31)], "The loss is right on a small batch.", points=1.5
)
gradients = standard.gradients(_batch, "The gradients with respect to the projections are right.", points=1)


@check(points=1, visible=True, looks_at=("result", "gradient"))
def anchors_without_positives(draw: Draw) -> Case:
    """Loss and gradients are right where some classes have a single row."""
    return _with_lonely(draw).wanting_gradients()


@check(points=0.5, visible=True, accuracy="softmax", looks_at=("result", "gradient"))
def low_temperature(draw: Draw) -> Case:
    """Loss and gradients are finite and right at temperature 0.01, for rows that are much alike."""
    return _crowded(draw, 6, 5)


@check(points=0.5, visible=True, accuracy="softmax", looks_at=("result", "gradient"))
def low_temperature_far_apart(draw: Draw) -> Case:
    """Loss and gradients are finite and right at temperature 0.01, for rows that are far apart."""
    return _apart(draw, 5, 7)


@check(points=1, looks_at=("result", "kept"), asks="other batches, class sizes and temperatures")
def other_batches(draw: Draw) -> list[Case]:
    """The loss is right for pairs only, for one class, for many rows, for equal rows, and in a second call."""
    pairs = _NAMES[torch.arange(6)].repeat(2)[draw.permutation(12)]
    one_class = torch.full((draw.integer(4, 6),), 5)
    many = draw.unequal_labels(draw.many(), 5)
    sets = [
        Case.of(z=_rows(draw, labels), labels=labels, temperature=temperature)
        for labels, temperature in (
            (pairs, 0.23),
            (one_class, 0.6),
            (many, 0.8),
            (torch.tensor([3, 3, 5]), 0.9),
        )
    ]
    # Some rows occur twice, with equal labels or not; entries that are zero; rows exactly at right angles.
    labels = _NAMES[draw.unequal_labels(7, 3)]
    special = [
        Case.of(z=z, labels=labels, temperature=1.4)
        for z in (draw.repeated(7, 5), draw.with_zeros(7, 4), draw.orthogonal(7, 9))
    ]
    return [*sets, *special, _batch(draw, 0.9, 9, 4).then(_batch(draw, 0.9, 9, 4))]


@check(
    points=0.5,
    accuracy="softmax",
    looks_at=("result", "gradient"),
    asks="small temperatures in other batches",
)
def very_low_temperatures(draw: Draw) -> list[Case]:
    """Loss and gradients are finite and right at temperature 0.01 for larger batches."""
    return [_crowded(draw, draw.integer(7, 9), 5), _apart(draw, draw.integer(6, 7), 9)]


def _large_classes(draw: Draw, lonely: int) -> Case:
    # Who adds 1e-8 to the number of positives, so as not to divide by zero, is right: among 32 it is not felt. Nor is a
    # weight in float32: one thirty-second has no rounding error.
    sizes = torch.tensor([33, 65, *[1] * lonely])
    labels = _NAMES[torch.arange(len(sizes)).repeat_interleave(sizes)]
    labels = labels[draw.permutation(len(labels))]
    return Case.of(z=_rows(draw, labels, length=1e4), labels=labels, temperature=0.3)


layouts = standard.layouts(
    lambda draw: [_large_classes(draw, 1), _large_classes(draw, 2).strided()],
    "Loss and gradients are right in float64, for transposed memory too.",
    looks_at=("result", "gradient"),
)


@check(
    points=0.5,
    looks_at=("result", "gradient"),
    side=True,
    asks="batches in which nobody has a positive",
)
def nobody_has_a_positive(draw: Draw) -> list[Case]:
    """The loss is zero, and so are its gradients, if all labels differ, and for a batch of one row."""
    different = Case.of(z=draw.normal(4, 5), labels=_NAMES[draw.permutation(4)], temperature=0.5)
    single = Case.of(z=draw.normal(1, 3), labels=torch.tensor([1]), temperature=0.5)
    return [case.wanting_gradients() for case in (different, single)]


inputs_unchanged = standard.unchanged(_with_lonely, "Projections and labels are left as they were.")

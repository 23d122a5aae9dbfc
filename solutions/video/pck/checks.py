"""Cases and points of `video.pck`."""

import math

import torch
from torch import Tensor

from course_utils.checks import Case, Draw, check, standard


def _visible(draw: Draw, n: int, k: int, share: float = 0.6) -> Tensor:
    """Every object shows another number of points as far as there are enough, one of them all, if k is at least n."""
    visible = draw.uniform(n, k) < share
    for i, count in enumerate(draw.permutation(n).tolist()):
        if count < k:
            visible[i] = False
            visible[i, draw.permutation(k)[: k - count]] = True
    return visible


def _objects(
    draw: Draw, n: int, k: int, alpha: float, *, visible: Tensor | None = None, size: Tensor | None = None
) -> Case:
    """Points nearer or farther than is allowed, never nearly as far."""
    visible = _visible(draw, n, k) if visible is None else visible
    size = 5 + 40 * draw.uniform(n) if size is None else size
    return _moved(draw, _parts(draw, k, size, alpha), visible, size, alpha)


def _parts(draw: Draw, k: int, size: Tensor, alpha: float) -> Tensor:
    """Distances of k points of each object, in parts of what is allowed.

    Some are a pixel or two, others more than the size of the object, so that no wrong limit finds all points right or
    all wrong: such shares many wrong answers have in common.
    """
    part = 0.85 * draw.uniform(len(size), k)
    kind = draw.integers(0, 3, len(size), k)
    pixels = (2 * draw.uniform(len(size), k) / ((alpha or 1) * size[:, None])).clamp(max=0.8)
    little = 1.15 + 0.65 * draw.uniform(len(size), k)
    much = 1.2 + (2.2 / (alpha or 1) - 1.2) * draw.uniform(len(size), k)
    for number, other in enumerate((pixels, little, much.clamp(min=1.2))):
        part[kind == number] = other[kind == number]
    return part


def _moved(
    draw: Draw, part: Tensor, visible: Tensor, size: Tensor, alpha: float, *, sideways: bool = False
) -> Case:
    """Points moved by these parts of what is allowed, in any direction or in x alone; if very far, in x and y alike."""
    n, k = part.shape
    angle = 2 * math.pi * draw.uniform(n, k) * (not sideways)
    if sideways:
        angle[part > 20] = math.pi / 4
    step = (part * alpha * size[:, None])[..., None] * torch.stack([angle.cos(), angle.sin()], dim=2)
    truth = 100 * draw.uniform(n, k, 2)
    # What is not visible was found far away, or stands at (-1, -1) in both.
    hidden, lost = ~visible[..., None], draw.uniform(n, k, 1) < 0.5
    predicted = (truth + step).masked_fill(hidden, 1e4).masked_fill(hidden & lost, -1)
    truth = truth.masked_fill(hidden & lost, -1)
    return Case.of(predicted=predicted, truth=truth, visible=visible, size=size, alpha=alpha)


def _by_hand() -> Case:
    # Objects of size 10 and 40: allowed are 2.5 and 10. Off by 1, 2 and 3, and by 5, 10 (not seen) and 13: 3 of 5.
    moved = [[[1, 0], [0, 2], [3, 0]], [[3, 4], [6, 8], [5, 12]]]
    truth = torch.tensor([[[7.0, 9], [20, 4], [11, 30]]] * 2, dtype=torch.float64)
    return Case.of(
        predicted=truth + torch.tensor(moved, dtype=torch.float64),
        truth=truth,
        visible=torch.tensor([[True, True, True], [True, False, True]]),
        size=torch.tensor([10.0, 40], dtype=torch.float64),
        alpha=0.25,
    )


def _all_seen(n: int, k: int) -> Tensor:
    return torch.ones(n, k, dtype=torch.bool)


def _on_the_border(draw: Draw, n: int, k: int, visible: Tensor | None = None) -> Case:
    """Whole numbers only: some distances are exactly what is allowed, others a little more or less."""
    triangles = torch.tensor([[3, 4, 5], [6, 8, 10], [5, 12, 13], [8, 15, 17], [7, 24, 25], [9, 12, 15]])
    triangle = triangles[draw.permutation(6)[:n]]
    # The distance that is allowed is a quarter of the size.
    size = 4.0 * triangle[:, 2]
    more = torch.tensor([[0, 0], [1, 0], [0, 1], [-1, -1]])[draw.integers(0, 3, n, k)]
    more[0, :2] = torch.tensor([[0, 0], [1, 0]])
    steps = (2 * draw.integers(0, 1, n, k, 2) - 1) * (triangle[:, None, :2] + more)
    truth = draw.integers(0, 50, n, k, 2)
    visible = _all_seen(n, k) if visible is None else visible
    order = draw.permutation(k)
    predicted, truth = (truth + steps)[:, order].double(), truth[:, order].double()
    return Case.of(predicted=predicted, truth=truth, visible=visible, size=size.double(), alpha=0.25)


# Of the first three, each shows one of the definition's parts by itself: in a small case, and in one with so many
# points that no two wrong ideas have the same share by accident.
@check(points=0.5, visible=True)
def near_enough(draw: Draw) -> list[Case]:
    """Of an object whose points are all visible, those count that are near enough, up to exactly alpha * size."""
    cases = [_objects(draw, 1, k, 0.3, visible=_all_seen(1, k)) for k in (draw.integer(8, 10), draw.many())]
    return [*cases, _on_the_border(draw, 1, draw.integer(7, 11))]


@check(points=0.5, visible=True)
def sizes_of_objects(draw: Draw) -> list[Case]:
    """Each object is judged by its own size."""
    cases = []
    # As many points as objects: who puts sizes along the points gets a share, too.
    for n in (4, 11):
        size = (6.0 * 1.25 ** torch.arange(n).double())[draw.permutation(n)]
        # Most points are only just right, so that fewer are by the size of another object.
        part = 0.55 + 0.4 * draw.uniform(n, n)
        kind = draw.uniform(n, n)
        part[kind < 0.4] = 1.1 + 1.7 * draw.uniform(n, n)[kind < 0.4]
        # Some are right by a part of the size as well, a few right or wrong by any size.
        part[kind > 0.85] = 0.1 + 0.35 * draw.uniform(n, n)[kind > 0.85]
        part[kind < 0.2], part[kind < 0.1] = 30.0, 0.01
        cases.append(_moved(draw, part, _all_seen(n, n), size, 0.4, sideways=True))
    return cases


@check(points=0.5, visible=True)
def visible_ones(draw: Draw) -> list[Case]:
    """Only visible keypoints are judged, and all of them have equal votes."""
    cases = [_by_hand()]
    for n, k in ((3, 6), (9, 13)):
        size = torch.full((n,), float(draw.integer(10, 30)), dtype=torch.float64)
        part = _parts(draw, k, size, 0.22)
        part[draw.uniform(n, k) < 0.2] = 30.0
        cases.append(_moved(draw, part, _visible(draw, n, k), size, 0.22, sideways=True))
    return cases


@check(points=0.5, visible=True, looks_at=("exception", "result"), side=True)
def nothing_visible(draw: Draw) -> Case:
    """No visible keypoint: a ValueError."""
    # As many points as objects, so that nothing else is wrong for who puts sizes along the points.
    return _objects(draw, 4, 4, 0.2, visible=torch.zeros(4, 4, dtype=torch.bool))


def _layouts(draw: Draw) -> list[Case]:
    plain = _objects(draw, 5, 7, 0.2)
    one = [_objects(draw, 1, 5, 0.4), _objects(draw, 4, 1, 0.4, visible=_all_seen(4, 1))]
    # One of many objects shows something, and all points of all objects are seen.
    lonely = torch.zeros(6, 3, dtype=torch.bool)
    lonely[draw.integer(0, 5), draw.integer(0, 2)] = True
    ends = [_objects(draw, 6, 3, 0.3, visible=visible) for visible in (lonely, _all_seen(6, 3))]
    # That point is right, or a mean over all six would be zero as well.
    ends[0].tensors["predicted"].tensor[lonely] = ends[0].tensors["truth"].tensor[lonely] + 0.25
    many = _objects(draw, draw.many(), 17, 0.15)
    again = _objects(draw, 4, 5, 0.1).then(_objects(draw, 4, 5, 0.1))
    # Larger than the object itself; and nothing but what is exactly right.
    wide = _objects(draw, 3, 6, 2.5)
    exact = _objects(draw, 3, 4, 0.0, visible=_all_seen(3, 4))
    predicted = exact.tensors["predicted"].tensor
    predicted.copy_(exact.tensors["truth"].tensor)
    predicted[draw.integer(0, 2), draw.integer(0, 3), draw.integer(0, 1)] += 0.5
    borders = _on_the_border(draw, 5, 6, _visible(draw, 5, 6))
    # So near the border that half as many digits would not do: in half precision these sizes become larger, and points
    # that are just too far become right.
    sides = 1 + 1e-4 * (2 * draw.integers(0, 1, 4, 6) - 1).double()
    rounded = (5 + 40 * draw.uniform(4)).half().double() * (1 - 2.2e-4)
    near = _moved(draw, sides, _visible(draw, 4, 6), rounded, 0.3)
    return [plain, plain.strided(), *one, *ends, many, again, wide, exact, borders, borders.strided(), near]


# Who divides one number of points by another does so in float32, whatever the dtype of the points is: that is what
# torch makes of two integers. A share that is wrong by a point differs by 7e-4 and more.
layouts = standard.layouts(
    _layouts,
    "The share is right in float64, for transposed memory, single points and many, hidden objects, and called again.",
    accuracy="reduction",
    looks_at=("result", "kept"),
)
inputs_unchanged = standard.unchanged(
    lambda draw: _objects(draw, 3, 4, 0.2), "What is passed in is left as it was."
)

"""Cases and points of `pretext.patch_pair`."""

import torch
from torch import Tensor

from course_utils.checks import Case, Draw, check, standard


def _case(
    draw: Draw,
    labels: Tensor,
    c: int = 2,
    patch: int = 3,
    gap: int = 2,
    *,
    more: tuple[int, int] = (1, 2),
) -> Case:
    """Images that are larger than the nine places with all their jitter by `more` rows and columns."""
    n, most = len(labels), gap // 2
    least = 3 * patch + 2 * gap + 2 * most
    jitter = draw.integers(-most, most, n, 2, 2)
    if most:
        # Rows and columns, and the two patches of the first image, are moved differently.
        jitter[0] = torch.tensor([[most, -most], [-most, 0]])
    images = draw.uniform(n, c, least + more[0], least + more[1])
    return Case.of(images=images, labels=labels, jitter=jitter, patch=patch, gap=gap)


def _all_labels(draw: Draw) -> Tensor:
    return draw.permutation(8)


def _one_pixel_each() -> Case:
    # The pixel in row r and column c is r + c / 10. From 1.1 in the middle, one up and one to the right: 0.2.
    image = torch.arange(3)[:, None] + torch.arange(4, dtype=torch.float64) / 10
    jitter = torch.zeros(1, 2, 2, dtype=torch.int64)
    return Case.of(images=image[None, None], labels=torch.tensor([2]), jitter=jitter, patch=1, gap=0)


def _by_hand(draw: Draw) -> Case:
    # The pixel in row r and column c of image i is 10 i + r + c / 10: 24.3 lies in row 4 and column 3 of image 2.
    # Without jitter, the first patch is the pixel in row 4 and column 4. Labels and jitter are drawn, so that no answer
    # can be known beforehand.
    pixels = torch.arange(9.0, dtype=torch.float64)[:, None] + torch.arange(10.0) / 10
    images = pixels + 10 * torch.arange(8.0)[:, None, None, None]
    jitter = _case(draw, torch.arange(8)).tensors["jitter"].tensor
    return Case.of(images=images, labels=_all_labels(draw), jitter=jitter, patch=1, gap=2)


pairs = standard.values(
    lambda draw: [_one_pixel_each(), _by_hand(draw)],
    "Patches of a single pixel come from the right places, for all eight labels.",
    points=1,
    accuracy="moved",
)
first_patch = standard.values(
    lambda draw: _case(draw, _all_labels(draw)[:5], 1),
    "The first patch is cut from the middle, moved by its own jitter.",
    points=0.5,
    accuracy="moved",
    looks_at=("result.0",),
)
second_patch = standard.values(
    lambda draw: _case(draw, _all_labels(draw), 1, 2),
    "The second patch lies where the label says, moved by its own jitter.",
    points=1,
    accuracy="moved",
    looks_at=("result.1",),
)
gradients = standard.gradients(
    lambda draw: _case(draw, _all_labels(draw)[:3]),
    "The gradients reach the pixels of the two patches, and no others.",
    points=0.5,
    accuracy="moved",
    looks_at=("gradient", "graph.result.0", "graph.result.1"),
)


def _just_inside(draw: Draw) -> list[Case]:
    """Images that hold the patches asked for and nothing more: some other neighbours would not fit."""
    patch, gap = draw.integer(3, 4), 2
    side = 3 * patch + 2 * gap
    # One row of places, one column of places, and patches that only their jitter moves into the image.
    beside = Case.of(
        images=draw.uniform(2, 2, patch, side),
        labels=torch.tensor([4, 3]),
        jitter=torch.zeros(2, 2, 2, dtype=torch.int64),
        patch=patch,
        gap=gap,
    )
    below = Case.of(
        images=draw.uniform(2, 2, side, patch + 1),
        labels=torch.tensor([6, 1]),
        jitter=torch.tensor([[[0, 1], [0, 1]], [[-1, 0], [0, 0]]]),
        patch=patch,
        gap=gap,
    )
    pulled_in = Case.of(
        images=draw.uniform(2, 1, side - 2, side - 1),
        labels=torch.tensor([0, 7]),
        jitter=torch.tensor([[[0, 1], [1, 1]], [[1, -1], [-1, 0]]]),
        patch=patch,
        gap=gap,
    )
    return [beside, below, pulled_in]


def _layouts(draw: Draw) -> list[Case]:
    labels = [_all_labels(draw) for _ in range(4)]
    # Heights and widths even and odd, with patches of either kind.
    halves = [_case(draw, labels[0], 1, patch, more=more) for patch in (3, 4) for more in ((3, 4), (4, 5))]
    one = [_case(draw, torch.tensor([label]), 3, 2, 3) for label in draw.permutation(8)[:2].tolist()]
    again = _case(draw, labels[1][:3]).then(_case(draw, labels[2][:3]))
    many = _case(draw, draw.integers(0, 7, draw.many()), 1, 1, 1, more=(0, 1))
    # Patches of one pixel far apart, black pixels, channels enough to be taken for rows, large values.
    far = _case(draw, labels[3][:4], 1, 1, draw.integer(6, 8))
    large = _case(draw, labels[3][4:7], 11, 5, draw.integer(4, 6), more=(0, 3))
    large.tensors["images"].tensor.mul_(1e6)
    black = _case(draw, _all_labels(draw))
    black.tensors["images"].tensor.copy_(draw.with_zeros(*black.tensors["images"].tensor.shape))
    empty = _case(draw, _all_labels(draw), 3, gap=0, more=(0, 1))
    images = empty.tensors["images"].tensor
    images.copy_(draw.with_zero_vectors(*images.shape, dim=1))
    images[draw.integer(0, 7)] = 0.0
    # Patches that touch have no pixel in common. The last ones begin where the memory of the images does.
    touching = _case(draw, _all_labels(draw), 2, gap=0)
    corner = _case(draw, torch.tensor([0]), gap=0, more=(0, 0))
    return [*halves, halves[0].strided(), *one, again, many, far, large, black, empty, touching, corner]


layouts = standard.layouts(
    _layouts,
    "The patches are right in float64, in transposed memory, for any size and gap, for one image and called again.",
    points=1,
    accuracy="moved",
    looks_at=("result", "kept", "memory", "gradient"),
    asks="other sizes and layouts, memory of its own, float64",
)


@check(points=0.5, visible=True, accuracy="moved", looks_at=("exception", "result"), side=True)
def too_much_jitter(draw: Draw) -> list[Case]:
    """A jitter of more than half the gap: a ValueError."""
    return [_moved(draw, 3, place, by) for place, by in (((1, 1, 1), 2), ((0, 0, 0), -2))]


@check(points=0.5, visible=True, accuracy="moved", looks_at=("exception", "result"), side=True)
def outside(draw: Draw) -> list[Case]:
    """A patch that leaves its image: a ValueError."""
    return [_at_the_edge(draw, label, moved=True) for label in (1, 4)]


def _moved(draw: Draw, gap: int, place: tuple[int, int, int], by: int) -> Case:
    """One of the numbers of a jitter that is zero elsewhere; no patch comes near the edge of its image."""
    case = _case(draw, _all_labels(draw)[:2], 1, 2, gap, more=(8, 9))
    jitter = case.tensors["jitter"].tensor
    jitter.zero_()
    jitter[place] = by
    return case


def _at_the_edge(draw: Draw, label: int, *, moved: bool) -> Case:
    """The second patch of the last image reaches the edge; if it is moved, it goes one pixel further."""
    patch, gap = 2, 4
    down, right = {1: (-1, 0), 3: (0, -1), 4: (0, 1), 6: (1, 0)}[label]
    side = 3 * patch + 2 * gap
    # Room for everything in the other direction.
    height, width = (side + 2, side + 5) if down else (side + 6, side + 2)
    jitter = torch.zeros(2, 2, 2, dtype=torch.int64)
    jitter[1, 1] = torch.tensor([down, right]) * (2 if moved else 1)
    return Case.of(
        images=draw.uniform(2, 1, height, width),
        labels=torch.tensor([3 if down else 1, label]),
        jitter=jitter,
        patch=patch,
        gap=gap,
    )


@check(
    points=0.5,
    accuracy="moved",
    looks_at=("exception", "result"),
    dtype=torch.float64,
    side=True,
    asks="jitter and edges, on the limit and one pixel beyond",
)
def limits(draw: Draw) -> list[Case]:
    """What is just allowed is cut, and what is just not allowed is a ValueError, for either patch and every side."""
    edges = [_at_the_edge(draw, label, moved=moved) for label in (1, 3, 4, 6) for moved in (False, True)]
    places = (1, 0, 0), (1, 0, 1), (1, 1, 0), (1, 1, 1)
    # An odd gap, an even one and none: half of it is allowed, and the next whole number is not.
    jitters = [
        _moved(draw, gap, place, sign * most)
        for gap, allowed in ((3, 1), (2, 1), (0, 0))
        for place in places[:: 1 if gap == 3 else 3]
        for most, sign in ((allowed, 1), (allowed + 1, 1), (allowed + 1, -1))
    ]
    # The first patch leaves the image: by its jitter, or because it is larger.
    first = [
        Case.of(
            images=draw.uniform(1, 1, height, width),
            labels=torch.tensor([label]),
            jitter=torch.tensor([[jitter, [0, 0]]]),
            patch=3,
            gap=4,
        )
        for height, width, label, jitter in (
            (5, 17, 4, [2, 0]),
            (5, 17, 4, [-2, 0]),
            (17, 5, 6, [0, 2]),
            (17, 5, 6, [0, -2]),
            (2, 17, 3, [0, 0]),
            (17, 2, 1, [0, 0]),
        )
    ]
    return [*edges, *jitters, *first, *_just_inside(draw)]


inputs_unchanged = standard.unchanged(
    lambda draw: _case(draw, _all_labels(draw)[:3]), "Images, labels and jitter are left as they were."
)

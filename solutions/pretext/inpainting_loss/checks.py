"""Cases and points of `pretext.inpainting_loss`."""

import torch
from torch import Tensor

from course_utils.checks import Case, Draw, check, standard


def _holes(draw: Draw, n: int, h: int, w: int) -> Tensor:
    """A hole in each image, each of another size as far as there is room."""
    mask = torch.zeros(n, 1, h, w, dtype=torch.bool)
    for i in range(n):
        rows, columns = 1 + i % (h - 1), 1 + (i + draw.integer(0, 1)) % (w - 1)
        top, left = draw.integer(0, h - rows), draw.integer(0, w - columns)
        mask[i, 0, top : top + rows, left : left + columns] = True
    return mask[draw.permutation(n)]


def _batch(
    draw: Draw, *shape: int, mask: Tensor | None = None, weights: tuple[float, ...] = (0.7, 0.4), n: int = 0
) -> Case:
    sizes = shape or tuple(draw.sizes(4, 3, 7))
    count, channels, h, w = (n or sizes[0], *sizes[1:])
    mask = _holes(draw, count, h, w) if mask is None else mask
    images = 2 * draw.uniform(count, channels, h, w) - 1
    # Outside the holes the error is larger: who looks there is seen.
    generated = images + (1 + 2 * (~mask)) * (0.3 + draw.normal(count, channels, h, w))
    case = Case.of(generated=generated, images=images, mask=mask, fake_logits=1.5 * draw.normal(count) - 0.5)
    names = ("reconstruction_weight", "adversarial_weight")[: len(weights)]
    return Case({**case.inputs, **dict(zip(names, weights, strict=True))})


def _by_hand() -> Case:
    # Two images of one row and two channels. Errors 1, 3 and 2, 0 in the holes: 14 / 4. One logit is 0: log 2.
    images = torch.zeros(2, 2, 1, 3, dtype=torch.float64)
    generated = torch.tensor([[[[1, 9, 9]], [[3, 9, 9]]], [[[9, 9, 2]], [[9, 9, 0]]]], dtype=torch.float64)
    mask = torch.tensor([[[[True, False, False]]], [[[False, False, True]]]])
    logits = torch.zeros(2, dtype=torch.float64)
    inputs = Case.of(generated=generated, images=images, mask=mask, fake_logits=logits).inputs
    return Case({**inputs, "reconstruction_weight": 2.0, "adversarial_weight": 1.0})


def _observed(case: Case) -> Case:
    # Whether the true pixels get a gradient is left open.
    return case.wanting_gradients("generated", "fake_logits")


def _small(draw: Draw) -> Case:
    return _batch(draw, 3, 2, 4, 5)


loss = standard.values(
    # The first term by itself, then both.
    lambda draw: [_by_hand(), _small(draw), _batch(draw, 3, 2, 4, 5, weights=(1.0, 0.0))],
    "The loss is the mean squared error in the holes and the adversarial term, each times its weight.",
    points=1.5,
)


@check(points=0.5, visible=True)
def usual_weights(draw: Draw) -> Case:
    """Without weights, the loss is that of the paper's: 0.999 and 0.001."""
    case = _batch(draw, 4, 3, 5, 6, weights=())
    # So unsure of the patches that the second term counts.
    case.tensors["fake_logits"].tensor.sub_(8)
    return case


gradients = standard.gradients(
    _small,
    "The gradient reaches what was generated in the holes and nowhere else, and the discriminator's logits.",
    points=1,
    of=("generated", "fake_logits"),
)


@check(points=0.5, visible=True, looks_at=("result", "gradient"))
def sure_discriminator(draw: Draw) -> Case:
    """Loss and gradients are finite and right where the discriminator is as sure as can be."""
    case = _batch(draw, 4, 2, 4, 5, weights=(0.6, 0.02))
    case.tensors["fake_logits"].tensor.copy_(torch.tensor([-300.0, 250, -1, 2])[draw.permutation(4)])
    return _observed(case)


@check(points=0.5, looks_at=("result", "gradient", "kept"), asks="images without a hole, a batch without any")
def no_hole(draw: Draw) -> list[Case]:
    """Images without a hole add nothing, and a batch without any has no reconstruction term."""
    some = _holes(draw, 4, 5, 6)
    some[draw.integer(0, 3)] = False
    none = torch.zeros(3, 1, 4, 5, dtype=torch.bool)
    whole = torch.ones(2, 1, 3, 5, dtype=torch.bool)
    # Holes that are no rectangles.
    ragged = draw.uniform(3, 1, 6, 4) < 0.4
    ragged[0, 0, 0] = torch.tensor([True, False, True, False])
    masks = some, none, whole, ragged
    cases = [_batch(draw, len(mask), 3, *mask.shape[2:], mask=mask) for mask in masks]
    # One value in all: a hole of a pixel in grey.
    pixel = torch.zeros(2, 1, 3, 4, dtype=torch.bool)
    pixel[draw.integer(0, 1), 0, draw.integer(0, 2), draw.integer(0, 3)] = True
    cases.append(_batch(draw, 2, 1, 3, 4, mask=pixel))
    return [_observed(case) for case in cases] + [_batch(draw, 3, 2, 4, 5, mask=none).then(_small(draw))]


@check(
    points=0.5,
    dtype=torch.float64,
    looks_at=("result", "gradient", "kept"),
    asks="one image, many images, long rows, a second call",
)
def other_batches(draw: Draw) -> list[Case]:
    """Loss and gradients are right for one image, for many, for black pixels, and in a second call."""
    long = _batch(draw, *[2, *draw.long_sizes(3, 2, 5, long=draw.integer(1, 2))])
    many = _batch(draw, draw.many(), 1, 3, 4)
    # Images with black pixels, of which some are painted as they should be.
    black = _batch(draw, 3, 2, 5, 6)
    black.tensors["images"].tensor.copy_(draw.with_zeros(3, 2, 5, 6))
    black.tensors["generated"].tensor.copy_(draw.with_zeros(3, 2, 5, 6, share=0.5))
    alone = _batch(draw, 1, 3, 4, 6), _batch(draw, 1, 1, 3, 5)
    cases = [_batch(draw), *alone, long, many, black]
    return [_observed(case) for case in cases] + [_small(draw).then(_small(draw))]


@check(
    points=0.5,
    dtype=torch.float64,
    accuracy="unguarded",
    looks_at=("result", "gradient"),
    asks="layouts in memory, float64",
)
def layouts(draw: Draw) -> list[Case]:
    """Loss and gradients are right in float64, in transposed memory too."""

    # More than 1000 values in the holes: a small number added to their count is not felt. And pixels far from zero, so
    # that those which were rounded to float32 show.
    def large() -> Case:
        n, *sizes = draw.sizes(3, 9, 14)
        case = _batch(draw, n, 2, *sizes, mask=draw.uniform(n, 1, *sizes) < 0.8)
        for name in ("generated", "images"):
            case.tensors[name].tensor.add_(20)
        return _observed(case)

    return [large(), large().strided()]


inputs_unchanged = standard.unchanged(_small, "What is passed in is left as it was.")

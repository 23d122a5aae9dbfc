"""What features keep of how an image was changed, and how they lie on the sphere.

An argument of another type, dtype, shape or length than its function asks for raises a ValueError that names it.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64
from torch import Tensor

from course_utils import arguments
from course_utils.augment import Augment, Images, as_floats
from course_utils.evaluate import Encode, features, linear_probe


def alignment(first: Float[Tensor, "n d"], second: Float[Tensor, "n d"]) -> float:
    """Mean squared distance of partners on the unit sphere, 0 to 4; small is good (Wang & Isola 2020, alpha = 2).

    Args:
        first: one vector of each pair, of any length.
        second: the other.

    Raises:
        ValueError: the shapes differ, or there is no pair.
    """
    arguments.require_vectors("first", first)
    arguments.require_vectors("second", second)
    arguments.require_length("second", second, len(first), "first")
    if first.shape != second.shape:
        due, found = (f"{tuple(vectors.shape)}" for vectors in (first, second))
        arguments.refuse_argument("second", f"of the shape of first, {due}", f"it is of the shape {found}")
    return float((F.normalize(first, dim=1) - F.normalize(second, dim=1)).square().sum(dim=1).mean())


def uniformity(vectors: Float[Tensor, "n d"]) -> float:
    """Logarithm of the mean of exp(-2 * squared distance) over all pairs; 0 if all point in one direction, and the
    smaller the more evenly they cover the sphere (Wang & Isola 2020, t = 2). There are at least 2 vectors."""
    arguments.require_vectors("vectors", vectors)
    arguments.require_enough("vectors", vectors, 2, "vectors")
    return float(torch.pdist(F.normalize(vectors, dim=1)).square().mul(-2).exp().mean().log())


def turn(images: Tensor, label: Int64[Tensor, " n"]) -> Tensor:
    """Image i by `label[i]` quarter turns; the images are square."""
    _require_changes(images, label, answers=4)
    _require_square(images)
    return torch.stack([images.rot90(k, dims=(2, 3)) for k in range(4)])[label, torch.arange(len(images))]


def grey(images: Tensor, label: Int64[Tensor, " n"]) -> Tensor:
    """Images of label 1 without colour; the images are floats."""
    _require_changes(images, label, floats_only=True)
    shown = Augment(crop=(1, 1), ratio=(1, 1), flip=0, jitter=0, grey=1)(images, torch.Generator())
    return torch.where(label.view(-1, 1, 1, 1) == 1, shown, images)


def closer(images: Tensor, label: Int64[Tensor, " n"]) -> Tensor:
    """The middle of images of label 1, half as wide and half as high, made as large as the image."""
    _require_changes(images, label)
    height, width = images.shape[-2:]
    middle = images[..., height // 4 : height - height // 4, width // 4 : width - width // 4]
    shown = F.interpolate(middle, size=(height, width), mode="bilinear", align_corners=False)
    return torch.where(label.view(-1, 1, 1, 1) == 1, shown, images)


def darker(images: Tensor, label: Int64[Tensor, " n"]) -> Tensor:
    """Images of label 1 at 0.7 of their brightness; the images are floats."""
    _require_changes(images, label, floats_only=True)
    return torch.where(label.view(-1, 1, 1, 1) == 1, 0.7 * images, images)


CHANGES: dict[str, tuple[int, Callable[[Tensor, Tensor], Tensor]]] = {
    "turn": (4, turn),
    "grey": (2, grey),
    "closer": (2, closer),
    "darker": (2, darker),
}
"""Question -> number of answers, and what changes images by the answers."""


def told_from(encoder: Encode, images: Images, seed: int = 0) -> dict[str, float]:
    """How well a linear probe reads from the features what was done to each image.

    For each question of `CHANGES` every image gets a random answer and is changed by it; the probe learns on the first
    half of the images and is asked about the other half.

    Args:
        encoder: module or function from images in [0, 1] to one vector each.
        images: at least 8, square, floats in [0, 1] or bytes.
        seed: of the answers.

    Returns:
        Question -> accuracy. Guessing gives 0.25 for the turn and 0.5 for the others.
    """
    arguments.require_callable("encoder", encoder, "a module or a function of images")
    arguments.require_images("images", images, channels=(3,))
    arguments.require_enough("images", images, 8, "images")
    _require_square(images)
    arguments.require_whole("seed", seed)
    images, half = as_floats(images), len(images) // 2
    found = {}
    for name, (answers, change) in CHANGES.items():
        generator = torch.Generator().manual_seed(seed)
        label = torch.randint(answers, (len(images),), generator=generator)
        seen = features(encoder, change(images, label))
        found[name] = linear_probe(seen[:half], label[:half], seen[half:], label[half:], weight_decay=1e-2)
    return found


def _require_changes(images: object, label: object, *, answers: int = 2, floats_only: bool = False) -> None:
    count = len(arguments.require_images("images", images, floats_only=floats_only))
    arguments.require_labels("label", label, count=count, of="images", classes=answers)


def _require_square(images: Tensor) -> None:
    height, width = images.shape[-2:]
    if height != width:
        arguments.refuse_argument("images", "square", f"they are of {height}x{width} pixels")

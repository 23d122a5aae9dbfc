"""One augmentation at a time, to see what each of them is worth; `Augment` of `course_utils.augment` makes whole views.

    view = together("crop and resize", "colour jitter")
    first, second = view(images, generator), view(images, generator)

Nearly all are in SimCLR's figure 4 (Chen et al. 2020), there with other strengths: ours are for images of 32x32 pixels.

An argument of another type, dtype, shape or range than its function asks for raises a ValueError that names it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from course_utils.arguments import (
    describe_value,
    refuse_argument,
    require_generator,
    require_images,
    require_number,
)
from course_utils.augment import Augment, ColourImages, as_floats

ViewMaker = Callable[[ColourImages, torch.Generator], Float[Tensor, "n 3 h w"]]
"""From images, floats in [0, 1] or bytes, and a source of randomness to floats in [0, 1] of the same shape."""

_NOTHING: dict[str, Any] = {"crop": (1.0, 1.0), "ratio": (1.0, 1.0), "flip": 0.0, "jitter": 0.0, "grey": 0.0}


def quarter_turns(images: ColourImages, generator: torch.Generator) -> Float[Tensor, "n 3 s s"]:
    """Each image turned by 0, 90, 180 or 270 degrees, all of them equally often.

    Raises:
        ValueError: the images are not square.
    """
    images = _checked_floats(images, generator)
    height, width = images.shape[-2:]
    if height != width:
        refuse_argument("images", "square", f"they are of {height}x{width} pixels")
    turns = torch.stack([images.rot90(k, dims=(2, 3)) for k in range(4)])
    chosen = torch.randint(4, (len(images),), generator=generator, device=generator.device).to(images.device)
    return turns[chosen, torch.arange(len(images), device=images.device)]


def cutout(images: ColourImages, generator: torch.Generator, part: float = 0.5) -> Float[Tensor, "n 3 h w"]:
    """A grey square somewhere on each image, with its centre inside.

    Args:
        images: floats in [0, 1], or bytes.
        generator: source of the places.
        part: side of the square, as a part of the image's shorter side.
    """
    require_number("part", part, at_least=0, at_most=1)
    images = _checked_floats(images, generator)
    n, _, height, width = images.shape
    centres = torch.rand(2, n, 1, generator=generator, device=generator.device).to(images)
    half = part * min(height, width) / 2
    rows, columns = (
        (torch.arange(side, device=images.device) + 0.5 - centre * side).abs() < half
        for side, centre in zip((height, width), centres, strict=True)
    )
    hidden = rows.unsqueeze(2) & columns.unsqueeze(1)
    return images.masked_fill(hidden.unsqueeze(1), 0.5)


def noise(
    images: ColourImages, generator: torch.Generator, deviation: float = 0.1
) -> Float[Tensor, "n 3 h w"]:
    """Gaussian noise on every number of every pixel, clamped to [0, 1]."""
    require_number("deviation", deviation, at_least=0)
    images = _checked_floats(images, generator)
    drawn = torch.randn(images.shape, generator=generator, device=generator.device).to(images)
    return (images + deviation * drawn).clamp_(0, 1)


def edges(
    images: ColourImages, generator: torch.Generator, probability: float = 0.5
) -> Float[Tensor, "n 3 h w"]:
    """Some of the images replaced by the strength of their edges (Sobel's filter on the grey image)."""
    require_number("probability", probability, at_least=0, at_most=1)
    images = _checked_floats(images, generator)
    grey = torch.nn.functional.pad(images.mean(dim=1, keepdim=True), (1, 1, 1, 1), mode="replicate")
    across = images.new_tensor([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]]) / 4
    kernels = torch.stack([across, across.T]).unsqueeze(1)
    strength = torch.nn.functional.conv2d(grey, kernels).norm(dim=1, keepdim=True).clamp(max=1)
    drawn = torch.rand(len(images), 1, 1, 1, generator=generator, device=generator.device).to(images)
    return torch.where(drawn < probability, strength.expand_as(images), images)


SINGLE: dict[str, ViewMaker] = {
    "crop and resize": Augment(**{**_NOTHING, "crop": (0.2, 1.0), "ratio": (3 / 4, 4 / 3)}),
    "flip": Augment(**{**_NOTHING, "flip": 0.5}),
    "colour jitter": Augment(**{**_NOTHING, "jitter": 0.8}),
    "grey": Augment(**{**_NOTHING, "grey": 0.5}),
    "blur": Augment(**_NOTHING, blur=0.5, sigma=(0.5, 1.5)),
    "quarter turn": quarter_turns,
    "cutout": cutout,
    "noise": noise,
    "edges": edges,
}
"""Name -> what makes a view by this augmentation alone. Flip, grey, blur and edges change every second image."""


def together(*names: str) -> ViewMaker:
    """A view made by several single augmentations, one after the other.

    Args:
        names: of `SINGLE`, in their order; with none the images are not changed.

    Raises:
        ValueError: there is no such augmentation.
    """
    for name in names:
        if not isinstance(name, str) or name not in SINGLE:
            refuse_argument("names", f"some of {', '.join(SINGLE)}", f"one of them is {describe_value(name)}")

    def view(images: ColourImages, generator: torch.Generator) -> Tensor:
        images = _checked_floats(images, generator)
        for name in names:
            images = SINGLE[name](images, generator)
        return images

    return view


def _checked_floats(images: object, generator: object) -> Tensor:
    """The images as floats, once both arguments of a view are known to be right."""
    require_generator("generator", generator)
    return as_floats(require_images("images", images, channels=(3,)))

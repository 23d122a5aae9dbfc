"""Random views of images, for a whole batch at once and on the device where the batch lives.

Every image gets its own random parameters, yet nothing loops over images. Two observations make that cheap:

* cropping, resizing, flipping and blurring treat rows and columns separately, so that together they are one product
  with a matrix from the left and one with a matrix from the right: `rows @ image @ columns.T`;
* brightness, contrast, saturation, hue and greyscale mix the three channels linearly, so that together they are one
  3x3 matrix and one offset for each image.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from course_utils.arguments import (
    describe_value,
    refuse_argument,
    require_callable,
    require_floats,
    require_generator,
    require_images,
    require_number,
    require_whole,
)

Images = Float[Tensor, "n c h w"] | UInt8[Tensor, "n c h w"]
ColourImages = Float[Tensor, "n 3 h w"] | UInt8[Tensor, "n 3 h w"]
Range = tuple[float, float]

# Luma of ITU-R BT.601, the grey that Pillow and torchvision use.
_LUMA = (0.299, 0.587, 0.114)
# Two orthogonal chroma directions: I and Q of the NTSC colour space.
_CHROMA = ((0.595716, -0.274453, -0.321263), (0.211456, -0.522591, 0.311135))
# The way back from chroma to red, green and blue, where the luma is zero.
_FROM_CHROMA = torch.linalg.inv(torch.tensor([_LUMA, *_CHROMA], dtype=torch.float64))[:, 1:].tolist()
_ONE_EACH = "a tensor of floats, one for each image"


@dataclass(frozen=True, kw_only=True)
class Augment:
    """A family of random views.

    The defaults are SimCLR's for small images (Chen et al. 2020, appendices A and B.9), but for the smallest crop:
    it has 0.2 of the image's area here and 0.08 there.

    Attributes:
        crop: range of the crop's area as a part of the image's; `(1, 1)` keeps the whole image.
        ratio: range of the crop's width over its height, drawn uniformly in the logarithm.
        flip: probability of a horizontal flip.
        jitter: probability that brightness, contrast, saturation and hue change.
        brightness, contrast, saturation: each factor is drawn from [1 - value, 1 + value].
        hue: the hue turns by at most this part of the full circle, either way.
        grey: probability that all colour goes.
        blur: probability of a Gaussian blur.
        sigma: range of the blur's standard deviation, in pixels.

    Example:
        >>> generator = torch.Generator().manual_seed(0)
        >>> views = Augment(blur=0.5)(images, generator)
    """

    crop: Range = (0.2, 1.0)
    ratio: Range = (3 / 4, 4 / 3)
    flip: float = 0.5
    jitter: float = 0.8
    brightness: float = 0.4
    contrast: float = 0.4
    saturation: float = 0.4
    hue: float = 0.1
    grey: float = 0.2
    blur: float = 0.0
    sigma: Range = (0.1, 1.0)

    def __post_init__(self) -> None:
        for name in ("crop", "ratio", "sigma"):
            _require_range(name, getattr(self, name))
        for name in ("brightness", "contrast", "saturation", "hue"):
            require_number(name, getattr(self, name), at_least=0)
        for name in ("flip", "jitter", "grey", "blur"):
            require_number(name, getattr(self, name))
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is a probability, from 0 to 1; it is {getattr(self, name)}")
        if not 0 < self.crop[0] <= self.crop[1] <= 1:
            raise ValueError(f"crop is a range of areas, 0 < smallest <= largest <= 1; it is {self.crop}")
        if not 0 < self.ratio[0] <= self.ratio[1]:
            raise ValueError(
                f"ratio is a range of width over height, 0 < smallest <= largest; it is {self.ratio}"
            )
        if not 0 < self.sigma[0] <= self.sigma[1]:
            raise ValueError(f"sigma is a range of pixels, 0 < smallest <= largest; it is {self.sigma}")

    def __call__(self, images: ColourImages, generator: torch.Generator) -> Float[Tensor, "n 3 h w"]:
        """One random view of each image, of the same size.

        Args:
            images: floats in [0, 1], or bytes.
            generator: source of all randomness. A CPU generator gives the same views on every device.

        Returns:
            Floats in [0, 1].

        Raises:
            ValueError: the images are neither, or not of the shape (n, 3, h, w); `generator` is no generator.
        """
        require_images("images", images, channels=(3,))
        require_generator("generator", generator)
        images = as_floats(images)
        rows, columns = self._geometry(images, generator)
        views = rows.unsqueeze(1) @ images @ columns.mT.unsqueeze(1)
        mix, offset = self._colour(views, generator)
        return torch.baddbmm(offset, mix, views.flatten(2)).view_as(views).clamp_(0, 1)

    def _geometry(self, images: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Matrices that crop, resize, flip and blur: (n, h, h) for rows and (n, w, w) for columns."""
        n, _, height, width = images.shape
        draw = _Draw(n, generator, images)
        area = draw.uniform(*self.crop) * (height * width)
        ratio = draw.uniform(math.log(self.ratio[0]), math.log(self.ratio[1])).exp()
        crop_height = (area / ratio).sqrt().clamp(max=height)
        crop_width = (area * ratio).sqrt().clamp(max=width)
        top = draw.uniform(0, 1) * (height - crop_height)
        left = draw.uniform(0, 1) * (width - crop_width)
        rows = resize_matrix(top, crop_height, height)
        columns = resize_matrix(left, crop_width, width)

        flipped = draw.chance(self.flip).view(-1, 1, 1)
        columns = torch.where(flipped, columns.flip(1), columns)
        if self.blur > 0:
            # A blur of almost no width is the identity, so that one formula serves blurred and other images.
            sigma = torch.where(
                draw.chance(self.blur), draw.uniform(*self.sigma), torch.full_like(area, 1e-3)
            )
            rows = blur_matrix(sigma, height) @ rows
            columns = blur_matrix(sigma, width) @ columns
        return rows, columns

    def _colour(self, images: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """A (n, 3, 3) matrix and a (n, 1, 1) offset: brightness, contrast, saturation, hue, grey, in this order."""
        draw = _Draw(len(images), generator, images)
        changed = draw.chance(self.jitter)

        def factor(strength: float) -> Tensor:
            return torch.where(changed, draw.uniform(max(0.0, 1 - strength), 1 + strength), 1.0)

        brightness, contrast, saturation = (
            factor(s) for s in (self.brightness, self.contrast, self.saturation)
        )
        angle = torch.where(changed, draw.uniform(-self.hue, self.hue), 0.0) * (2 * math.pi)
        saturation = torch.where(draw.chance(self.grey), 0.0, saturation)

        mix = (brightness * contrast).view(-1, 1, 1) * chroma_matrix(saturation, angle)
        luma = images.mean(dim=(2, 3)) @ images.new_tensor(_LUMA)
        offset = ((1 - contrast) * brightness * luma).view(-1, 1, 1)
        return mix, offset


def two_views(
    images: ColourImages, generator: torch.Generator, augment: Augment | None = None
) -> tuple[Float[Tensor, "n 3 h w"], Float[Tensor, "n 3 h w"]]:
    """Two independent random views of each image: the positive pairs of the contrastive methods.

    Args:
        images: floats in [0, 1], or bytes.
        generator: source of all randomness.
        augment: the family of views; `Augment()` if it's left out.

    Raises:
        ValueError: an argument is none of these.
    """
    augment = Augment() if augment is None else augment
    require_callable("augment", augment, "an Augment")
    return augment(images, generator), augment(images, generator)


def as_floats(images: Images) -> Float[Tensor, "n c h w"]:
    """Bytes 0...255 as floats in [0, 1]; floats as they are.

    Raises:
        ValueError: the images are neither, or floats of 0 to 255.
    """
    require_images("images", images, dims=None)
    return images.float() / 255 if images.dtype == torch.uint8 else images


def resize_matrix(
    start: Float[Tensor, " n"], length: Float[Tensor, " n"], size: int
) -> Float[Tensor, "n size size"]:
    """Matrices that cut [start, start + length) out of a row of `size` pixels and stretch it to `size` pixels again.

    The interpolation is linear, between the centres of the pixels inside the cut, as if it had been cut out first.

    Args:
        start: where the cut begins, in pixels from the left edge.
        length: of the cut, in pixels; at most `size`, so that nothing is ever made smaller.
        size: pixels of the row, before and after.

    Raises:
        ValueError: an argument has another type or shape.
    """
    require_floats("start", start, _ONE_EACH, 1)
    require_floats("length", length, _ONE_EACH, 1)
    require_whole("size", size, at_least=1)
    pixels = torch.arange(size, device=start.device, dtype=start.dtype)
    scale = (length / size).unsqueeze(1)
    centres = start.unsqueeze(1) + (pixels + 0.5) * scale - 0.5
    first = torch.ceil(start - 0.5).unsqueeze(1)
    last = (torch.ceil(start + length - 0.5) - 1).unsqueeze(1).clamp(max=size - 1)
    centres = torch.minimum(torch.maximum(centres, first), torch.maximum(first, last))
    return (1 - (centres.unsqueeze(2) - pixels).abs()).clamp_(min=0)


def blur_matrix(sigma: Float[Tensor, " n"], size: int) -> Float[Tensor, "n size size"]:
    """Matrices that blur a row of `size` pixels by a Gaussian of standard deviation `sigma` pixels.

    Rows sum to one: near an edge the weights that would fall outside go to the pixels inside.

    Raises:
        ValueError: an argument has another type or shape.
    """
    require_floats("sigma", sigma, _ONE_EACH, 1)
    require_whole("size", size, at_least=1)
    pixels = torch.arange(size, device=sigma.device, dtype=sigma.dtype)
    distance = (pixels.unsqueeze(1) - pixels) / sigma.view(-1, 1, 1)
    return torch.softmax(-0.5 * distance.square(), dim=2)


def chroma_matrix(saturation: Float[Tensor, " n"], angle: Float[Tensor, " n"]) -> Float[Tensor, "n 3 3"]:
    """Matrices that keep the luma of a colour, multiply its chroma by `saturation` and turn it by `angle`.

    The hue turns in the chroma plane of YIQ. That's a linear map, unlike a turn in HSV, and it keeps the brightness
    that is seen; greyscale is the case of saturation 0.

    Args:
        saturation: 1 changes nothing.
        angle: in radians; 0 changes nothing.

    Raises:
        ValueError: an argument has another type or shape.
    """
    require_floats("saturation", saturation, _ONE_EACH, 1)
    require_floats("angle", angle, _ONE_EACH, 1)
    chroma = saturation.new_tensor(_CHROMA)
    luma = saturation.new_tensor(_LUMA)
    cosine, sine = saturation * angle.cos(), saturation * angle.sin()
    turn = torch.stack([torch.stack([cosine, -sine], dim=1), torch.stack([sine, cosine], dim=1)], dim=1)
    return luma.expand(3, 3) + saturation.new_tensor(_FROM_CHROMA) @ turn @ chroma


def _require_range(name: str, value: object) -> None:
    if not isinstance(value, tuple | list) or len(value) != 2:
        refuse_argument(name, "a pair, the smallest and the largest", f"{name} is {describe_value(value)}")
    for end in value:
        require_number(name, end)


@dataclass(frozen=True)
class _Draw:
    """Random numbers, one for each image, in the dtype and on the device of `like`."""

    n: int
    generator: torch.Generator
    like: Tensor

    def uniform(self, low: float, high: float) -> Tensor:
        values = torch.rand(self.n, generator=self.generator, device=self.generator.device)
        return (low + (high - low) * values).to(self.like)

    def chance(self, probability: float) -> Tensor:
        return self.uniform(0, 1) < probability

"""Colours as the colorization methods want them: lightness apart from hue, and hue in a few classes."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor

from course_utils.arguments import (
    describe_value,
    refuse_argument,
    require_floats,
    require_images,
    require_whole,
)

# Linear sRGB to CIE XYZ, each row divided by the white point D65 (IEC 61966-2-1).
_TO_XYZ = (
    (0.412453 / 0.950456, 0.357580 / 0.950456, 0.180423 / 0.950456),
    (0.212671, 0.715160, 0.072169),
    (0.019334 / 1.088754, 0.119193 / 1.088754, 0.950227 / 1.088754),
)


def rgb_to_lab(images: Float[Tensor, "*batch 3 h w"]) -> Float[Tensor, "*batch 3 h w"]:
    """sRGB in [0, 1] to CIE Lab under D65: L in [0, 100], a (green to red) and b (blue to yellow) within about ±110.

    Raises:
        ValueError: the images are bytes, floats of 0 to 255, or have another number of channels.
    """
    require_images("images", images, channels=(3,), dims=None, at_least=3, floats_only=True)
    bright = ((images.clamp(min=0.04045) + 0.055) / 1.055) ** 2.4
    linear = torch.where(images > 0.04045, bright, images / 12.92)
    xyz = torch.einsum("ij,...jhw->...ihw", images.new_tensor(_TO_XYZ), linear)
    delta = 6 / 29
    f = torch.where(xyz > delta**3, xyz.clamp(min=delta**3) ** (1 / 3), xyz / (3 * delta**2) + 4 / 29)
    x, y, z = f.unbind(-3)
    return torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], dim=-3)


@dataclass(frozen=True)
class ColourClusters:
    """A small palette in the ab plane: the classes that a colorization method predicts (Vondrick et al. 2018,
    section 3.2).

    Attributes:
        centres: a and b of each class, float32 (classes, 2).
    """

    centres: Float[Tensor, "classes 2"]

    @classmethod
    def fit(
        cls, ab: Float[Tensor, "*batch 2 h w"], classes: int = 16, samples: int = 20_000, seed: int = 0
    ) -> "ColourClusters":
        """The palette of some images, by k-means over a sample of their pixels.

        Args:
            ab: the two colour channels of `rgb_to_lab`.
            classes: number of colours, at least 2.
            samples: pixels to look at.
            seed: of the sample and of k-means.

        Raises:
            ValueError: an argument is none of these, or there are fewer pixels than classes.
        """
        _require_ab(ab)
        require_whole("classes", classes, at_least=2)
        require_whole("samples", samples, at_least=classes)
        require_whole("seed", seed, at_least=0)
        # Imported here because it takes longer than all the rest, and a student's function may need `rgb_to_lab`
        # alone, which the grader imports anew for each of them.
        from sklearn.cluster import KMeans

        pixels = ab.movedim(-3, -1).reshape(-1, 2)
        if len(pixels) < classes:
            refuse_argument(
                "ab", f"of at least {classes} pixels, one for each class", f"there are {len(pixels)}"
            )
        chosen = np.random.default_rng(seed).choice(
            len(pixels), size=min(samples, len(pixels)), replace=False
        )
        kmeans = KMeans(classes, n_init=2, random_state=seed).fit(
            pixels[torch.from_numpy(chosen)].cpu().numpy()
        )
        centres = torch.from_numpy(kmeans.cluster_centers_).float()
        return cls(centres[centres.norm(dim=1).argsort()])

    def __len__(self) -> int:
        return len(self.centres)

    def assign(self, ab: Float[Tensor, "*batch 2 h w"]) -> Int64[Tensor, "*batch h w"]:
        """The nearest class of each pixel.

        Raises:
            ValueError: `ab` is no floats of two channels.
        """
        _require_ab(ab)
        pixels = ab.movedim(-3, -1)
        centres = self.centres.to(pixels)
        # |p - c|^2 without |p|^2, which is the same for every centre.
        return (centres.square().sum(1) - 2 * pixels @ centres.T).argmin(dim=-1)


def _require_ab(ab: object) -> None:
    due = "a tensor of floats of the shape (..., 2, height, width), the last two channels of rgb_to_lab"
    if require_floats("ab", ab, due, at_least=3).shape[-3] != 2:
        refuse_argument("ab", due, f"it is {describe_value(ab)}")

"""What emoji are drawn upon: photographs and procedural textures, disjoint between train and test."""

from functools import cache

import numpy as np
import torch
from jaxtyping import Float64, UInt8
from PIL import Image
from torch import Tensor

from course_utils.data.emoji import BUNDLED, Split, check_split

PHOTOS: dict[Split, tuple[str, ...]] = {
    "train": ("astronaut", "brick", "chelsea", "coffee", "flower", "gravel", "rocket"),
    "test": ("china", "grass", "hubble"),
}
TEXTURES: dict[Split, range] = {"train": range(24), "test": range(1000, 1012)}
"""Seeds of the procedural textures of each side."""

TEXTURE_SIDE = 160


@cache
def photos(split: Split) -> tuple[Image.Image, ...]:
    """The photographs of one side of the split, RGB."""
    opened = []
    for name in PHOTOS[split]:
        with Image.open(BUNDLED / "photos" / f"{name}.webp") as image:
            opened.append(image.convert("RGB"))
    return tuple(opened)


def photographs(split: Split | None = None) -> dict[str, UInt8[Tensor, "3 h w"]]:
    """The ten photographs on which the scenes are made, in colour and whole.

    People, things and places (`"astronaut"`, `"chelsea"`, `"china"`, `"coffee"`, `"flower"`, `"hubble"`, `"rocket"`)
    and textures (`"brick"`, `"grass"`, `"gravel"`, which are grey). At most 480 pixels a side, each of its own size.
    Authors and licences stand in `course_utils/data/bundled/NOTICE.md`.

    Args:
        split: `"train"` for the seven that the scenes of the training set use, `"test"` for the other three; all if
            left out.

    Returns:
        Name -> RGB bytes (3, height, width), in alphabetical order. The tensors are the caller's own.

    Raises:
        ValueError: `split` is something else.
    """
    splits: tuple[Split, ...] = ("train", "test")
    if split is not None:
        check_split(split)
        splits = (split,)
    found = {
        name: torch.from_numpy(np.array(image)).permute(2, 0, 1).contiguous()
        for side in splits
        for name, image in zip(PHOTOS[side], photos(side), strict=True)
    }
    return dict(sorted(found.items()))


@cache
def textures(split: Split) -> tuple[Image.Image, ...]:
    """The procedural textures of one side of the split, RGB, 160x160."""
    return tuple(Image.fromarray(texture(seed)) for seed in TEXTURES[split])


def texture(seed: int) -> UInt8[np.ndarray, "160 160 3"]:
    """A procedural texture: clouds, stripes, checks, dots or waves, bent a little by noise, in two or three colours."""
    rng = np.random.default_rng([7, seed])
    side = TEXTURE_SIDE
    y, x = np.mgrid[0:side, 0:side] / side
    bend = rng.uniform(0.0, 0.25)
    x, y = x + bend * (_clouds(rng) - 0.5), y + bend * (_clouds(rng) - 0.5)
    angle, frequency = rng.uniform(0, np.pi), rng.uniform(4, 14)
    u = (x * np.cos(angle) + y * np.sin(angle)) * frequency
    v = (y * np.cos(angle) - x * np.sin(angle)) * frequency
    kind = seed % 5
    if kind == 0:
        height = _clouds(rng)
    elif kind == 1:
        height = 0.5 + 0.5 * np.sin(2 * np.pi * u)
    elif kind == 2:
        height = (np.floor(u) + np.floor(v)) % 2
    elif kind == 3:
        height = np.clip(1.5 - 3 * np.hypot(u % 1 - 0.5, v % 1 - 0.5), 0, 1)
    else:
        height = 0.5 + 0.25 * (np.sin(2 * np.pi * u) + np.sin(2 * np.pi * v * rng.uniform(0.5, 2)))
    # Muted, or the emoji would drown: of any three colours half the contrast and 0.6 of the saturation.
    palette = rng.uniform(20, 235, size=(3, 3))
    palette = palette.mean(axis=0) + 0.5 * (palette - palette.mean(axis=0))
    low, middle, high = 0.4 * palette.mean(axis=1, keepdims=True) + 0.6 * palette
    height = height[..., None]
    colour = np.where(
        height < 0.5, low + (middle - low) * 2 * height, middle + (high - middle) * (2 * height - 1)
    )
    grain = rng.normal(0, rng.uniform(0, 10), size=(side, side, 1))
    return np.clip(colour + grain, 0, 255).round().astype(np.uint8)


def _clouds(rng: np.random.Generator) -> Float64[np.ndarray, "side side"]:
    """Fractal noise in [0, 1]: random grids of doubling resolution and halving height, each enlarged smoothly."""
    total = np.zeros((TEXTURE_SIDE, TEXTURE_SIDE))
    for octave in range(4):
        cells = 4 * 2**octave
        grid = Image.fromarray(rng.uniform(0, 1, size=(cells, cells)).astype(np.float32))
        enlarged = grid.resize((TEXTURE_SIDE, TEXTURE_SIDE), Image.Resampling.BICUBIC)
        total += np.asarray(enlarged, dtype=np.float64) / 2**octave
    scaled: np.ndarray = (total - total.min()) / (total.max() - total.min())
    return scaled


def background_window(
    image: Image.Image, size: int, left: float, top: float, side: float, mirrored: bool = False
) -> UInt8[np.ndarray, "size size 3"]:
    """A square window of a picture, resampled with antialiasing to `size` pixels.

    Args:
        image: RGB picture.
        size: side of the result in pixels.
        left: left edge of the window in pixels of the picture; fractions are fine.
        top: its top edge.
        side: its side; the window must lie inside the picture.
        mirrored: turn left and right round.
    """
    box = (left, top, min(left + side, image.width), min(top + side, image.height))
    pixels = np.asarray(image.resize((size, size), Image.Resampling.BILINEAR, box=box))
    return pixels[:, ::-1] if mirrored else pixels

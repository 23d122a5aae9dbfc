"""EmojiScenes: single emoji on photographs and textures, a small data set with group labels and instances."""

from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Int64, UInt8
from torch import Tensor
from torch.utils.data import Dataset

from course_utils.arguments import require_callable, require_whole
from course_utils.data import backgrounds
from course_utils.data.cache import Arrays, remembered
from course_utils.data.emoji import FAMILIES, Family, Split, check_family, check_split, emoji_table
from course_utils.data.sprites import brighten, over, sprite

SCENES_PER_EMOJI = 4
TRAIN_SCENES = 6_544
DIAMETER = (0.7, 1.0)
"""Side of the emoji's square, as a fraction of the picture's."""
OVERHANG = 0.1
"""How much of the picture's side may hang over its edge."""
PHOTO_SHARE = 0.7
"""Fraction of the scenes on a photograph, the others on a texture."""


class EmojiScenes(Dataset[tuple[Tensor, int]]):
    """An emoji at a random pose over a crop of a photograph or a procedural texture.

    The label is the emoji's Unicode group (8 classes: animals, food, ...). Emoji and backgrounds of train and
    test are disjoint, whatever the seed. An emoji occurs in several scenes (five in the default training set,
    four in the default test set), each with its own pose and background, so that *the same emoji in another
    scene* is a question with an answer. It stays upright within 15 degrees: orientation keeps its meaning.

    The random numbers do not depend on the family: `family="noto"` and `family="twemoji"` with one seed give
    the same scenes, drawn by different hands. With "both", scenes of one emoji alternate between the
    families.

    Args:
        split: "train" or "test".
        family: who draws: "noto", "twemoji" or "both".
        size: side of the images in pixels, at least 8.
        count: number of scenes, at least 1; by default 6,544 for train and four of each emoji for test. A
            smaller set has fewer emoji, not fewer scenes of each.
        seed: of the random numbers (numpy's generator); at least 0.
        cache: keep the images in the user's cache folder (see `COURSE_UTILS_CACHE`).
        transform: applied to the uint8 image of a sample by `ds[i]`; the whole-set tensors stay as they are.

    Attributes:
        images: uint8 (n, 3, size, size), RGB, 0 to 255.
        labels: int64 (n,), group, an index into `group_names`.
        emoji: int64 (n,), identity, an index into `emoji_names`.
        masks: uint8 (n, size, size), the emoji's alpha, 0 to 255.
        families: int64 (n,), an index into `family_names`.

    Raises:
        ValueError: an argument is outside the ranges above.

    Example:
        >>> scenes = EmojiScenes("test", count=8)
        >>> image, label = scenes[0]
        >>> tuple(image.shape), image.dtype
        ((3, 32, 32), torch.uint8)
    """

    images: UInt8[Tensor, "n 3 size size"]
    labels: Int64[Tensor, " n"]
    emoji: Int64[Tensor, " n"]
    masks: UInt8[Tensor, "n size size"]
    families: Int64[Tensor, " n"]

    def __init__(
        self,
        split: Split = "train",
        family: Family = "both",
        size: int = 32,
        count: int | None = None,
        seed: int = 0,
        cache: bool = True,
        transform: Callable[[Tensor], Tensor] | None = None,
    ) -> None:
        check_split(split)
        check_family(family)
        if count is None:
            count = TRAIN_SCENES if split == "train" else SCENES_PER_EMOJI * len(emoji_table().ids("test"))
        for name, value, smallest in (("size", size, 8), ("count", count, 1), ("seed", seed, 0)):
            require_whole(name, value, at_least=smallest)
        if transform is not None:
            require_callable("transform", transform, "a function of an image")
        settings: dict[str, str | int] = {
            "split": split,
            "family": family,
            "size": size,
            "count": count,
            "seed": seed,
        }
        arrays = remembered("scenes", settings, lambda: _draw(split, family, size, count, seed), cache)
        self.split = split
        self.transform = transform
        self.images = torch.from_numpy(arrays["images"])
        self.masks = torch.from_numpy(arrays["masks"])
        self.emoji = torch.from_numpy(arrays["emoji"])
        self.families = torch.from_numpy(arrays["families"])
        self.labels = torch.from_numpy(emoji_table().groups)[self.emoji]
        self.group_names = emoji_table().group_names
        self.emoji_names = emoji_table().names
        self.family_names = FAMILIES

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        """One sample: the image, uint8 (3, size, size), or what `transform` makes of it, and its label."""
        image = self.images[index]
        return image if self.transform is None else self.transform(image), int(self.labels[index])

    def __repr__(self) -> str:
        size = self.images.shape[-1]
        return (
            f"EmojiScenes({self.split}: {len(self)} scenes of {size}x{size} pixels, "
            f"{len(self.emoji.unique())} emoji in {len(self.group_names)} groups)"
        )


def _draw(split: Split, family: Family, size: int, count: int, seed: int) -> Arrays:
    rng = np.random.default_rng([seed, split == "test", 1])
    ids = rng.permutation(emoji_table().ids(split))
    ids = ids[: max(1, count // SCENES_PER_EMOJI)]
    emoji = ids[np.arange(count) % len(ids)]
    alternating = (np.arange(count) // len(ids) + emoji) % len(FAMILIES)
    families = alternating if family == "both" else np.full(count, FAMILIES.index(family))

    diameter = rng.uniform(*DIAMETER, count) * size
    room = (size - diameter) / 2 + OVERHANG * size
    x, y = size / 2 + room * rng.uniform(-1, 1, (2, count))
    angle = np.deg2rad(rng.uniform(-15, 15, count))
    gain = rng.uniform(0.75, 1.1, count)

    on_photo = rng.random(count) < PHOTO_SHARE
    choice, reach, left, top = rng.random((4, count))
    mirrored = rng.random(count) < 0.5

    images = np.empty((count, size, size, 3), dtype=np.uint8)
    masks = np.empty((count, size, size), dtype=np.uint8)
    for i in range(count):
        bank = backgrounds.photos(split) if on_photo[i] else backgrounds.textures(split)
        picture = bank[int(choice[i] * len(bank))]
        shorter = min(picture.size)
        side = shorter * (0.15 + 0.5 * reach[i])
        below = backgrounds.background_window(
            picture,
            size,
            left[i] * (picture.width - side),
            top[i] * (picture.height - side),
            side,
            bool(mirrored[i]),
        )
        drawn = sprite(FAMILIES[families[i]], int(emoji[i]), size, x[i], y[i], diameter[i], angle[i])
        images[i] = over(brighten(drawn, gain[i]), below)
        masks[i] = drawn[..., 3]
    return {
        "images": np.ascontiguousarray(images.transpose(0, 3, 1, 2)),
        "masks": masks,
        "emoji": emoji.astype(np.int64),
        "families": families.astype(np.int64),
    }

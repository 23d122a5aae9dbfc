"""EmojiVideo: several emoji that move over a moving photograph, with exact masks and keypoints."""

from typing import TypedDict

import numpy as np
import torch
from jaxtyping import Bool, Float32, Int64, UInt8
from torch import Tensor
from torch.utils.data import Dataset

from course_utils.arguments import require_whole
from course_utils.data import backgrounds
from course_utils.data.cache import Arrays, remembered
from course_utils.data.emoji import (
    FAMILIES,
    Family,
    Split,
    check_family,
    check_split,
    emoji_table,
    keypoints,
    sheet,
)
from course_utils.data.sprites import brighten, over, place, sprite

KEYPOINTS = 5
SMALLEST_AREA = 0.3
"""Emoji that fill less of their square than this are left out of the videos: a thin stroke has hardly a mask."""


class VideoTarget(TypedDict):
    """What is known of a clip of t frames with k objects."""

    masks: Bool[Tensor, "t k size size"]
    keypoints: Float32[Tensor, "t k points 2"]
    visible: Bool[Tensor, "t k points"]
    emoji: Int64[Tensor, " k"]


class EmojiVideo(Dataset[tuple[Tensor, VideoTarget]]):
    """Short clips of emoji that move, turn, grow, change brightness and hide one another, over a moving photograph.

    Emoji and photographs of train and test are disjoint, whatever the seed.

    Args:
        split: "train" or "test".
        clips: number of clips, at least 1; by default 600 for train and 100 for test.
        frames: frames in a clip, at least 1; by default 4 for train and 8 for test.
        size: side of a frame in pixels, at least 16.
        objects: emoji in a clip, 1 to 8.
        family: who draws: "noto", "twemoji" or "both" (each object by one or the other).
        seed: of the random numbers (numpy's generator); at least 0.
        cache: keep the clips in the user's cache folder (see `COURSE_UTILS_CACHE`).

    Attributes:
        frames: uint8 (n, t, 3, size, size), RGB, 0 to 255.
        masks: bool (n, t, k, size, size): where object k is seen, that is at least half opaque and not behind
            another.
        keypoints: float32 (n, t, k, 5, 2): x and y of points that are fixed on each object, in pixels; the
            centre of the pixel in row i and column j is (j, i). Also given where hidden or outside the frame.
        visible: bool (n, t, k, 5): the keypoint is in the frame and its object is seen there.
        poses: float32 (n, t, k, 4): x and y of the object's centre (as for keypoints), side of its square in
            pixels, angle in radians (counter-clockwise).
        emoji: int64 (n, k), identity, an index into `emoji_names`.
        families: int64 (n, k), an index into `family_names`.

    Raises:
        ValueError: an argument is outside the ranges above.

    Example:
        >>> video = EmojiVideo("test", clips=2)
        >>> frames, target = video[0]
        >>> tuple(frames.shape), tuple(target["masks"].shape)
        ((8, 3, 64, 64), (8, 3, 64, 64))
    """

    frames: UInt8[Tensor, "n t 3 size size"]
    masks: Bool[Tensor, "n t k size size"]
    keypoints: Float32[Tensor, "n t k points 2"]
    visible: Bool[Tensor, "n t k points"]
    poses: Float32[Tensor, "n t k 4"]
    emoji: Int64[Tensor, "n k"]
    families: Int64[Tensor, "n k"]

    def __init__(
        self,
        split: Split = "train",
        clips: int | None = None,
        frames: int | None = None,
        size: int = 64,
        objects: int = 3,
        family: Family = "both",
        seed: int = 0,
        cache: bool = True,
    ) -> None:
        check_split(split)
        check_family(family)
        clips = (600 if split == "train" else 100) if clips is None else clips
        frames = (4 if split == "train" else 8) if frames is None else frames
        for name, value, smallest in (
            ("clips", clips, 1),
            ("frames", frames, 1),
            ("size", size, 16),
            ("seed", seed, 0),
        ):
            require_whole(name, value, at_least=smallest)
        require_whole("objects", objects, at_least=1, at_most=8)
        settings: dict[str, str | int] = {
            "split": split,
            "clips": clips,
            "frames": frames,
            "size": size,
            "objects": objects,
            "family": family,
            "seed": seed,
        }
        arrays = remembered(
            "video", settings, lambda: _draw(split, clips, frames, size, objects, family, seed), cache
        )
        self.split = split
        self.frames = torch.from_numpy(arrays["frames"])
        self.masks = torch.from_numpy(arrays["masks"])
        self.keypoints = torch.from_numpy(arrays["keypoints"])
        self.visible = torch.from_numpy(arrays["visible"])
        self.poses = torch.from_numpy(arrays["poses"])
        self.emoji = torch.from_numpy(arrays["emoji"])
        self.families = torch.from_numpy(arrays["families"])
        self.emoji_names = emoji_table().names
        self.family_names = FAMILIES

    def __len__(self) -> int:
        return len(self.frames)

    def __getitem__(self, index: int) -> tuple[Tensor, VideoTarget]:
        """One clip: its frames, uint8 (t, 3, size, size), and what is known of it."""
        frames = self.frames[index]
        target = VideoTarget(
            masks=self.masks[index],
            keypoints=self.keypoints[index],
            visible=self.visible[index],
            emoji=self.emoji[index],
        )
        return frames, target

    def __repr__(self) -> str:
        n, t, k, size = self.masks.shape[:4]
        return f"EmojiVideo({self.split}: {n} clips of {t} frames of {size}x{size} pixels, {k} emoji each)"


def _solid_emoji(split: Split) -> np.ndarray:
    """Ids of the emoji of a split that fill enough of their square in both families."""
    area = np.min([(sheet(family)[..., 3] >= 128).mean((1, 2)) for family in FAMILIES], axis=0)
    ids = emoji_table().ids(split)
    solid: np.ndarray = ids[area[ids] >= SMALLEST_AREA]
    return solid


def _reflect(position: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Folds an unbounded straight path into [low, high], as a ball between two walls."""
    width = high - low
    phase = (position - low) % (2 * width)
    folded: np.ndarray = low + np.where(phase < width, phase, 2 * width - phase)
    return folded


def _paths(rng: np.random.Generator, clips: int, frames: int, size: int, objects: int) -> np.ndarray:
    """Poses (n, t, k, 4) as in `EmojiVideo.poses`, but with x and y from the frame's corner, in float64."""
    time = np.arange(frames)[None, :, None]
    start_diameter = rng.uniform(0.26, 0.44, (clips, 1, objects)) * size
    growth = rng.uniform(-0.02, 0.02, (clips, 1, objects))
    diameter = start_diameter * (1 + growth) ** time

    # Of eight layouts the one whose closest pair is farthest apart, so that no object is buried in the first frame.
    layouts = rng.uniform(0.2, 0.8, (clips, 8, objects, 2)) * size
    gaps = np.linalg.norm(layouts[:, :, :, None] - layouts[:, :, None], axis=-1) + np.eye(objects) * 1e9
    start = layouts[np.arange(clips), gaps.min((2, 3)).argmax(1)][:, None]
    speed = rng.uniform(0.025, 0.07, (clips, 1, objects)) * size
    heading = rng.uniform(0, 2 * np.pi, (clips, 1, objects))
    velocity = np.stack([speed * np.cos(heading), speed * np.sin(heading)], axis=-1)
    wall = np.full_like(start, 0.15 * size)
    centre = _reflect(start + velocity * time[..., None], wall, size - wall)

    turn = np.deg2rad(rng.uniform(-5, 5, (clips, 1, objects)))
    angle = np.deg2rad(rng.uniform(-15, 15, (clips, 1, objects))) + turn * time
    return np.concatenate([centre, diameter[..., None], angle[..., None]], axis=-1)


def _brightness(rng: np.random.Generator, clips: int, frames: int, layers: int) -> np.ndarray:
    """Slow waves around 0.95, (n, t, layers)."""
    phase, depth = rng.uniform(0, 2 * np.pi, (clips, 1, layers)), rng.uniform(0, 0.12, (clips, 1, layers))
    waves: np.ndarray = 0.95 + depth * np.sin(phase + 0.5 * np.arange(frames)[None, :, None])
    return waves


def _draw(
    split: Split, clips: int, frames: int, size: int, objects: int, family: Family, seed: int
) -> Arrays:
    rng = np.random.default_rng([seed, split == "test", 2])
    solid = _solid_emoji(split)
    emoji = solid[rng.random((clips, len(solid))).argsort(axis=1)[:, :objects]]  # no emoji twice in a clip
    either = rng.integers(len(FAMILIES), size=(clips, objects))
    families = either if family == "both" else np.full_like(either, FAMILIES.index(family))
    poses = _paths(rng, clips, frames, size, objects)
    gains = _brightness(rng, clips, frames, objects + 1)

    photos = backgrounds.photos(split)
    choice, zoom, left, top, heading, pace = rng.random((6, clips))
    mirrored = rng.random(clips) < 0.5

    images = np.empty((clips, frames, size, size, 3), dtype=np.uint8)
    masks = np.empty((clips, frames, objects, size, size), dtype=bool)
    points = np.empty((clips, frames, objects, KEYPOINTS, 2))
    visible = np.empty(points.shape[:-1], dtype=bool)
    for n in range(clips):
        photo = photos[int(choice[n] * len(photos))]
        side = min(photo.size) * (0.25 + 0.4 * zoom[n])
        drift = side / size * 2.0 * pace[n]  # at most two pixels of the frame from one frame to the next
        names = [FAMILIES[f] for f in families[n]]
        local = [keypoints(name, int(e), KEYPOINTS) for name, e in zip(names, emoji[n], strict=True)]
        for t in range(frames):
            moved = np.array(
                [
                    left[n] * (photo.width - side) + t * drift * np.cos(2 * np.pi * heading[n]),
                    top[n] * (photo.height - side) + t * drift * np.sin(2 * np.pi * heading[n]),
                ]
            )
            at = _reflect(moved, np.zeros(2), np.array(photo.size) - side)
            below = backgrounds.background_window(photo, size, at[0], at[1], side, bool(mirrored[n]))
            image = np.minimum(below * gains[n, t, -1], 255).round().astype(np.uint8)
            for k in range(objects):  # from the farthest to the nearest
                drawn = sprite(names[k], int(emoji[n, k]), size, *poses[n, t, k])
                image = over(brighten(drawn, gains[n, t, k]), image)
                masks[n, t, k] = drawn[..., 3] >= 128
                masks[n, t, :k] &= ~masks[n, t, k]
                points[n, t, k] = place(local[k], *poses[n, t, k]) - 0.5
            images[n, t] = image
        column, row = np.moveaxis(points[n].round().astype(np.int64), -1, 0)
        inside = (column >= 0) & (column < size) & (row >= 0) & (row < size)
        t_, k_ = np.arange(frames)[:, None, None], np.arange(objects)[None, :, None]
        visible[n] = inside & masks[n][t_, k_, row.clip(0, size - 1), column.clip(0, size - 1)]
    return {
        "frames": np.ascontiguousarray(images.transpose(0, 1, 4, 2, 3)),
        "masks": masks,
        "keypoints": points.astype(np.float32),
        "visible": visible,
        "poses": (poses - [0.5, 0.5, 0, 0]).astype(np.float32),
        "emoji": emoji.astype(np.int64),
        "families": families.astype(np.int64),
    }

"""Draws the sample grids of the documentation.

python docs/make_pictures.py
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

from course_utils.data import EmojiScenes, EmojiVideo
from course_utils.plot import COLOURS

PICTURES = Path(__file__).parent / "pictures"
GAP, MAGNIFICATION = 2, 3


def grid(pictures: np.ndarray) -> Image.Image:
    """Lays pictures, uint8 (rows, columns, height, width, 3), out on white with a gap between them, enlarged."""
    large = pictures.repeat(MAGNIFICATION, axis=2).repeat(MAGNIFICATION, axis=3)
    framed = np.pad(large, [(0, 0), (0, 0), (GAP, GAP), (GAP, GAP), (0, 0)], constant_values=255)
    rows, columns, height, width, _ = framed.shape
    return Image.fromarray(framed.swapaxes(1, 2).reshape(rows * height, columns * width, 3))


def scenes() -> Image.Image:
    """Five emoji of the test set, one a row, in four scenes each; beside them five of the training set."""
    halves = []
    for split in ("train", "test"):
        data = EmojiScenes(split)  # type: ignore[arg-type]
        rows = [data.images[data.emoji == emoji][:4] for emoji in data.emoji.unique()[40::45][:5]]
        halves.append(np.stack([row.permute(0, 2, 3, 1).numpy() for row in rows]))
    return grid(np.concatenate(halves, axis=1))


def video() -> Image.Image:
    """Three test clips, eight frames each; below each the exact masks and the visible keypoints."""
    data = EmojiVideo("test")
    palette = [tuple(bytes.fromhex(colour[1:])) for colour in COLOURS]
    rows = []
    for clip in (9, 13, 17):
        frames = data.frames[clip].permute(0, 2, 3, 1).numpy()
        explained = frames // 3
        for k in range(data.masks.shape[2]):
            explained[data.masks[clip, :, k].numpy()] = palette[k]
        for t, k, p in data.visible[clip].nonzero().tolist():
            x, y = data.keypoints[clip, t, k, p].round().long().tolist()
            explained[t, y, x] = 255
        rows += [frames, explained]
    return grid(np.stack(rows))


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    PICTURES.mkdir(exist_ok=True)
    scenes().save(PICTURES / "emoji_scenes.png", optimize=True)
    video().save(PICTURES / "emoji_video.png", optimize=True)

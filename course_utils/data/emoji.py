"""The emoji themselves: pictures by two families, names, groups, and the split into train and test."""

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from jaxtyping import Int64, UInt8
from PIL import Image

Split = Literal["train", "test"]
Family = Literal["noto", "twemoji", "both"]

BUNDLED = Path(__file__).parent / "bundled"
FAMILIES = ("noto", "twemoji")
"""Names of the two drawing families; a family's index here is its id in `families` of a data set."""

TEST_FRACTION = 0.2
# A person, a man and a woman at the same work are nearly the same drawing, and so are a family with a boy and
# one with a girl: code points that say who (and the joiners between them) are dropped to find such relatives.
_WHO = re.compile(r"-?\b(1f468|1f469|1f9d1|1f466|1f467|1f9d2|2640|2642|200d|fe0f)\b")


@dataclass(frozen=True)
class EmojiTable:
    """What is known of each emoji. An emoji's id is its row here and in the sheets; ids are the same in all
    data sets."""

    names: tuple[str, ...]
    group_names: tuple[str, ...]
    groups: Int64[np.ndarray, " emoji"]
    usable: Int64[np.ndarray, " usable"]
    """Ids in use: of several emoji with one and the same drawing only the first, so that *the same emoji* has
    a meaning."""
    in_test: np.ndarray
    """Boolean by id. Relatives (woman singer, man singer) are on the same side; so is everything else that
    shares an id."""

    def ids(self, split: Split) -> Int64[np.ndarray, " emoji"]:
        """Ids of the usable emoji of one side of the split, in ascending order."""
        return self.usable[self.in_test[self.usable] == (split == "test")]


def check_split(split: str) -> None:
    """Raises `ValueError` unless `split` is "train" or "test"."""
    if split not in get_args(Split):
        raise ValueError(f'split is "train" or "test", not {split!r}')


def check_family(family: str) -> None:
    """Raises `ValueError` unless `family` is "noto", "twemoji" or "both"."""
    if family not in get_args(Family):
        raise ValueError(f'family is "noto", "twemoji" or "both", not {family!r}')


def _metadata() -> dict[str, Any]:
    content: dict[str, Any] = json.loads((BUNDLED / "emoji" / "emoji.json").read_text(encoding="utf-8"))
    return content


@cache
def sheet(family: str) -> UInt8[np.ndarray, "emoji 48 48 4"]:
    """All drawings of one family, RGBA with straight alpha, read-only. `family` is one of `FAMILIES`."""
    meta = _metadata()
    tile, columns, count = meta["tile"], meta["columns"], meta["count"]
    with Image.open(BUNDLED / "emoji" / f"{family}.webp") as image:
        pixels = np.asarray(image.convert("RGBA"))
    tiles = pixels.reshape(-1, tile, columns, tile, 4).swapaxes(1, 2).reshape(-1, tile, tile, 4)[:count]
    tiles.flags.writeable = False
    return tiles


@cache
def premultiplied_tile(family: str, emoji: int) -> Image.Image:
    """One drawing with premultiplied alpha (mode `RGBa`), which is what resampling needs at soft edges."""
    return Image.fromarray(sheet(family)[emoji], "RGBA").convert("RGBa")


@cache
def emoji_table() -> EmojiTable:
    """The table of all emoji with the split, which depends on no seed: what is test stays test whatever is drawn."""
    entries = _metadata()["emoji"]
    group_names = tuple(sorted({entry["group"] for entry in entries}))
    groups = np.array([group_names.index(entry["group"]) for entry in entries], dtype=np.int64)

    seen: set[bytes] = set()
    usable = []
    for emoji in range(len(entries)):
        drawings = [f.encode() + premultiplied_tile(f, emoji).tobytes() for f in FAMILIES]
        if seen.isdisjoint(drawings):
            usable.append(emoji)
        seen.update(drawings)

    relatives: dict[tuple[int, str], list[int]] = {}
    for emoji, entry in enumerate(entries):
        stem = _WHO.sub("", entry["code"]) or "people"
        relatives.setdefault((int(groups[emoji]), stem), []).append(emoji)

    in_test = np.zeros(len(entries), dtype=bool)
    rng = np.random.default_rng(20_261_122)
    for group in range(len(group_names)):
        clans = [members for (g, _), members in relatives.items() if g == group]
        wanted = TEST_FRACTION * sum(map(len, clans))
        for i in rng.permutation(len(clans)):
            if in_test[groups == group].sum() + len(clans[i]) <= wanted:
                in_test[clans[i]] = True
    return EmojiTable(
        names=tuple(entry["name"] for entry in entries),
        group_names=group_names,
        groups=groups,
        usable=np.array(usable, dtype=np.int64),
        in_test=in_test,
    )


@cache
def keypoints(family: str, emoji: int, count: int) -> np.ndarray:
    """Points that lie well inside a drawing and far from each other (farthest-point sampling, first the most central).

    Returns:
        float64 (count, 2): x to the right and y down from the drawing's centre, in units of the tile's side,
        so in (-0.5, 0.5).
    """
    opaque = sheet(family)[emoji, ..., 3] >= 250
    inner = opaque.copy()
    inner[1:-1, 1:-1] &= opaque[:-2, 1:-1] & opaque[2:, 1:-1] & opaque[1:-1, :-2] & opaque[1:-1, 2:]
    inner[[0, -1], :] = inner[:, [0, -1]] = False
    if inner.sum() < count:
        inner = sheet(family)[emoji, ..., 3] >= 128
    points = np.argwhere(inner)[:, ::-1] + 0.5
    chosen = [int(((points - points.mean(0)) ** 2).sum(1).argmin())]
    distance = ((points - points[chosen[0]]) ** 2).sum(1)
    for _ in range(count - 1):
        farthest = int(distance.argmax())
        distance = np.minimum(distance, ((points - points[farthest]) ** 2).sum(1))
        chosen.append(farthest)
    side = inner.shape[0]
    located: np.ndarray = points[chosen] / side - 0.5
    return located

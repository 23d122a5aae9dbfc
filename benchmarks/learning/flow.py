"""Optical flow of a library as a tracker: scikit-image's TV-L1 (Zach, Pock and Bischof 2007), frame to frame.

It has learned nothing, looks at grey levels alone, and knows every pixel where the encoder knows cells of 4x4.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

ATTACHMENTS = (5.0, 15.0, 45.0)
"""How much a difference of grey levels counts beside a smooth flow: to choose from on training clips."""


@functools.cache
def _flow_of(earlier: bytes, later: bytes, side: int, attachment: float) -> np.ndarray:
    """For each pixel of the first frame, rows and columns to where it is in the second: (2, side, side)."""
    from skimage.registration import optical_flow_tvl1

    frames = [np.frombuffer(frame, dtype=np.float32).reshape(side, side) for frame in (earlier, later)]
    found: np.ndarray = optical_flow_tvl1(*frames, attachment=attachment)
    return found


def flow(earlier: Tensor, later: Tensor, attachment: float) -> Tensor:
    """As `_flow_of`, of grey frames (1, side, side)."""
    first, second = (frame.float().contiguous().numpy().tobytes() for frame in (earlier, later))
    return torch.from_numpy(_flow_of(first, second, earlier.shape[-1], attachment)).float()


def follow_masks(grey: Tensor, first: Tensor, attachment: float) -> Tensor:
    """Masks (n, t, k, h, w): each pixel of a frame asks where it was in the frame before, and takes what was there."""
    side = grey.shape[-1]
    rows, columns = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    films = []
    for clip, given in zip(grey, first, strict=True):
        film = [given]
        for t in range(1, len(clip)):
            down, right = flow(clip[t], clip[t - 1], attachment)
            y = (rows + down).round().long().clamp(0, side - 1)
            x = (columns + right).round().long().clamp(0, side - 1)
            film.append(film[-1][:, y, x])
        films.append(torch.stack(film))
    return torch.stack(films)


def follow_points(grey: Tensor, first: Tensor, attachment: float) -> Tensor:
    """Points (n, t, points, 2): each moves as the pixel does that it lies in."""
    side = grey.shape[-1]
    films = []
    for clip, start in zip(grey, first, strict=True):
        path: list[Tensor] = [start.clamp(0, side - 1)]
        for t in range(1, len(clip)):
            down, right = flow(clip[t - 1], clip[t], attachment)
            x, y = path[-1].round().long().unbind(-1)
            moved = path[-1] + torch.stack([right[y, x], down[y, x]], dim=-1)
            path.append(moved.clamp(0, side - 1))
        films.append(torch.stack(path))
    return torch.stack(films)


def best_attachment(scores: Sequence[float]) -> float:
    """The attachment with the best of the scores, which stand in the order of ATTACHMENTS."""
    return ATTACHMENTS[int(np.argmax(scores))]

"""Drawing: one emoji at one pose, and laying drawings over a picture."""

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from course_utils.data.emoji import premultiplied_tile

_SUPERSAMPLING = 2


def sprite(
    family: str, emoji: int, size: int, x: float, y: float, diameter: float, angle: float
) -> UInt8[np.ndarray, "size size 4"]:
    """An emoji on an empty square canvas.

    Args:
        family: "noto" or "twemoji".
        emoji: its id.
        size: side of the canvas in pixels.
        x: centre of the drawing, in pixels from the canvas's left edge.
        y: centre of the drawing, in pixels from the canvas's top edge.
        diameter: side of the drawing's (unrotated) square in pixels.
        angle: rotation in radians, counter-clockwise as seen.

    Returns:
        uint8 RGBA with *premultiplied* alpha, 0 to 255.
    """
    tile = premultiplied_tile(family, emoji)
    fine = size * _SUPERSAMPLING
    step = tile.width / (diameter * _SUPERSAMPLING)
    cos, sin = np.cos(angle) * step, np.sin(angle) * step
    # Pillow wants the map from the canvas back to the tile; y points down, hence the signs.
    cx, cy, half = x * _SUPERSAMPLING, y * _SUPERSAMPLING, tile.width / 2
    back = (cos, -sin, half - cos * cx + sin * cy, sin, cos, half - sin * cx - cos * cy)
    drawn = tile.transform((fine, fine), Image.Transform.AFFINE, back, Image.Resampling.BILINEAR)
    return np.asarray(drawn.reduce(_SUPERSAMPLING))


def place(points: np.ndarray, x: float, y: float, diameter: float, angle: float) -> np.ndarray:
    """Where points of a drawing land on the canvas: the forward map of `sprite`.

    Args:
        points: (..., 2), x right and y down from the drawing's centre in units of its side, as `keypoints`
            gives them.
        x, y, diameter, angle: pose, as for `sprite`.

    Returns:
        (..., 2) x and y in pixels from the canvas's top left corner.
    """
    cos, sin = np.cos(angle), np.sin(angle)
    turned = np.stack(
        [cos * points[..., 0] + sin * points[..., 1], cos * points[..., 1] - sin * points[..., 0]], axis=-1
    )
    placed: np.ndarray = turned * diameter + np.array([x, y])
    return placed


def brighten(drawn: UInt8[np.ndarray, "*size 4"], gain: float) -> UInt8[np.ndarray, "*size 4"]:
    """Multiplies the colour of a premultiplied drawing by `gain`; alpha stays."""
    colour = np.minimum(drawn[..., :3] * gain, drawn[..., 3:])
    return np.concatenate([colour.round().astype(np.uint8), drawn[..., 3:]], axis=-1)


def over(
    drawn: UInt8[np.ndarray, "*size 4"], below: UInt8[np.ndarray, "*size 3"]
) -> UInt8[np.ndarray, "*size 3"]:
    """Lays a premultiplied drawing over an opaque picture (Porter and Duff's *over*)."""
    rest = 255 - drawn[..., 3:].astype(np.uint16)
    return (drawn[..., :3] + (below * rest + 127) // 255).astype(np.uint8)

"""Cases and points of `pretext.split_lab`."""

import torch
from torch import Tensor

from course_utils.checks import Case, Draw, check, standard

# Black, white, pure red and a grey: white has lightness 1 and no colour. Then other corners of the RGB cube.
_FEW = ((0, 0, 0), (255, 255, 255), (255, 0, 0), (128, 128, 128))
_MORE = ((0, 255, 0), (0, 0, 255), (255, 255, 0), (200, 100, 0))


def _pixels(colours: tuple[tuple[int, int, int], ...]) -> Case:
    pixels = torch.tensor(colours, dtype=torch.uint8)
    return Case.of(images=pixels.T.reshape(1, 3, 2, -1).contiguous())


def _images(draw: Draw, *shape: int, n: int = 0) -> Case:
    count, h, w = shape or draw.sizes(3, 2, 8)
    return Case.of(images=_bytes(draw, n or count, h, w))


def _bytes(draw: Draw, n: int, h: int, w: int) -> Tensor:
    # Errors are measured by the largest value, and whoever meets pure blue meets the largest |b|.
    images = draw.bytes(n, 3, h, w)
    images[0, :, 0, 0] = torch.tensor([0, 0, 255], dtype=torch.uint8)
    return images


lightness = standard.values(
    lambda draw: [_pixels(_FEW), _pixels(_MORE), _images(draw, 2, 4, 3)],
    "Lightness has one channel and runs from -1 for black to 1 for white.",
    points=0.5,
    looks_at=("result.0",),
)
colour = standard.values(
    lambda draw: [_pixels(_FEW), _pixels(_MORE), _images(draw, 2, 3, 4)],
    "Colour has two channels, with both signs; greys have none.",
    points=0.5,
    looks_at=("result.1",),
)


def _others(draw: Draw) -> list[Case]:
    # All greys and all reds in two long rows; dark pixels, where the curve of sRGB is a straight line.
    levels = torch.arange(256, dtype=torch.uint8)
    rows = torch.stack(
        [levels.expand(3, -1), levels * torch.tensor([[1], [0], [0]], dtype=torch.uint8)], dim=1
    )
    dark = _images(draw, 2, 3, 4)
    dark.tensors["images"].tensor[1].remainder_(12)
    # Some pixels are black, and some channels are zero.
    black = draw.with_zero_vectors(3, 3, 4, 5, dim=1) * draw.with_zeros(3, 3, 4, 5, dim=1).sign()
    zeros = (90 * black).abs().clamp(max=255).byte()
    many, alone = _images(draw, draw.many(), 2, 2), _images(draw, 1, 1, 1)
    again = _images(draw, 2, 3, 5).then(_images(draw, 2, 3, 5))
    single = Case.of(images=rows[None]), Case.of(images=zeros)
    return [_images(draw), _images(draw).strided(), _images(draw, n=1), *single, dark, many, alone, again]


@check(
    points=1, looks_at=("result", "kept"), asks="other sizes and layouts in memory, every grey, dark colours"
)
def layouts(draw: Draw) -> list[Case]:
    """Both parts are right for every grey, in the dark, in transposed memory, for one pixel, and called again."""
    return _others(draw)


images_unchanged = standard.unchanged(_images, "The bytes passed in are left as they were.")

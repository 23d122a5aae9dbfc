"""Reference of `pretext.split_lab`."""

from jaxtyping import Float, UInt8
from torch import Tensor

from course_utils.data import rgb_to_lab


def split_lab(images: UInt8[Tensor, "n 3 h w"]) -> tuple[Float[Tensor, "n 1 h w"], Float[Tensor, "n 2 h w"]]:
    """Take images apart into lightness and colour, for tasks that predict one from the other (Zhang et al. 2016).

    The bytes become sRGB in [0, 1], and that becomes CIE Lab by `rgb_to_lab` of `course_utils.data`, which gives L in
    [0, 100] and a and b within about ±110. Networks like smaller numbers: L / 50 - 1 and a / 110, b / 110, not clipped.

    Args:
        images: red, green and blue of each pixel, as bytes.

    Returns:
        Lightness in [-1, 1], and the two channels of colour, both float32.
    """
    lab = rgb_to_lab(images / 255)
    return lab[:, :1] / 50 - 1, lab[:, 1:] / 110

"""Reference of `cpc.masked_conv`."""

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor


def masked_conv(
    grid: Float[Tensor, "n d h w"], weight: Float[Tensor, "o d kh kw"], bias: Float[Tensor, " o"]
) -> Float[Tensor, "n o h w"]:
    """A convolution that looks at rows above and at its own, and never at a row below (Hénaff 2020, section 2).

    As in `F.conv2d`, kernel row 0 looks up, nothing is flipped, and outside the grid all is zero; the grid keeps its
    size. What is different: row i of the output sees the rows of the grid up to and including row i, in all columns
    that the kernel reaches, to the left and to the right. Kernel rows below the middle have no effect, and get no
    gradient. The weight itself is left as it is.

    Args:
        grid: one vector for each position of an image; row 0 is the top.
        weight: the whole kernel, of odd height and odd width.
        bias: one number for each output channel.

    Raises:
        ValueError: the kernel has an even height or an even width, so that it has no middle.
    """
    up, side = weight.shape[2] // 2, weight.shape[3] // 2
    if weight.shape[2] % 2 == 0 or weight.shape[3] % 2 == 0:
        raise ValueError("a kernel has a middle only if both of its sides are odd")
    padded = F.pad(grid, (side, side, up, 0))
    return F.conv2d(padded, weight[:, :, : up + 1], bias)

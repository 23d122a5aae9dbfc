"""Reference of `video.shuffle_tuples`."""

import torch
from jaxtyping import Float, Int64
from torch import Tensor


def shuffle_tuples(
    frames: Float[Tensor, "n t c h w"], times: Int64[Tensor, "n 5"], kinds: Int64[Tensor, " n"]
) -> tuple[Float[Tensor, "n 3 c h w"], Int64[Tensor, " n"]]:
    """Three frames of each clip, in order or not (Misra et al. 2016, section 3.1).

    `times[i]` are five frames a < b < c < d < e of clip i, and `kinds[i]` says which three of them are taken:

        kind   frames      label        kind   frames      label
          0    b, c, d       1            3    d, c, b       1
          1    b, a, d       0            4    d, a, b       0
          2    b, e, d       0            5    d, e, b       0

    Kinds 3, 4 and 5 are 0, 1 and 2 read backwards. Label 1 means in order, forwards or backwards.

    Args:
        frames: n clips of t frames.
        times: numbers of frames, from 0 to t - 1, increasing in every row.
        kinds: a number from 0 to 5 for each clip.

    Returns:
        The tuples and their labels, in memory of their own.

    Raises:
        ValueError: some times are not strictly increasing.
    """
    if (times.diff(dim=1) <= 0).any():
        raise ValueError("the five times of a clip are not strictly increasing")
    table = [(1, 2, 3), (1, 0, 3), (1, 4, 3), (3, 2, 1), (3, 0, 1), (3, 4, 1)]
    chosen = times.gather(1, times.new_tensor(table)[kinds])
    clips = torch.arange(len(frames), device=frames.device).unsqueeze(1)
    return frames[clips, chosen], (kinds % 3 == 0).long()

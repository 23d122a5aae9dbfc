"""Reference of `video.propagate_keypoints`."""

import torch
from jaxtyping import Float
from torch import Tensor


def propagate_keypoints(
    attention: Float[Tensor, "h*w h2*w2"],
    keypoints: Float[Tensor, "k 2"],
    size: tuple[int, int],
    target_size: tuple[int, int],
    stride: int,
    top_k: int = 5,
) -> Float[Tensor, "k 2"]:
    """Where points of the reference frame are in the target frame (Vondrick et al. 2018, section 4.4).

    Both frames are cut into cells of stride x stride pixels, counted row by row. The x of a point is measured from the
    left edge of its frame and its y from the upper edge, so that the cell in the upper left corner holds the points
    with 0 <= x < stride and 0 <= y < stride.

    A point belongs to the cell that holds it, and the attention's row of this cell says how strongly each target cell
    points at it. The top_k target cells with the largest entries, or all if there are fewer, are kept. The point is at
    the mean of their centres, weighted by their entries, where the weights are divided by their sum: a row of the
    attention may have any. The centre of the target cell in row r and column c is at

        x = (c + 1/2) * stride,  y = (r + 1/2) * stride

    Args:
        attention: not negative; as `colorization_attention` gives it for one pair of frames.
        keypoints: points of the reference frame as (x, y), in pixels.
        size: rows and columns of cells of the reference frame, (h, w).
        target_size: rows and columns of cells of the target frame, (h2, w2).
        stride: side of a cell in pixels.
        top_k: of how many cells the mean is taken, at least 1.

    Returns:
        The points in the target frame as (x, y), in pixels; (-1, -1) for a point whose cell no target cell points at.

    Raises:
        ValueError: a keypoint lies outside the reference frame, which ends before x = w * stride and y = h * stride.
    """
    (h, w), columns = size, target_size[1]
    if ((keypoints < 0) | (keypoints >= stride * keypoints.new_tensor([w, h]))).any():
        raise ValueError("a keypoint lies outside the reference frame")
    x, y = (keypoints / stride).long().unbind(1)
    weights, cells = attention[y * w + x].topk(min(top_k, attention.shape[1]), dim=1)
    centres = stride * (torch.stack([cells % columns, cells // columns], dim=2) + 0.5).to(weights)
    total = weights.sum(dim=1, keepdim=True)
    found = (weights.unsqueeze(2) * centres).sum(dim=1) / total
    return found.where(total > 0, -1)

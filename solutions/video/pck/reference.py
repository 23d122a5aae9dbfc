"""Reference of `video.pck`."""

from jaxtyping import Bool, Float
from torch import Tensor


def pck(
    predicted: Float[Tensor, "n k 2"],
    truth: Float[Tensor, "n k 2"],
    visible: Bool[Tensor, "n k"],
    size: Float[Tensor, " n"],
    alpha: float,
) -> Float[Tensor, ""]:
    """Percentage of correct keypoints, as a share (Yang and Ramanan 2013).

    A keypoint is correct if its (Euclidean) distance from the truth is at most alpha * size[i], where i is the object
    that it belongs to. The share is that of all visible keypoints, of all objects together.

    Args:
        predicted: where the k keypoints of each of n objects were found.
        truth: where they are.
        visible: which of them are judged. The others may be anywhere.
        size: of each object: the longer side of its box, in the unit of the keypoints.
        alpha: part of the size by which a point may be wrong.

    Returns:
        The share, in [0, 1].

    Raises:
        ValueError: no keypoint is visible.
    """
    if not visible.any():
        raise ValueError("no keypoint is visible")
    distance = (predicted - truth).norm(dim=2)
    correct = distance <= alpha * size.unsqueeze(1)
    return correct[visible].to(size.dtype).mean()

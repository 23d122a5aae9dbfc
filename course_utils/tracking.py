"""Follow objects and points through clips with a function that points, and say how well they were followed.

Region similarity J is in `course_utils.evaluate`; here are contour accuracy F, both frame by frame, and what keypoints
are judged by.

An argument of another type, dtype, shape or length than its function asks for raises a ValueError that names it.
"""

from __future__ import annotations

import base64
import itertools
import math
import zlib
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int64
from torch import Tensor

from course_utils import arguments
from course_utils.data import EmojiVideo
from course_utils.evaluate import region_similarity

Propagate = Callable[[Tensor, Tensor, Tensor, float, int, int], Tensor]
"""`propagate_labels` or a function like it: (references, target, labels, temperature, top_k, radius) -> labels."""
Point = Callable[[Tensor, Tensor], Tensor]
"""(embeddings (d, h, w) of a frame, of the next one) -> attention (h*w, h*w), columns for the next one's positions."""
Move = Callable[..., Tensor]
"""`propagate_keypoints` or a function like it: (attention, keypoints, size, target_size, stride) -> keypoints."""

_EMBEDDINGS = "a tensor of floats of the shape (n, t, d, h, w)"
_POINTS = "a tensor of floats of the shape (n, points, 2)"


def contour_accuracy(
    predicted: Bool[Tensor, "*batch h w"], truth: Bool[Tensor, "*batch h w"], tolerance: int | None = None
) -> Float[Tensor, " *batch"]:
    """Contour accuracy F of each mask (Perazzi et al. 2016, section 5.1).

    F is the harmonic mean of two shares: of the predicted contour that has some of the true one within the tolerance,
    and of the true contour that has some of the predicted one. The matching is the fast one of the benchmark's own
    code, by widening each contour with a disk. Where both masks are without a contour F is 1.

    Args:
        predicted: masks, True where the object is thought to be.
        truth: masks of the same shape.
        tolerance: in pixels, at least 0; 0.8 % of the frame's diagonal, rounded up, if it is left out.

    Returns:
        float32 in [0, 1], one number for each mask.

    Raises:
        ValueError: the shapes differ, or the masks are not boolean.
    """
    for name, masks in (("predicted", predicted), ("truth", truth)):
        arguments.require_masks(name, masks, "(..., height, width)")
    if predicted.shape != truth.shape:
        asked, given = tuple(predicted.shape), tuple(truth.shape)
        arguments.refuse_argument(
            "truth", f"of the shape of predicted, {asked}", f"it is of the shape {given}"
        )
    if tolerance is None:
        tolerance = math.ceil(0.008 * math.hypot(*truth.shape[-2:]))
    arguments.require_whole("tolerance", tolerance, at_least=0)
    found, due = contour(predicted), contour(truth)
    right = (found & _widened(due, tolerance)).sum(dim=(-2, -1))
    met = (due & _widened(found, tolerance)).sum(dim=(-2, -1))
    all_found, all_due = found.sum(dim=(-2, -1)), due.sum(dim=(-2, -1))
    precision = torch.where(all_found > 0, right / all_found.clamp(min=1), 1.0)
    recall = torch.where(all_due > 0, met / all_due.clamp(min=1), 1.0)
    # An empty prediction has no wrong contour and an empty truth no missed one, but one without the other is wrong.
    precision = torch.where((all_found > 0) & (all_due == 0), 0.0, precision)
    recall = torch.where((all_found == 0) & (all_due > 0), 0.0, recall)
    both = precision + recall
    return torch.where(both > 0, 2 * precision * recall / both.clamp(min=1e-12), 0.0)


def contour(masks: Bool[Tensor, "*batch h w"]) -> Bool[Tensor, "*batch h w"]:
    """The pixels that differ from their neighbour on the right, below or to the lower right; an object that is cut off
    by the frame has no contour there."""
    arguments.require_masks("masks", masks, "(..., height, width)")
    right = torch.cat([masks[..., 1:], masks[..., -1:]], dim=-1)
    below = torch.cat([masks[..., 1:, :], masks[..., -1:, :]], dim=-2)
    both = torch.cat([right[..., 1:, :], right[..., -1:, :]], dim=-2)
    return (masks ^ right) | (masks ^ below) | (masks ^ both)


def _widened(masks: Tensor, tolerance: int) -> Tensor:
    """All pixels no farther than `tolerance` from one of the mask."""
    steps = torch.arange(-tolerance, tolerance + 1, device=masks.device)
    disk = (steps.unsqueeze(1).square() + steps.square() <= tolerance**2).float()
    flat = masks.flatten(end_dim=-3)[:, None] if masks.ndim > 2 else masks[None, None]
    return (F.conv2d(flat.float(), disk[None, None], padding=tolerance) > 0.5).view_as(masks)


def frame_by_frame(
    predicted: Bool[Tensor, "n t k h w"], truth: Bool[Tensor, "n t k h w"]
) -> dict[str, list[float]]:
    """J and F of each frame after the first, means over all objects of all clips: how fast a tracker drifts.

    Args:
        predicted: masks of all frames, those of the first one given.
        truth: the true ones.
    """
    for name, masks in (("predicted", predicted), ("truth", truth)):
        arguments.require_masks(name, masks, "(n, t, k, height, width)", 5)
    if predicted.shape != truth.shape or truth.shape[1] < 2:
        due = f"of the shape of predicted, {tuple(predicted.shape)}, with at least two frames"
        arguments.refuse_argument("truth", due, f"it is of the shape {tuple(truth.shape)}")
    measures = {"J": region_similarity, "F": contour_accuracy}
    return {
        name: measure(predicted[:, 1:], truth[:, 1:]).mean(dim=(0, 2)).tolist()
        for name, measure in measures.items()
    }


def follow_masks(
    embeddings: Float[Tensor, "n t d h w"],
    first: Bool[Tensor, "n k height width"],
    propagate: Propagate,
    *,
    references: int,
    top_k: int,
    radius: int,
    temperature: float,
) -> Bool[Tensor, "n t k height width"]:
    """As `evaluate.propagate_masks`, clip by clip with a function that looks only within a window.

    Args:
        embeddings: of each frame, at a resolution that divides the frames'.
        first: true masks of frame 0, which do not overlap.
        propagate: `propagate_labels` or a function like it.
        references: how many frames before each are looked at; the first frames have fewer.
        top_k, radius, temperature: of `propagate`.

    Returns:
        Masks of all frames at full resolution; those of frame 0 are the given ones.
    """
    arguments.require_floats("embeddings", embeddings, _EMBEDDINGS, 5)
    arguments.require_masks("first", first, "(n, k, height, width)", 4)
    arguments.require_length("first", first, len(embeddings), "embeddings")
    arguments.require_callable("propagate", propagate, "propagate_labels or a function like it")
    for name, value, least in (("references", references, 1), ("top_k", top_k, 1), ("radius", radius, 0)):
        arguments.require_whole(name, value, at_least=least)
    arguments.require_number("temperature", temperature, above=0)
    size = (int(first.shape[-2]), int(first.shape[-1]))
    background = ~first.any(dim=1, keepdim=True)
    start = F.adaptive_avg_pool2d(
        torch.cat([background, first], dim=1).to(embeddings), (embeddings.shape[-2], embeddings.shape[-1])
    )
    numbers = torch.arange(1, first.shape[1] + 1, device=first.device).view(-1, 1, 1)
    films = []
    for clip, given, masks in zip(embeddings, start, first, strict=True):
        soft, film = [given], [masks]
        for t in range(1, len(clip)):
            since = max(0, t - references)
            known = torch.stack(soft[since:t])
            soft.append(propagate(clip[since:t], clip[t], known, temperature, top_k, radius))
            fine = F.interpolate(soft[t][None], size=size, mode="bilinear", align_corners=False)
            film.append(fine.argmax(dim=1) == numbers)
        films.append(torch.stack(film))
    return torch.stack(films)


def weights_of(
    propagate: Propagate,
    references: Float[Tensor, "t d h w"],
    target: Float[Tensor, "d h w"],
    *,
    temperature: float,
    top_k: int,
    radius: int,
) -> Float[Tensor, "t*h*w h*w"]:
    """The weights with which `propagate` adds up labels: it is given the numbers of the positions as labels.

    Args:
        propagate: `propagate_labels` or a function like it.
        references: embeddings of earlier frames.
        target: embeddings of the frame whose positions choose.
        temperature, top_k, radius: of `propagate`.

    Returns:
        Like an attention: a row for each reference position, frame by frame, and a column for each target position.
    """
    arguments.require_callable("propagate", propagate, "propagate_labels or a function like it")
    arguments.require_floats("references", references, "a tensor of floats of the shape (t, d, h, w)", 4)
    arguments.require_floats("target", target, "a tensor of floats of the shape (d, h, w)", 3)
    if target.shape != references.shape[1:]:
        due = f"of the shape of one reference frame, {tuple(references.shape[1:])}"
        arguments.refuse_argument("target", due, f"it is of the shape {tuple(target.shape)}")
    t, _, h, w = references.shape
    own_numbers = torch.eye(t * h * w, dtype=references.dtype, device=references.device)
    labels = own_numbers.view(t, h, w, t * h * w).movedim(-1, 1)
    return propagate(references, target, labels, temperature, top_k, radius).flatten(1)


def follow_points(
    embeddings: Float[Tensor, "n t d h w"],
    first: Float[Tensor, "n points 2"],
    point: Point,
    move: Move,
    stride: int = 4,
) -> Float[Tensor, "n t points 2"]:
    """Points of the first frame, handed on from each frame to the next.

    A point that is lost stays where it was. Points are given as in `EmojiVideo`, where the centre of the pixel in row i
    and column j is (j, i); `move` counts from the corner of the frame, as `propagate_keypoints` does.

    Args:
        embeddings: of each frame.
        first: x and y of the points in frame 0; those outside the frame are moved to its border.
        point: from two frames' embeddings to the attention.
        move: `propagate_keypoints` or a function like it.
        stride: pixels from one position to the next.
    """
    arguments.require_floats("embeddings", embeddings, _EMBEDDINGS, 5)
    if arguments.require_floats("first", first, _POINTS, 3).shape[-1] != 2:
        arguments.refuse_argument("first", _POINTS, f"it is {arguments.describe_value(first)}")
    arguments.require_length("first", first, len(embeddings), "embeddings")
    arguments.require_callable("point", point, "a function of two frames' embeddings")
    arguments.require_callable("move", move, "propagate_keypoints or a function like it")
    arguments.require_whole("stride", stride, at_least=1)
    h, w = int(embeddings.shape[-2]), int(embeddings.shape[-1])
    # The last pixel ends just before the frame does.
    edge = first.new_tensor([w * stride, h * stride]) - 1e-3
    films = []
    for clip, start in zip(embeddings, first, strict=True):
        path = [(start + 0.5).clamp(min=0).minimum(edge)]
        for earlier, later in itertools.pairwise(clip):
            found = move(point(earlier, later), path[-1], (h, w), (h, w), stride)
            path.append(torch.where((found < 0).any(dim=1, keepdim=True), path[-1], found).minimum(edge))
        films.append(torch.stack(path) - 0.5)
    return torch.stack(films)


def judged_points(
    video: EmojiVideo, followed: Float[Tensor, "n t k points 2"], frame: int | None = None
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """What `pck` takes: each object in each frame after the first counts as one image with its points.

    A point counts where it is seen, if it was seen in the first frame too. The size of an object is the side of the
    square that it was drawn in.

    Args:
        video: the clips.
        followed: where the points were found.
        frame: this frame alone, at least 1; all after the first if it is left out.

    Returns:
        Found points (m, points, 2), true ones, which of them count (m, points), and the sizes (m,).
    """
    arguments.require_parts("video", video, ("keypoints", "visible", "poses"))
    due = f"of the shape of the clips' keypoints, {tuple(video.keypoints.shape)}"
    if arguments.require_floats("followed", followed, due).shape != video.keypoints.shape:
        arguments.refuse_argument("followed", due, f"it is of the shape {tuple(followed.shape)}")
    last = video.keypoints.shape[1] - 1
    if frame is not None:
        arguments.require_whole("frame", frame, at_least=1, at_most=last)
    chosen = slice(1, None) if frame is None else slice(frame, frame + 1)
    counts = video.visible[:, chosen] & video.visible[:, :1]
    found, true = (points[:, chosen].flatten(0, 2) for points in (followed, video.keypoints))
    return found, true, counts.flatten(0, 2), video.poses[:, chosen, :, 2].flatten()


def object_map(masks: Bool[Tensor, "*batch k h w"]) -> Int64[Tensor, "*batch h w"]:
    """Masks of objects that do not overlap as one map: 0 is the background, object k has the number k + 1."""
    arguments.require_masks("masks", masks, "(..., objects, height, width)", None)
    if masks.ndim < 3:
        arguments.refuse_argument(
            "masks", "of the shape (..., objects, height, width)", f"it is {arguments.describe_value(masks)}"
        )
    numbers = torch.arange(1, masks.shape[-3] + 1, device=masks.device).view(-1, 1, 1)
    return (masks * numbers).sum(dim=-3)


def pack_map(objects: Int64[Tensor, "t h w"]) -> str:
    """An object map as a short text, for a record of runs."""
    found = arguments.whole_numbers("objects", objects, dims=3)
    return base64.b64encode(zlib.compress(found.to(torch.uint8).cpu().numpy().tobytes(), 9)).decode()


def unpack_map(text: str, height: int, width: int) -> Int64[Tensor, "t h w"]:
    """The object map that `pack_map` made."""
    arguments.require_whole("height", height, at_least=1)
    arguments.require_whole("width", width, at_least=1)
    try:
        numbers = np.frombuffer(zlib.decompress(base64.b64decode(text)), dtype=np.uint8)
    except (ValueError, TypeError, zlib.error):
        arguments.refuse_argument("text", "what pack_map made", f"it is {arguments.describe_value(text)}")
    if len(numbers) % (height * width):
        due = f"a map of frames of {height}x{width} pixels"
        arguments.refuse_argument("text", due, f"it holds {len(numbers)} pixels")
    return torch.from_numpy(numbers.astype(np.int64)).view(-1, height, width)

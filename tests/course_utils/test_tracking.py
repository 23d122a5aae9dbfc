"""Following objects and points through clips, and the measures, by hand and beside plain loops."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy import ndimage
from torch import Tensor

from course_utils import evaluate, tracking
from course_utils.data import EmojiVideo
from solutions.video.colorization_attention.reference import colorization_attention
from solutions.video.copy_colors.reference import copy_colors


@pytest.fixture(scope="module")
def video() -> EmojiVideo:
    return EmojiVideo("test", clips=2, frames=3, cache=False)


def propagate(
    references: Tensor, target: Tensor, labels: Tensor, temperature: float, top_k: int, radius: int
) -> Tensor:
    """All positions of all frames as one tall frame; the window is a mask."""
    h, w = references.shape[-2:]
    scores = torch.einsum("tdi,dj->tij", references.flatten(2), target.flatten(1)) / temperature
    place = torch.stack([torch.arange(h * w) // w, torch.arange(h * w) % w])
    far = ((place[:, :, None] - place[:, None]).abs() > radius).any(dim=0)
    scores = scores.masked_fill(far, -torch.inf).flatten(0, 1)
    best = scores.topk(min(top_k, len(scores)), dim=0)
    weights = torch.zeros_like(scores).scatter(0, best.indices, best.values.softmax(dim=0))
    return (labels.transpose(0, 1).flatten(1) @ weights).view(-1, h, w)


def move(
    attention: Tensor, points: Tensor, size: tuple[int, int], target_size: tuple[int, int], stride: int
) -> Tensor:
    """To the centre of the cell of the largest weight; lost if all are zero."""
    rows = attention[(points[:, 1] // stride * size[1] + points[:, 0] // stride).long()]
    best = rows.argmax(dim=1)
    found = torch.stack([best % target_size[1], best // target_size[1]], dim=1) * stride + stride / 2
    return torch.where(rows.sum(dim=1, keepdim=True) > 0, found, -1.0)


# --- contour accuracy -----------------------------------------------------------------------------------------


def slow_contour_accuracy(predicted: np.ndarray, truth: np.ndarray, tolerance: int) -> float:
    """Perazzi et al. 2016 with scipy's dilation."""

    def edge(mask: np.ndarray) -> np.ndarray:
        found = np.zeros_like(mask)
        height, width = mask.shape
        for y in range(height):
            for x in range(width):
                for dy, dx in ((0, 1), (1, 0), (1, 1)):
                    if mask[min(y + dy, height - 1), min(x + dx, width - 1)] != mask[y, x]:
                        found[y, x] = True
        return found

    steps = np.arange(-tolerance, tolerance + 1)
    disk = steps[:, None] ** 2 + steps**2 <= tolerance**2
    found, due = edge(predicted), edge(truth)
    if not found.any() or not due.any():
        return float(found.any() == due.any())
    precision = (found & ndimage.binary_dilation(due, disk)).sum() / found.sum()
    recall = (due & ndimage.binary_dilation(found, disk)).sum() / due.sum()
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


@pytest.mark.parametrize("tolerance", [0, 1, 3])
def test_contour_accuracy_is_that_of_the_benchmark(tolerance: int) -> None:
    noise = torch.randn(12, 2, 15, 18, generator=torch.Generator().manual_seed(0))
    smooth = F.avg_pool2d(noise, 5, stride=1, padding=2)
    predicted, truth = smooth[:6] > 0.05, (smooth[6:] + smooth[:6]) > 0.05
    predicted[0], truth[1, 0] = False, False
    found = tracking.contour_accuracy(predicted, truth, tolerance)
    for k in range(6):
        for j in range(2):
            slow = slow_contour_accuracy(predicted[k, j].numpy(), truth[k, j].numpy(), tolerance)
            assert float(found[k, j]) == pytest.approx(slow, abs=1e-6)


def test_contour_accuracy_of_equal_and_of_empty_masks() -> None:
    mask = torch.zeros(16, 16, dtype=torch.bool)
    mask[4:9, 5:12] = True
    nothing = torch.zeros_like(mask)
    assert tracking.contour_accuracy(mask, mask) == 1
    assert tracking.contour_accuracy(nothing, nothing) == 1
    assert tracking.contour_accuracy(nothing, mask) == 0
    assert tracking.contour_accuracy(mask, nothing) == 0
    # Moved by one pixel: within the tolerance of a small frame, which is a pixel.
    assert tracking.contour_accuracy(mask.roll(1, dims=1), mask) > 0.9
    assert tracking.contour_accuracy(mask.roll(1, dims=1), mask, tolerance=0) < 0.7


def test_the_tolerance_grows_with_the_frame() -> None:
    line = torch.zeros(300, 400, dtype=torch.bool)
    line[100:200, 100:200] = True
    tolerance = math.ceil(0.008 * 500)
    assert tracking.contour_accuracy(line.roll(tolerance, dims=1), line) > 0.97
    assert tracking.contour_accuracy(line.roll(2 * tolerance, dims=1), line) < 0.7


# --- following ------------------------------------------------------------------------------------------------


def test_without_a_window_masks_are_those_of_propagate_masks(video: EmojiVideo) -> None:
    embeddings = torch.randn(2, 3, 8, 16, 16, generator=torch.Generator().manual_seed(0))
    settings = {"references": 2, "top_k": 5, "temperature": 0.7}
    whole = evaluate.propagate_masks(
        embeddings, video.masks[:, 0], colorization_attention, copy_colors, **settings
    )
    found = tracking.follow_masks(embeddings, video.masks[:, 0], propagate, radius=16, **settings)
    assert (found == whole).float().mean() > 0.999
    assert found[:, 0].equal(video.masks[:, 0])


def test_a_window_of_one_cell_repeats_the_first_cells(video: EmojiVideo) -> None:
    embeddings = torch.randn(2, 3, 8, 16, 16, generator=torch.Generator().manual_seed(0))
    found = tracking.follow_masks(
        embeddings, video.masks[:, 0], propagate, references=1, top_k=1, radius=0, temperature=1.0
    )
    assert found[:, 1].equal(found[:, 2])
    assert evaluate.region_similarity(found[:, 1], video.masks[:, 0]).mean() > 0.6


def test_weights_are_those_of_the_attention() -> None:
    references = torch.randn(2, 6, 3, 4, generator=torch.Generator().manual_seed(0))
    target = torch.randn(6, 3, 4, generator=torch.Generator().manual_seed(1))
    found = tracking.weights_of(propagate, references, target, temperature=0.5, top_k=100, radius=9)
    tall = torch.cat(references.unbind(), dim=1)
    torch.testing.assert_close(found, colorization_attention(tall[None], target[None], 0.5)[0])
    few = tracking.weights_of(propagate, references, target, temperature=0.5, top_k=3, radius=1)
    assert ((few > 0).sum(dim=0) == 3).all()
    torch.testing.assert_close(few.sum(dim=0), torch.ones(12))


def test_points_follow_a_frame_that_is_shifted() -> None:
    cells = torch.eye(64).view(1, 64, 8, 8)
    embeddings = torch.stack([cells, cells.roll(1, dims=3), cells.roll(2, dims=3)], dim=1)
    first = torch.tensor([[[1.5, 5.5], [30.0, 63.0], [9.0, 9.0]]])

    def point(earlier: Tensor, later: Tensor) -> Tensor:
        return colorization_attention(earlier[None], later[None], 0.01)[0]

    found = tracking.follow_points(embeddings, first, point, move, stride=4)
    assert found[0, 0].tolist() == [[1.5, 5.5], [30.0, 31.499000549316406], [9.0, 9.0]]
    # The centres of the cells, in coordinates whose pixels have their centres at whole numbers.
    assert found[0, 1].tolist() == [[5.5, 5.5], [1.5, 29.5], [13.5, 9.5]]
    assert found[0, 2].tolist() == [[9.5, 5.5], [5.5, 29.5], [17.5, 9.5]]


def test_a_lost_point_stays_where_it_was() -> None:
    first = torch.tensor([[[3.0, 2.0]]])
    found = tracking.follow_points(
        torch.randn(1, 3, 2, 4, 4), first, lambda earlier, later: torch.zeros(16, 16), move
    )
    assert found.equal(first[:, None].expand(-1, 3, -1, -1))


def test_only_points_that_were_and_are_seen_are_judged(video: EmojiVideo) -> None:
    found, true, counts, size = tracking.judged_points(video, video.keypoints)
    assert found.equal(true) and found.shape == (2 * 2 * 3, 5, 2)
    assert counts.equal((video.visible[:, 1:] & video.visible[:, :1]).flatten(0, 2))
    assert size.equal(video.poses[:, 1:, :, 2].flatten())
    last = tracking.judged_points(video, video.keypoints, frame=2)
    assert last[0].equal(video.keypoints[:, 2].flatten(0, 1))
    with pytest.raises(ValueError, match="frame"):
        tracking.judged_points(video, video.keypoints, frame=3)
    with pytest.raises(ValueError, match="followed"):
        tracking.judged_points(video, video.keypoints[:, :2])


def test_drift_is_told_frame_by_frame(video: EmojiVideo) -> None:
    found = video.masks.clone()
    found[:, 2] = False
    curves = tracking.frame_by_frame(found, video.masks)
    assert curves["J"][0] == curves["F"][0] == 1
    assert curves["J"][1] < 0.2 and curves["F"][1] < 0.2


def test_maps_are_packed_and_unpacked(video: EmojiVideo) -> None:
    objects = tracking.object_map(video.masks[0])
    assert objects.max() == 3 and (objects == 2).equal(video.masks[0, :, 1])
    text = tracking.pack_map(objects)
    assert len(text) < 4000
    assert tracking.unpack_map(text, 64, 64).equal(objects)
    with pytest.raises(ValueError, match="text"):
        tracking.unpack_map("nothing of the kind", 64, 64)
    with pytest.raises(ValueError, match="text"):
        tracking.unpack_map(text, 63, 64)


WRONG_ARGUMENTS = {
    "embeddings": torch.zeros(2, 3, 8, 16),
    "first": torch.zeros(2, 3, 64, 64),
    "propagate": "propagate_labels",
    "references": 0,
    "top_k": 0,
    "radius": -1,
    "temperature": 0,
}


@pytest.mark.parametrize("name", WRONG_ARGUMENTS)
def test_what_is_wrong_is_named(name: str, video: EmojiVideo) -> None:
    given = {
        "embeddings": torch.zeros(2, 3, 8, 16, 16), "first": video.masks[:, 0], "propagate": propagate,
        "references": 1, "top_k": 5, "radius": 2, "temperature": 1.0,
    }  # fmt: skip
    with pytest.raises(ValueError, match=name):
        tracking.follow_masks(**{**given, name: WRONG_ARGUMENTS[name]})


def test_wrong_arguments_of_the_other_functions(video: EmojiVideo) -> None:
    masks = video.masks
    with pytest.raises(ValueError, match="predicted"):
        tracking.contour_accuracy(masks.float(), masks)
    with pytest.raises(ValueError, match="truth"):
        tracking.contour_accuracy(masks, masks[:1])
    with pytest.raises(ValueError, match="tolerance"):
        tracking.contour_accuracy(masks, masks, -1)
    with pytest.raises(ValueError, match="masks"):
        tracking.contour(masks.float())
    with pytest.raises(ValueError, match="truth"):
        tracking.frame_by_frame(masks[:, :1], masks[:, :1])
    with pytest.raises(ValueError, match="target"):
        tracking.weights_of(
            propagate, torch.zeros(1, 2, 4, 4), torch.zeros(2, 4, 5), temperature=1.0, top_k=1, radius=1
        )
    with pytest.raises(ValueError, match="first"):
        tracking.follow_points(torch.zeros(1, 2, 3, 4, 4), torch.zeros(1, 2, 3), lambda a, b: a, move)
    with pytest.raises(ValueError, match="masks"):
        tracking.object_map(torch.zeros(3, 4, 4))
    with pytest.raises(ValueError, match="objects"):
        tracking.pack_map(torch.zeros(3, 4, 4))

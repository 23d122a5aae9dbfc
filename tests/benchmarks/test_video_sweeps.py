"""The sweeps of video measure each point once and write it at once; trackers and optical flow do what they say."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from benchmarks import memory
from benchmarks.learning import common, flow, video_runs, video_sweeps
from benchmarks.learning.video import SETTINGS
from course_utils import tracking
from course_utils.data import EmojiVideo
from course_utils.training_runs import Recorded
from solutions.video.colorization_attention.reference import colorization_attention


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[Recorded]:
    """The records that were written, the last one last; one row is there from the start."""
    parts = {"classes": {"4 classes": {"J": 0.5}}}
    empty = Recorded(unit="video", seeds=[0], losses=[], seconds=[], results={}, settings=SETTINGS)
    records = [replace(empty, extra={"sweep": ["kept"], "parts": parts})]
    monkeypatch.setattr(common, "load", lambda unit, settings: records[-1])
    monkeypatch.setattr(common, "write", records.append)
    return records


@pytest.fixture(scope="module")
def video() -> EmojiVideo:
    return EmojiVideo("test", clips=2, frames=3, cache=False)


def test_rows_are_measured_once_and_written_one_by_one(written: list[Recorded]) -> None:
    asked = []

    def measure(name: str) -> dict[str, Any]:
        asked.append(name)
        return {"J": 0.123456, "curve": [0.98765], "values": {"J": [0.111111]}, "tracks": "text"}

    points = [(name, lambda name=name: measure(name)) for name in ("4 classes", "8 classes", "16 classes")]
    video_runs.record_group("classes", points)
    video_runs.record_group("classes", points)
    assert asked == ["8 classes", "16 classes"]
    assert [list(record.extra["parts"]["classes"]) for record in written[1:]] == [
        ["4 classes", "8 classes"],
        ["4 classes", "8 classes", "16 classes"],
    ]
    row = written[-1].part("classes")["8 classes"]
    assert row["J"] == 0.1235 and row["curve"] == [0.9877] and row["values"] == {"J": [0.1111]}
    assert row["tracks"] == "text" and row["cpu seconds"] >= 0
    assert written[-1].extra["sweep"] == ["kept"] and written[-1].seeds == [0]


@pytest.mark.parametrize("group", video_sweeps.GROUPS)
def test_points_of_the_sweeps_have_names_of_their_own(group: str) -> None:
    names = [name for name, _ in video_sweeps.GROUPS[group]()]
    assert len(names) == len(set(names)) >= 2


def test_wrong_losses_are_wrong() -> None:
    generator = torch.Generator().manual_seed(0)
    embeddings = torch.randn(2, 3, 6, 4, 4, generator=generator).requires_grad_()
    classes = torch.randint(16, (2, 3, 4, 4), generator=generator)
    right = video_runs.clip_loss(embeddings, classes)
    (slope,) = torch.autograd.grad(right, embeddings)
    for name, loss in video_sweeps.WRONG.items():
        found = loss(embeddings, classes)
        (other,) = torch.autograd.grad(found, embeddings)
        assert abs(found - right) > 1e-3 or not torch.allclose(other, slope, atol=1e-6), name


def test_means_over_seeds_keep_the_single_values() -> None:
    row = video_runs.over_seeds([{"J": 0.2, "J by frame": [0.1, 0.3]}, {"J": 0.4, "J by frame": [0.3, 0.5]}])
    assert row["J"] == pytest.approx(0.3) and row["J by frame"] == pytest.approx([0.2, 0.4])
    assert row["values"] == {"J": [0.2, 0.4]}


def test_an_encoder_is_trained_once(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(video_runs, "CACHE", tmp_path)
    made = []

    def make() -> tuple[nn.Module, dict[str, Any]]:
        made.append(nn.Linear(2, 1))
        return made[-1], {"losses": [1.0, 0.5], "cpu seconds": 3.0}

    first, _ = video_runs.kept("one", nn.Linear(2, 1), make)
    second, run = video_runs.kept("one", nn.Linear(2, 1), make)
    assert len(made) == 1 and run["losses"] == [1.0, 0.5]
    assert second.weight.equal(first.weight)  # type: ignore[union-attr,operator]


def test_a_window_of_nothing_but_its_own_cell_is_the_first_mask(video: EmojiVideo) -> None:
    grey = torch.zeros(2, 3, 1, 64, 64)
    seen = video_runs.Seen(video, video_runs.nothing(grey))
    how = video_runs.Tracking(references=1, top_k=video_runs.ALL, radius=0)
    row = video_runs.measured(seen, how, top_k=video_runs.ALL)
    assert set(row) == {
        "J", "F", "J by frame", "F by frame", "PCK@0.1", "PCK@0.2", "PCK@0.2 by frame",
    }  # fmt: skip
    assert len(row["J by frame"]) == 2
    masks = video_runs.masks_of(seen, how)
    assert masks[:, 1].equal(masks[:, 2])


def test_points_without_a_window_are_those_of_a_large_one(video: EmojiVideo) -> None:
    seen = video_runs.Seen(video, torch.randn(2, 3, 6, 16, 16, generator=torch.Generator().manual_seed(0)))
    whole = video_runs.points_of(seen, video_runs.Tracking(radius=video_runs.NONE))
    large = video_runs.points_of(seen, video_runs.Tracking(radius=15))
    torch.testing.assert_close(whole, large, atol=1e-3, rtol=1e-4)


def test_flow_follows_a_pattern_that_is_shifted() -> None:
    pytest.importorskip("skimage")
    noise = torch.rand(1, 1, 64, 64, generator=torch.Generator().manual_seed(0))
    picture = torch.nn.functional.avg_pool2d(noise, 7, stride=1, padding=3)
    picture = (picture - picture.min()) / (picture.max() - picture.min())
    clip = torch.stack([picture[0], picture[0].roll(2, dims=2)])[None]
    mask = torch.zeros(1, 1, 64, 64, dtype=torch.bool)
    mask[..., 20:40, 20:40] = True
    found = flow.follow_masks(clip, mask, 15.0)
    assert tracking.frame_by_frame(found, torch.stack([mask, mask.roll(2, dims=3)], dim=1))["J"][0] > 0.9
    points = flow.follow_points(clip, torch.tensor([[[30.0, 30.0]]]), 15.0)
    assert points[0, 1, 0].tolist() == pytest.approx([32.0, 30.0], abs=0.5)
    assert flow.best_attachment([0.1, 0.3, 0.2]) == flow.ATTACHMENTS[1]


# --- time and memory ------------------------------------------------------------------------------------------


def test_what_takes_turns_gives_the_same() -> None:
    frames = memory._frames(8)
    torch.testing.assert_close(
        memory.propagate_labels(*frames, 0.5, 5, 2), memory.dense_labels(*frames, 0.5, 5, 2)
    )
    attended: Tensor = memory._attended(8)()
    torch.testing.assert_close(attended, memory._one_kernel(8)())
    references, target, labels = frames
    attention = colorization_attention(torch.cat(references.unbind(), dim=1)[None], target[None])
    torch.testing.assert_close(
        attended[0].flatten(1), torch.cat(labels.unbind(), dim=1).flatten(1) @ attention[0]
    )


def test_one_candidate_is_measured_and_nothing_is_written(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(memory, "SIDE", 8)
    monkeypatch.setattr(memory, "put_in", None)
    monkeypatch.setattr("sys.argv", ["memory", "--one", "enqueue"])
    memory.main()
    assert set(json.loads(capsys.readouterr().out)) == {"seconds", "megabytes"}
    assert memory.best([{"seconds": 2.0, "megabytes": 1.0}, {"seconds": 1.0, "megabytes": 3.0}]) == {
        "seconds": 1.0,
        "megabytes": 1.0,
    }


@pytest.mark.parametrize("row", memory.ROWS, ids=lambda row: row[1])
def test_rows_name_candidates(row: tuple[str, str, str, str]) -> None:
    assert {row[1], row[3]} <= memory.CANDIDATES.keys()

"""The pictures: they can be made, hold what they should, and carry a text."""

from __future__ import annotations

import io
import itertools
import json
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
import torch
from matplotlib.colors import to_rgb
from PIL import Image
from torch import Tensor

from course_utils import plot, training_runs
from course_utils.train import History
from course_utils.training_runs import Recorded


@pytest.fixture
def images() -> Tensor:
    return torch.rand(10, 3, 8, 8, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def band() -> Recorded:
    return Recorded(
        unit="moco", seeds=[0, 1], losses=[[4.0, 3.0, 2.0], [6.0, 5.0, 4.0]], seconds=[1.0, 1.0], results={}
    )


def texts(picture: plot.Picture) -> list[str]:
    return [
        text.get_text()
        for axis in picture.figure.axes
        for text in [axis.title, axis.xaxis.label, *axis.texts]
    ]


def test_a_picture_is_a_png_with_a_text(images: Tensor, tmp_path: Path) -> None:
    picture = plot.image_grid(images, alt="Noise.")
    data, metadata = picture._repr_mimebundle_()
    assert data["text/plain"] == "Noise."
    assert metadata["image/png"]["alt"] == "Noise."
    assert Image.open(io.BytesIO(picture.png())).size[0] > 100
    picture.save(tmp_path / "noise.png")
    assert Image.open(tmp_path / "noise.png").text["Description"] == "Noise."  # type: ignore[attr-defined]


def test_no_figure_stays_open(images: Tensor) -> None:
    from matplotlib import pyplot

    plot.image_grid(images)
    assert pyplot.get_fignums() == []


def test_a_grid_shows_every_image_with_its_label(images: Tensor) -> None:
    labels = [f"thing {k}" for k in range(10)]
    picture = plot.image_grid(images, labels, columns=4)
    assert [text for text in texts(picture) if text] == labels
    shown = [axis.images[0].get_array() for axis in picture.figure.axes if axis.images]
    assert len(shown) == 10
    np.testing.assert_allclose(shown[3], images[3].permute(1, 2, 0))
    assert "thing 0, thing 1" in picture.alt


def test_grids_take_bytes_and_grey_images(images: Tensor) -> None:
    grey = (images[:, :1] * 255).byte()
    shown = plot.image_grid(grey).figure.axes[0].images[0].get_array()
    np.testing.assert_allclose(shown, grey[0, 0, :, :, None].numpy().repeat(3, -1) / 255, rtol=1e-6)


def test_a_wrong_shape_is_explained(images: Tensor) -> None:
    with pytest.raises(ValueError, match=r"1 or 3 channels; these have \(3, 8, 8\)"):
        plot.image_grid(images[0])
    with pytest.raises(ValueError, match="10 images, but 2 labels"):
        plot.image_grid(images, ["a", "b"])


def test_the_loss_lies_over_the_band(band: Recorded) -> None:
    picture = plot.loss_curve(History([5.0, 4.0, 3.0], [1.0] * 3), band, window=2)
    axis = picture.figure.axes[0]
    np.testing.assert_allclose(axis.lines[1].get_ydata(), [5.0, 4.5, 3.5])
    edges = axis.collections[0].get_paths()[0].vertices
    assert edges[:, 1].min() == 2.5 and edges[:, 1].max() == 6
    assert "from 5.00 to 3.50 in 3 steps" in picture.alt and "2 recorded runs" in picture.alt


def test_band_run_and_mean_are_told_apart_without_colour(band: Recorded) -> None:
    picture = plot.loss_curve(History([5.0, 4.0, 3.0], [1.0] * 3), band, window=2)
    axis = picture.figure.axes[0]
    named = [text.get_text() for text in axis.get_legend().get_texts()]
    assert named == [
        "2 recorded runs (lowest to highest)", "your run, step by step", "your run, mean of 2 steps"
    ]  # fmt: skip
    red, green, blue, _ = axis.collections[0].get_facecolor()[0]
    assert red == green == blue
    raw, mean = axis.lines
    greys = [grey(item) for item in (raw.get_color(), mean.get_color())]
    assert greys[0] - greys[1] > 0.2
    assert red - greys[0] > 0.15
    assert mean.get_linewidth() > 3 * raw.get_linewidth()


def grey(colour: str) -> float:
    red, green, blue = to_rgb(colour)
    return 0.299 * red + 0.587 * green + 0.114 * blue


def test_the_band_alone_and_the_run_alone(band: Recorded) -> None:
    assert plot.loss_curve([], band).figure.axes[0].collections
    assert len(plot.loss_curve([3.0, 2.0]).figure.axes[0].lines) == 2


def test_an_embedding_tells_classes_apart_without_colour(images: Tensor) -> None:
    labels = torch.tensor([0, 1] * 5)
    picture = plot.embedding(images.flatten(1), labels, ["animals", "food"])
    points = picture.figure.axes[0].collections
    assert [len(part.get_offsets()) for part in points] == [5, 5]
    assert points[0].get_paths()[0].vertices.shape != points[1].get_paths()[0].vertices.shape
    assert "animals, food" in picture.alt


def test_an_embedding_of_many_points_shows_some_of_them() -> None:
    picture = plot.embedding(torch.randn(60, 4), torch.zeros(60, dtype=torch.int64), ["all"], limit=20)
    assert len(picture.figure.axes[0].collections[0].get_offsets()) == 20


def test_bars_have_their_numbers_and_hatches() -> None:
    results = {"trained": {"kNN": [0.5, 0.6], "probe": [0.7, 0.7]}, "pixels": {"kNN": 0.25, "probe": 0.2}}
    picture = plot.evaluation_bars(results)
    axis = picture.figure.axes[0]
    assert [bar.get_height() for bar in axis.patches] == pytest.approx([0.55, 0.7, 0.25, 0.2])
    assert len({bar.get_hatch() for bar in axis.patches}) == 2
    assert {"0.550", "0.250"} <= set(texts(picture))
    assert "trained kNN 0.550, probe 0.700; pixels kNN 0.250" in picture.alt


@pytest.mark.parametrize("who", [1, 3, 6])
@pytest.mark.parametrize("measures", [1, 3, 5])
def test_numbers_over_bars_do_not_collide(who: int, measures: int) -> None:
    values = np.random.default_rng(0).uniform(0.2, 0.4, (who, measures, 3))
    results = {
        f"method {k}": {f"measure {m}": list(values[k, m]) for m in range(measures)} for k in range(who)
    }
    picture = plot.evaluation_bars(results, title="Recorded")
    figure, axis = picture.figure, picture.figure.axes[0]
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in axis.texts]
    assert len(boxes) == who * measures
    for one, other in itertools.combinations(boxes, 2):
        assert not one.overlaps(other)
    # Nor do they lie on the line from the lowest to the highest of another bar.
    lines = [
        axis.transData.transform(segment) for part in axis.collections for segment in part.get_segments()
    ]
    for box in boxes:
        for (x, low), (_, high) in lines:
            assert not (box.x0 < x < box.x1 and low < box.y1 and box.y0 < high)
        assert box.y1 <= figure.axes[0].get_window_extent().y1 + 1
    assert (axis.get_xlabel(), axis.get_ylabel()) == ("measure", "score, higher is better")


def test_equal_seeds_are_no_trouble() -> None:
    plot.evaluation_bars(
        {"trained": {"kNN": [0.3] * 3, "probe": [0.1, 0.2, 0.3]}}
    ).png()  # the mean of 0.3s isn't 0.3


def test_retrieval_marks_what_is_right() -> None:
    features = torch.tensor([[1.0, 0], [0.9, 0.1], [0, 1], [0.2, 0.9]])
    identity = torch.tensor([0, 0, 1, 0])
    images = torch.rand(4, 3, 8, 8)
    picture = plot.retrieval_grid(images, features, [0, 2], identity, neighbours=1)
    shown = [axis.images[0].get_array() for axis in picture.figure.axes]
    for k, expected in enumerate([0, 1, 2, 3]):
        np.testing.assert_allclose(shown[k], images[expected].permute(1, 2, 0))
    assert texts(picture).count("✓") == 1
    assert "1 of the 2 neighbours" in picture.alt


def test_attention_is_shown_from_the_chosen_point() -> None:
    attention = torch.rand(12, 12)
    picture = plot.attention_maps(torch.rand(3, 12, 16), torch.rand(3, 12, 16), attention, [(0, 0), (9, 13)])
    below = picture.figure.axes[3].images[1].get_array()
    np.testing.assert_allclose(below, attention[:, 2 * 4 + 3].reshape(3, 4))
    with pytest.raises(ValueError, match=r"\(10, 10\) doesn't fit frames of 12x16"):
        plot.attention_maps(torch.rand(3, 12, 16), torch.rand(3, 12, 16), torch.rand(10, 10), [(0, 0)])


def test_masks_are_painted_over_the_frames() -> None:
    frames, masks = torch.rand(4, 3, 8, 8), torch.zeros(4, 8, 8, dtype=torch.int64)
    masks[:, 2, 3], masks[:, 5, 5] = 1, 2
    painted = plot.overlay(frames, masks, strength=1.0)
    np.testing.assert_allclose(painted[0, 0, 0], frames[0, :, 0, 0])
    assert (painted[:, 2, 3] == painted[0, 2, 3]).all() and not np.allclose(
        painted[0, 2, 3], painted[0, 5, 5]
    )
    assert len(plot.video_strip(frames, masks).figure.axes) == 8
    assert len(plot.video_strip(frames).figure.axes) == 4


def test_an_animation_holds_its_frames() -> None:
    frames = torch.rand(3, 3, 8, 8)
    film = plot.animation({"video": frames, "painted": plot.overlay(frames, torch.ones(3, 8, 8).long())})
    assert film.html.count("data:image/png;base64") == 3
    assert film._repr_mimebundle_()["text/plain"] == "Animation of 3 frames: video, painted."
    with pytest.raises(ValueError, match="equally long"):
        plot.animation({"a": frames, "b": frames[:2]})


def test_recorded_runs_can_be_loaded_and_drawn() -> None:
    for unit in training_runs.units():
        runs = training_runs.load(unit)
        assert runs.unit == unit
        assert len(runs.seeds) == len(runs.losses) == len(runs.seconds)
        assert all(len(values) == len(runs.seeds) for who in runs.results.values() for values in who.values())
        plot.loss_curve([], unit)
        plot.evaluation_bars(runs.results)
        json.loads(files("course_utils.training_runs").joinpath(f"{unit}.json").read_text())


def test_a_unit_without_recorded_runs_is_named() -> None:
    with pytest.raises(ValueError, match="no recorded runs of 'nothing'"):
        training_runs.load("nothing")

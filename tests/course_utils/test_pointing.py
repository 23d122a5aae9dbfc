"""Pictures of pointing: what is drawn and said, and which argument is wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from course_utils import plot, pointing, tracking
from course_utils.data import EmojiVideo
from course_utils.drawing import Picture
from course_utils.training_runs import Recorded


@pytest.fixture(scope="module")
def video() -> EmojiVideo:
    return EmojiVideo("test", clips=1, frames=3, cache=False)


GREY = torch.rand(3, 1, 64, 64, generator=torch.Generator().manual_seed(0))
WEIGHTS = torch.rand(2 * 256, 256, generator=torch.Generator().manual_seed(1)).softmax(dim=0)
PATH = torch.tensor([[3.0, 60.0], [20.0, 20.0], [63.0, 0.0]])


def test_every_picture_can_be_drawn_and_says_what_it_shows(video: EmojiVideo) -> None:
    objects = tracking.object_map(video.masks[0])
    pictures = [
        pointing.colour_idea(video, 0, 2),
        pointing.heat_over_frames(GREY, {"a": WEIGHTS, "b": WEIGHTS}, (9, 13), [(9, 9), (8, 8)], {"a": 4}),
        pointing.track_rows(GREY, {"truth": objects, "tracked": objects}),
        pointing.point_errors(GREY[0], PATH, PATH + 2),
        pointing.dots(torch.tensor([1.0, 2.0, torch.nan]), torch.tensor([2.0, 4.0, 5.0]), "x", "y"),
        pointing.palette_plane(torch.randn(50, 2), torch.randn(4, 2), torch.zeros(4, 3)),
        plot.attention_maps(GREY[0], GREY[1], WEIGHTS[:256], [(1, 2), (3, 4)], truth=[(5, 6), (7, 8)]),
    ]
    for picture in pictures:
        assert isinstance(picture, Picture) and len(picture.alt) > 30
        assert picture.png()[:4] == b"\x89PNG"
    assert "correlation is +1.00" in pictures[4].alt


def test_shares_of_the_frames_are_told() -> None:
    only_first = torch.cat([torch.full((256, 256), 1 / 256), torch.zeros(256, 256)])
    alt = pointing.heat_over_frames(GREY, {"all": only_first}, (0, 0)).alt
    assert "1.00, 0.00" in alt


def test_objects_are_opaque_and_outlined(video: EmojiVideo) -> None:
    objects = tracking.object_map(video.masks[0])
    film = pointing.object_frames(GREY, objects)
    inside = (objects == 1) & ~tracking.contour(objects == 1) & ~tracking.contour(objects > 0)
    colours = film[inside.numpy()]
    orange = np.array([0xE6, 0x9F, 0x00]) / 255
    assert np.isclose(colours, orange).all(axis=1).mean() > 0.7
    assert (film[tracking.contour(objects == 1).numpy()] == 0).all(axis=1).mean() > 0.8


def test_the_same_points_are_those_of_the_clip(video: EmojiVideo) -> None:
    now, then = pointing.same_points(video, 0, frame=2, count=3)
    assert len(now) == len(then) == 3
    both = video.visible[0, 0] & video.visible[0, 2]
    x, y = video.keypoints[0, 2][both][0].tolist()
    assert now[0] == (round(y), round(x))


def test_films_of_a_pointer(video: EmojiVideo) -> None:
    path = pointing.steady_point(video, 0)
    assert path.shape == (3, 2) and path.min() >= 0 and path.max() <= 63
    crossed = pointing.crossed_film(GREY, PATH)
    assert crossed[1, 0, 20, 20] == 1 and not crossed.equal(GREY)
    attention = torch.zeros(3, 256, 256)
    attention[:, 17] = 1  # all point at row 1, column 1
    glow = pointing.glow_film(torch.zeros(1, 64, 64), attention, PATH)
    assert glow[:, 0, 4:8, 4:8].min() > 0.9 and glow[:, :, 8:].max() == 0


def test_columns_may_be_lacking_in_some_rows() -> None:
    rows = {"a": {"J": 0.5, "F": 0.1}, "b": {"J": 0.4}}
    record = Recorded(unit="video", seeds=[], losses=[], seconds=[], results={}, extra={"parts": {"x": rows}})
    assert record.columns("x", "F", "J") == {"a": {"F": 0.1, "J": 0.5}, "b": {"J": 0.4}}
    with pytest.raises(ValueError, match="no column 'K'"):
        record.columns("x", "K")
    with pytest.raises(ValueError, match="no recorded 'y'"):
        record.columns("y", "J")


@pytest.mark.parametrize(
    ("function", "given", "name"),
    [
        (pointing.colour_idea, {"video": GREY, "clip": 0, "later": 1}, "video"),
        (
            pointing.heat_over_frames,
            {"frames": GREY, "weights": {"a": WEIGHTS[:256]}, "point": (0, 0)},
            "weights",
        ),
        (pointing.heat_over_frames, {"frames": GREY, "weights": {"a": WEIGHTS}, "point": (0, 64)}, "point"),
        (
            pointing.heat_over_frames,
            {"frames": GREY, "weights": {"a": WEIGHTS}, "point": (0, 0), "truth": [(1, 1)]},
            "truth",
        ),
        (
            pointing.object_frames,
            {"grey": GREY, "objects": torch.zeros(3, 4, 4, dtype=torch.int64)},
            "objects",
        ),
        (pointing.track_rows, {"grey": GREY, "tracks": {}}, "tracks"),
        (pointing.crossed_film, {"frames": GREY, "path": PATH[:2]}, "path"),
        (pointing.glow_film, {"grey": GREY[0], "attention": WEIGHTS, "path": PATH}, "attention"),
        (pointing.point_errors, {"frame": GREY[0], "truth": PATH, "found": PATH[:1]}, "found"),
        (pointing.dots, {"x": [1.0, 2.0], "y": [1.0], "xlabel": "", "ylabel": ""}, "y"),
        (
            pointing.palette_plane,
            {"points": torch.zeros(4, 3), "centres": torch.zeros(2, 2), "paint": torch.zeros(2, 3)},
            "points",
        ),
    ],
)
def test_what_is_wrong_is_named(function: Any, given: dict[str, Any], name: str) -> None:
    with pytest.raises(ValueError, match=name):
        function(**given)

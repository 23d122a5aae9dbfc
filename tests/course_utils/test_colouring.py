"""What goes into the training on colours and what is asked for; short trainings; the network for frame order."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils import colouring
from course_utils.data import ColourClusters, EmojiVideo, rgb_to_lab
from course_utils.models import build

RECIPE: dict[str, Any] = {
    "feature_dim": 6, "width": 4, "steps": 3, "batch": 2, "learning_rate": 1e-2, "weight_decay": 0.0, "warmup": 1,
}  # fmt: skip


@pytest.fixture(scope="module")
def video() -> EmojiVideo:
    return EmojiVideo("train", clips=3, frames=2, cache=False)


def test_lightness_of_pixels_and_mean_colour_of_cells(video: EmojiVideo) -> None:
    grey, colour = colouring.grey_and_colour(video.frames, 8)
    lab = rgb_to_lab(video.frames[1, 1] / 255)
    torch.testing.assert_close(grey[1, 1, 0], lab[0] / 100)
    torch.testing.assert_close(
        colour[1, 1, :, 2, 3], lab[1:, 16:24, 24:32].mean(dim=(1, 2)), atol=1e-3, rtol=1e-4
    )
    assert colour.shape == (3, 2, 2, 8, 8)


def test_paint_is_the_mean_colour_without_its_lightness(video: EmojiVideo) -> None:
    colour = colouring.grey_and_colour(video.frames)[1]
    classes = ColourClusters.fit(colour, 4).assign(colour)
    paint = colouring.class_paint(video.frames, classes, 5)
    cells = F.avg_pool2d(video.frames.flatten(0, 1) / 255, 4).movedim(1, -1)[classes.flatten(0, 1) == 2]
    torch.testing.assert_close(paint[2], cells.mean(dim=0) - cells.mean())
    assert paint[4].tolist() == [0, 0, 0]  # nothing is of this class
    film = colouring.painted_film(torch.full((2, 1, 64, 64), 0.5), classes[0], paint)
    torch.testing.assert_close(film[1, :, 9, 14], (0.5 + paint[classes[0, 1, 2, 3]]).clamp(0, 1))


def test_embeddings_keep_clips_and_frames_apart() -> None:
    network, grey = build("video_encoder", feature_dim=6, width=4), torch.rand(3, 2, 1, 16, 16)
    found = colouring.embed_clips(network, grey, batch=4)
    with torch.no_grad():
        torch.testing.assert_close(found[2, 1], network(grey[2, 1:2])[0])
    assert not network.training
    lengths = colouring.embed_clips(network, grey, directions=True).norm(dim=2)
    torch.testing.assert_close(lengths, torch.ones_like(lengths))


def loss(embeddings: Tensor, classes: Tensor) -> Tensor:
    return (embeddings.mean(dim=2) - classes).square().mean()


def test_a_short_training_changes_the_encoder_and_keeps_the_untrained_one(video: EmojiVideo) -> None:
    grey, colour = colouring.grey_and_colour(video.frames)
    classes = ColourClusters.fit(colour, 4).assign(colour)
    run, again = (
        colouring.train_colouring(grey, classes, loss, RECIPE, seed=3, progress=False) for _ in range(2)
    )
    assert len(run.history) == 3 and run.history.losses == again.history.losses
    before, after = (next(module.parameters()) for module in (run.untrained, run.encoder))
    assert not before.equal(after)
    torch.manual_seed(3)
    assert next(build("video_encoder", feature_dim=6, width=4).parameters()).equal(before)


def test_tuples_are_drawn_in_increasing_order() -> None:
    times, kinds = colouring.draw_order(400, 7, torch.Generator().manual_seed(0))
    assert (times.diff(dim=1) > 0).all() and times.min() == 0 and times.max() == 6
    assert kinds.unique().tolist() == [0, 1, 2, 3, 4, 5]
    assert 0.4 < (kinds % 3 == 0).float().mean() < 0.6


def test_the_order_network_sees_all_three_frames_through_one_encoder() -> None:
    network = colouring.OrderNetwork(build("video_encoder", feature_dim=6, width=4), hidden=8).eval()
    frames = torch.rand(2, 3, 1, 16, 16)
    assert network(frames).shape == (2, 2)
    for k in range(3):
        other = frames.clone()
        other[:, k] = 1 - other[:, k]
        assert not torch.allclose(network(other), network(frames))
    with pytest.raises(ValueError, match="frames"):
        network(frames[:, :, 0])


GREY, CLASSES = torch.rand(2, 2, 1, 16, 16), torch.zeros(2, 2, 4, 4, dtype=torch.int64)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("grey", GREY[0]),
        ("classes", CLASSES.float()),
        ("classes", CLASSES[:1]),
        ("loss", "nll"),
        ("loss", lambda embeddings, classes: embeddings.detach().sum()),
        ("recipe", {**{k: v for k, v in RECIPE.items() if k != "steps"}}),
        ("steps", {**RECIPE, "steps": 0}),
        ("seed", 0.5),
    ],
)
def test_what_is_wrong_is_named(name: str, value: Any) -> None:
    given: dict[str, Any] = {"grey": GREY, "classes": CLASSES, "loss": loss, "recipe": RECIPE, "seed": 0}
    given["recipe" if name == "steps" else name] = value
    with pytest.raises(ValueError, match=name):
        colouring.train_colouring(**given, progress=False)


def test_wrong_arguments_of_the_other_functions(video: EmojiVideo) -> None:
    frames = video.frames
    with pytest.raises(ValueError, match="frames"):
        colouring.grey_and_colour(frames / 255)
    with pytest.raises(ValueError, match="cell"):
        colouring.grey_and_colour(frames, 7)
    with pytest.raises(ValueError, match="classes"):
        colouring.class_paint(frames, torch.full((3, 2, 16, 16), 4), 4)
    with pytest.raises(ValueError, match="classes"):
        colouring.painted_film(GREY[0], torch.full((2, 4, 4), 4), torch.zeros(4, 3))
    with pytest.raises(ValueError, match="network"):
        colouring.embed_clips(torch.nn.ReLU(), GREY)
    with pytest.raises(ValueError, match="grey"):
        colouring.embed_clips(build("video_encoder", feature_dim=6, width=4), GREY[0])
    with pytest.raises(ValueError, match="frames"):
        colouring.draw_order(3, 4, torch.Generator())
    with pytest.raises(ValueError, match="generator"):
        colouring.draw_order(3, 5, 0)  # type: ignore[arg-type]

"""What `course_utils.layers` says of the inside of an encoder, against the same by hand."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, cast

import pytest
import torch
from torch import nn

from course_utils import layers, semi
from course_utils.data import EmojiScenes
from course_utils.models import ConvNet, PatchJudge, SmallResNet, painter

NONE_OF_5 = torch.zeros(5, dtype=torch.int64)


@pytest.fixture
def encoder() -> ConvNet:
    torch.manual_seed(0)
    return ConvNet(width=2)


@pytest.fixture
def images() -> torch.Tensor:
    return torch.rand(5, 3, 32, 32, generator=torch.Generator().manual_seed(1))


def test_the_mean_of_the_last_map_is_the_feature(encoder: ConvNet, images: torch.Tensor) -> None:
    torch.testing.assert_close(layers.last_map(encoder, images).mean(dim=(2, 3)), encoder(images))


def test_layer_maps_are_what_the_layers_give(encoder: ConvNet, images: torch.Tensor) -> None:
    encoder.train()
    first, last = layers.layer_maps(encoder, images, [0, 6])
    assert encoder.training, "the mode is put back"
    encoder.eval()
    by_hand = encoder.layers[0]((images - 0.5) / 0.25)
    torch.testing.assert_close(first, by_hand)
    torch.testing.assert_close(last, encoder.layers[1:](by_hand))
    (small,) = layers.layer_maps(encoder, images, [0], side=2)
    torch.testing.assert_close(small, by_hand.unflatten(3, (2, -1)).unflatten(2, (2, -1)).mean(dim=(3, 5)))
    assert not encoder.layers[0]._forward_hooks


def test_strength_by_hand(encoder: ConvNet, images: torch.Tensor) -> None:
    encoder.eval()
    activation = encoder.layers[:3]((images - 0.5) / 0.25)
    for power in (1, 4):
        found = (activation.abs() ** power).sum(1)
        low, high = found.amin((1, 2), keepdim=True), found.amax((1, 2), keepdim=True)
        scaled = (found - low) / (high - low)
        shown = layers.strength(encoder, images, 2, power)
        assert shown.shape == (5, 32, 32)
        # At twice twice the size the middle of four cells is the mean of them.
        torch.testing.assert_close(
            nn.functional.adaptive_avg_pool2d(shown[:, None], 2),
            nn.functional.adaptive_avg_pool2d(scaled[:, None], 2),
            atol=0.05,
            rtol=0,
        )


@pytest.mark.parametrize("frozen", [0, 2, 7])
def test_frozen_layers_stay_as_they_are(frozen: int, encoder: ConvNet, images: torch.Tensor) -> None:
    labels = torch.tensor([0, 1, 2, 1, 0])
    before = copy.deepcopy(encoder.state_dict())
    whole = layers.train_from_layer(encoder, images, labels, frozen=frozen, steps=3)
    for name, value in encoder.state_dict().items():
        torch.testing.assert_close(value, before[name], msg=f"{name} of the encoder that was given changed")
    trained = whole[0].state_dict()
    for number in range(7):
        for name, value in encoder.layers[number].state_dict().items():
            same = torch.equal(trained[f"layers.{number}.{name}"], value)
            assert same == (number < frozen), (number, name)
    assert whole(images).shape == (5, 3) and not whole.training


def test_training_on_labels_learns_them(encoder: ConvNet) -> None:
    images = torch.cat([torch.full((8, 3, 32, 32), 0.1), torch.full((8, 3, 32, 32), 0.9)])
    labels = torch.arange(2).repeat_interleave(8)
    whole = layers.train_from_layer(encoder, images, labels, frozen=0, steps=80, batch=16, learning_rate=3e-3)
    assert semi.accuracy(whole, images, labels) == 1.0


def test_probe_layers_has_a_row_for_each_encoder(encoder: ConvNet) -> None:
    train, test = EmojiScenes("train", count=80), EmojiScenes("test", count=40)
    table = layers.probe_layers({"a": encoder}, train, test, [1, 6], iterations=2)
    assert list(table["a"]) == ["layer 2 of 7", "layer 7 of 7"]
    assert all(0 <= value <= 1 for value in table["a"].values())


def test_seen_gradients_counts_what_is_not_zero() -> None:
    one, other = nn.Linear(2, 2), nn.Linear(2, 2)
    one(torch.ones(1, 2)).sum().backward()  # forgotten on entering
    with layers.seen_gradients({"one": one, "other": other}) as found:
        assert not found
        (other(torch.ones(1, 2)).sum() + 0 * one(torch.ones(1, 2)).sum()).backward()
    assert found == {"one": 0, "other": 2}


def test_painter_and_judge_have_the_sizes_that_are_said(images: torch.Tensor) -> None:
    assert painter((4, 3, 2), 5)(torch.zeros(2, 4, 4, 4)).shape == (2, 5, 16, 16)
    assert PatchJudge(side=8, width=2)(images[:, :, :8, :8]).shape == (5,)


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda encoder, images: layers.last_map(encoder, (images * 255).byte()), "images"),
        (lambda encoder, images: layers.last_map(cast(Any, nn.Linear(2, 2)), images), "encoder"),
        (lambda encoder, images: layers.layer_maps(encoder, images, [7]), "layers"),
        (lambda encoder, images: layers.strength(encoder, images, 0, power=0), "power"),
        (
            lambda encoder, images: layers.train_from_layer(
                encoder, images, torch.zeros(4, dtype=torch.int64)
            ),
            "labels",
        ),
        (
            lambda encoder, images: layers.train_from_layer(
                encoder, images, torch.zeros(5, dtype=torch.int64), frozen=8
            ),
            "frozen",
        ),
        (
            lambda encoder, images: layers.probe_layers(
                cast(Any, encoder), cast(Any, None), cast(Any, None), [0]
            ),
            "encoders",
        ),
        (lambda encoder, images: layers.layer_maps(encoder, images, cast(Any, 3)), "layers"),
        (
            lambda encoder, images: layers.layer_maps(encoder, images, [0], side=0),
            "side should be .*at least 1",
        ),
        (lambda encoder, images: layers.layer_maps(encoder, images, [0], side=-1), "side"),
        (lambda encoder, images: layers.layer_maps(encoder, images, [0], side=cast(Any, "a")), "side"),
        (lambda encoder, images: layers.strength(encoder, images, 7), "layer should be"),
        (
            lambda encoder, images: layers.train_from_layer(encoder, images, NONE_OF_5, batch=0),
            "batch should",
        ),
        (
            lambda encoder, images: layers.train_from_layer(encoder, images, NONE_OF_5, batch=cast(Any, "a")),
            "batch should be a whole number",
        ),
        (
            lambda encoder, images: layers.train_from_layer(encoder, images[:0], NONE_OF_5[:0]),
            "images should be at least 1 image",
        ),
        (
            lambda encoder, images: layers.train_from_layer(encoder, images, NONE_OF_5, learning_rate=0),
            "learning_rate should be a number, above 0",
        ),
        (
            lambda encoder, images: layers.probe_layers(
                {"a": encoder}, cast(Any, None), cast(Any, None), [0]
            ),
            "train should be a set with images, labels",
        ),
        (
            lambda encoder, images: layers.probe_layers(
                {"a": cast(Any, 3)}, cast(Any, None), cast(Any, None), [0]
            ),
            "encoders.*should be an encoder",
        ),
        (
            lambda encoder, images: layers.seen_gradients({"a": cast(Any, 3)}).__enter__(),
            "modules.*should be a torch.nn.Module",
        ),
        (lambda encoder, images: painter((4, 0), 3), "channels"),
    ],
)
def test_bad_input_is_named(
    call: Callable[[ConvNet, torch.Tensor], object], named: str, encoder: ConvNet, images: torch.Tensor
) -> None:
    with pytest.raises(ValueError, match=named):
        call(encoder, images)


def test_other_encoders_with_layers_do_as_well(images: torch.Tensor) -> None:
    assert layers.last_map(SmallResNet(width=2, stages=1), images).shape[:2] == (5, 4)

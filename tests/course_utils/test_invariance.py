"""Alignment and uniformity by hand, and features that keep or lose what was done to an image."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, cast

import pytest
import torch
from torch import Tensor

from course_utils import invariance


def test_alignment_is_the_squared_distance_of_directions() -> None:
    first = torch.tensor([[3.0, 0.0], [0.0, 2.0]])
    assert invariance.alignment(first, 5 * first) == pytest.approx(0)
    assert invariance.alignment(first, -first) == pytest.approx(4)
    assert invariance.alignment(first, first.flip(0)) == pytest.approx(2)
    with pytest.raises(ValueError, match="second"):
        invariance.alignment(first, first[:1])


def test_uniformity_is_zero_for_one_direction_and_known_for_opposites() -> None:
    assert invariance.uniformity(torch.tensor([[1.0, 0.0], [2.0, 0.0]])) == pytest.approx(0)
    assert invariance.uniformity(torch.tensor([[1.0, 0.0], [-2.0, 0.0]])) == pytest.approx(-8)
    right_angle = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    assert invariance.uniformity(right_angle) == pytest.approx(math.log((1 + 2 * math.exp(-4)) / 3))


@pytest.fixture
def images() -> Tensor:
    """Each has an edge of its own, dark above and bright below, and more red than blue."""
    generator = torch.Generator().manual_seed(0)
    noise = 0.05 * torch.rand(200, 3, 8, 8, generator=generator)
    ramp = torch.linspace(0.2, 0.6, 8).view(1, 1, 8, 1) * torch.tensor([1.0, 0.8, 0.6]).view(1, 3, 1, 1)
    return ramp + noise


def test_pixels_tell_what_was_done(images: Tensor) -> None:
    told = invariance.told_from(lambda shown: shown, images)
    assert set(told) == {"turn", "grey", "closer", "darker"}
    assert all(value > 0.9 for value in told.values()), told


def test_features_without_it_do_not(images: Tensor) -> None:
    def grey_mean_of_the_centre(shown: Tensor) -> Tensor:
        luma = (shown * torch.tensor([0.299, 0.587, 0.114]).view(3, 1, 1)).sum(dim=1)
        return luma[:, 3:5, 3:5].mean(dim=(1, 2)).unsqueeze(1)

    told = invariance.told_from(grey_mean_of_the_centre, images)
    assert told["turn"] < 0.45 and told["grey"] < 0.7
    assert told["darker"] > 0.9


def test_too_few_images_are_named(images: Tensor) -> None:
    with pytest.raises(ValueError, match="at least 8"):
        invariance.told_from(lambda shown: shown, images[:5])


def test_labels_say_which_change(images: Tensor) -> None:
    label = torch.arange(4).repeat(50)
    assert torch.equal(invariance.turn(images, label)[3], images[3].rot90(3, dims=(1, 2)))
    yes = torch.arange(200) % 2
    for change in (invariance.grey, invariance.closer, invariance.darker):
        changed = change(images, yes)
        assert torch.equal(changed[::2], images[::2])
        assert not torch.equal(changed[1], images[1])
    assert (invariance.grey(images, yes)[1].std(dim=0) < 1e-5).all()


COLOUR = torch.rand(4, 3, 6, 6, generator=torch.Generator().manual_seed(3))


# What is wrong -> the call, and what the message says.
MISTAKES: dict[str, tuple[Callable[[], object], str]] = {
    "widths": (
        lambda: invariance.alignment(torch.ones(3, 2), torch.ones(3, 1)),
        r"second should be of the shape of first, \(3, 2\).*\(3, 1\)",
    ),
    "one vector": (lambda: invariance.uniformity(torch.ones(1, 2)), r"vectors should be at least 2 vectors"),
    "float labels of darker": (
        lambda: invariance.darker(COLOUR, torch.ones(4)),
        r"label should be a tensor of int64",
    ),
    "float labels of grey": (
        lambda: invariance.grey(COLOUR, torch.ones(4)),
        r"label should be a tensor of int64",
    ),
    "int32 labels of closer": (
        lambda: invariance.closer(COLOUR, torch.ones(4).int()),
        r"label should be a tensor of int64",
    ),
    "a label too large": (
        lambda: invariance.grey(COLOUR, torch.full((4,), 2)),
        r"label should be .* to 1; the largest is 2",
    ),
    "too many turns": (
        lambda: invariance.turn(COLOUR, torch.full((4,), 4)),
        r"label should be .* to 3; the largest is 4",
    ),
    "too few labels": (
        lambda: invariance.turn(COLOUR, torch.zeros(3).long()),
        r"label should be as long as images",
    ),
    "dark bytes": (
        lambda: invariance.darker(COLOUR.byte(), torch.zeros(4).long()),
        r"images should be .*floats",
    ),
    "turns of oblongs": (
        lambda: invariance.turn(COLOUR[..., :5], torch.zeros(4).long()),
        r"images should be square.*6x5",
    ),
    "told from oblongs": (
        lambda: invariance.told_from(torch.flatten, COLOUR.repeat(3, 1, 1, 1)[..., :5]),
        r"images should be square.*6x5",
    ),
    "told by nobody": (
        lambda: invariance.told_from(cast(Any, None), COLOUR.repeat(3, 1, 1, 1)),
        r"encoder should be",
    ),
}


@pytest.mark.parametrize(("call", "message"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes_are_named(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()

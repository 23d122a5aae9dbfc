"""Alignment and uniformity by hand, and features that keep or lose what was done to an image."""

from __future__ import annotations

import math

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

"""Several views of one thing: what they share and what they do not, and a training on them."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from course_utils import senses
from course_utils.data import rgb_to_lab

RECIPE: dict[str, Any] = {
    "width": 2,
    "dim": 4,
    "steps": 2,
    "batch": 4,
    "learning_rate": 1e-3,
    "weight_decay": 0.0,
    "warmup": 1,
}
IMAGES = torch.rand(8, 3, 32, 32, generator=torch.Generator().manual_seed(0))


def apart(projections: list[Tensor]) -> Tensor:
    """How far projections of the views are from the first view's."""
    return torch.stack([(other - projections[0]).square().mean() for other in projections[1:]]).sum()


def test_lightness_and_colour_are_halves() -> None:
    lightness, colour = senses.lightness_and_colour(IMAGES)
    lab = rgb_to_lab(IMAGES)
    for channel in range(3):
        torch.testing.assert_close(100 * lightness[:, channel], lab[:, 0])
    torch.testing.assert_close(220 * (colour[:, :2] - 0.5), lab[:, 1:], atol=1e-3, rtol=1e-3)
    assert (colour[:, 2] == 0.5).all()
    grey = IMAGES[:, :1].expand(-1, 3, -1, -1)
    torch.testing.assert_close(
        senses.lightness_and_colour(grey)[1], torch.full_like(grey, 0.5), atol=2e-3, rtol=0
    )


def test_lab_views_are_of_one_crop_and_families_of_two() -> None:
    generator = torch.Generator().manual_seed(0)
    lightness, colour = senses.lab_views((IMAGES,), generator)
    assert lightness.shape == colour.shape == IMAGES.shape
    black_and_red = torch.zeros(4, 3, 32, 32)
    black_and_red[:, 0, :, 16:] = 1
    lightness, colour = senses.lab_views((black_and_red,), generator)
    is_light, is_red = lightness[:, 0] > 0.3, colour[:, 0] > 0.6
    assert (is_light == is_red).float().mean() > 0.95
    one, other = senses.family_views((IMAGES, IMAGES), generator)
    assert not torch.equal(one, other)
    assert len(senses.four_views((IMAGES, IMAGES), generator)) == 4


def test_moments_follow_each_other() -> None:
    clips = torch.arange(5 * 4, dtype=torch.uint8).view(5, 4, 1, 1, 1).expand(-1, -1, 3, 8, 8)
    now, then = senses.moment_views((clips,), torch.Generator().manual_seed(0))
    torch.testing.assert_close((255 * (then - now)).round(), torch.ones(5, 3, 8, 8))


def test_a_run_can_be_repeated_and_is_read_by_halves() -> None:
    runs = [senses.train_senses((IMAGES,), senses.lab_views, apart, RECIPE, progress=False) for _ in range(2)]
    assert runs[0].history.losses == runs[1].history.losses and len(runs[0].encoders) == 2
    encode = senses.by_halves(runs[0].encoders.eval())
    lightness, colour = senses.lightness_and_colour(IMAGES)
    expected = torch.cat([runs[0].encoders[0](lightness), runs[0].encoders[1](colour)], dim=1)
    torch.testing.assert_close(encode(IMAGES), expected)


def test_views_of_one_kind_share_their_network() -> None:
    run = senses.train_senses(
        (IMAGES, IMAGES.flip(3)), senses.family_views, apart, RECIPE, shared=True, progress=False
    )
    assert len(run.encoders) == 1
    four = senses.train_senses(
        (IMAGES, IMAGES.flip(3)),
        senses.four_views,
        apart,
        RECIPE,
        started=senses.senses(RECIPE, 4),
        progress=False,
    )
    assert len(four.encoders) == 4 and len(four.history) == 2


def test_what_is_wrong_is_named() -> None:
    with pytest.raises(ValueError, match="recipe should be .*it lacks dim"):
        senses.senses({name: value for name, value in RECIPE.items() if name != "dim"}, 2)
    with pytest.raises(ValueError, match="count should be a whole number"):
        senses.senses(RECIPE, 0)
    with pytest.raises(ValueError, match="views should be a function"):
        senses.train_senses((IMAGES,), None, apart, RECIPE)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="learning_rate.*above 0"):
        senses.train_senses((IMAGES,), senses.lab_views, apart, {**RECIPE, "learning_rate": 0})
    with pytest.raises(ValueError, match="encoders should be .*fewer than two"):
        senses.by_halves(senses.senses(RECIPE, 1)[0])
    with pytest.raises(ValueError, match="images should be of the shape"):
        senses.lightness_and_colour(IMAGES[:, :1])
    with pytest.raises(ValueError, match="loss has no gradient"):
        senses.train_senses((IMAGES,), senses.lab_views, lambda _: torch.ones(()), RECIPE, progress=False)

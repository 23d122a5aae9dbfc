"""Single augmentations: what each of them changes, and what it leaves alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest
import torch
from torch import Tensor

from course_utils.augmentations import SINGLE, cutout, edges, noise, quarter_turns, together


@pytest.fixture
def images() -> Tensor:
    return torch.rand(64, 3, 12, 12, generator=torch.Generator().manual_seed(0))


def source(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("name", SINGLE)
def test_views_have_the_images_shape_and_range_and_come_from_the_generator(name: str, images: Tensor) -> None:
    before = images.clone()
    view = SINGLE[name](images, source())
    assert view.shape == images.shape and view.dtype == torch.float32
    assert view.min() >= 0 and view.max() <= 1
    assert torch.equal(view, SINGLE[name](images, source()))
    assert not torch.equal(view, SINGLE[name](images, source(1)))
    assert torch.equal(images, before)
    as_bytes = (images * 255).byte()
    assert torch.equal(SINGLE[name](as_bytes, source()), SINGLE[name](as_bytes / 255, source()))


@pytest.mark.parametrize("name", ["flip", "grey", "blur", "edges"])
def test_about_half_of_the_images_are_changed(name: str, images: Tensor) -> None:
    changed = (SINGLE[name](images, source()) - images).abs().amax(dim=(1, 2, 3)) > 1e-4
    assert 16 < changed.sum() < 48


def test_quarter_turns_are_turns_of_every_kind(images: Tensor) -> None:
    view = quarter_turns(images, source())
    kinds = [
        next(k for k in range(4) if torch.equal(turned, image.rot90(k, dims=(1, 2))))
        for image, turned in zip(images, view, strict=True)
    ]
    assert set(kinds) == {0, 1, 2, 3}
    with pytest.raises(ValueError, match="square"):
        quarter_turns(images[..., :5], source())


def test_cutout_hides_a_square_and_nothing_else(images: Tensor) -> None:
    view = cutout(images, source(), part=0.5)
    changed = (view != images).any(dim=1)
    assert (view[(changed).unsqueeze(1).expand_as(view)] == 0.5).all()
    for one in changed:
        rows, columns = one.any(dim=1), one.any(dim=0)
        assert 3 <= rows.sum() <= 6 and 3 <= columns.sum() <= 6
        assert one.sum() == rows.sum() * columns.sum()
    assert torch.equal(cutout(images, source(), part=0), images)


def test_noise_has_the_deviation_that_was_asked_for() -> None:
    grey = torch.full((50, 3, 12, 12), 0.5)
    assert float(noise(grey, source(), deviation=0.1).std()) == pytest.approx(0.1, rel=0.05)
    with pytest.raises(ValueError, match="deviation"):
        noise(grey, source(), deviation=-1)


def test_edges_are_where_the_grey_changes() -> None:
    step = torch.zeros(1, 3, 8, 8)
    step[..., 4:] = 0.8
    found = edges(step, source(), probability=1)[0, 0]
    expected = torch.tensor([0.0, 0, 0, 0.8, 0.8, 0, 0, 0]).expand(8, 8)
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(edges(step.mT, source(), probability=1)[0, 0], expected.T)
    assert torch.equal(edges(step, source(), probability=0), step)


def test_together_is_one_after_the_other(images: Tensor) -> None:
    generator = source()
    by_hand = SINGLE["grey"](SINGLE["crop and resize"](images, generator), generator)
    assert torch.equal(together("crop and resize", "grey")(images, source()), by_hand)
    assert torch.equal(together()(images, source()), images)
    with pytest.raises(ValueError, match="crop and resize"):
        together("gray")


COLOUR, NO = torch.rand(4, 3, 6, 6, generator=torch.Generator().manual_seed(3)), cast(Any, None)


# What is wrong -> the call, and what the message says.
MISTAKES: dict[str, tuple[Callable[[], object], str]] = {
    "turns without a generator": (
        lambda: quarter_turns(COLOUR, NO),
        r"generator should be a torch.Generator.*None",
    ),
    "cutout without a generator": (lambda: cutout(COLOUR, NO), r"generator should be a torch.Generator"),
    "noise without a generator": (lambda: noise(COLOUR, NO), r"generator should be a torch.Generator"),
    "edges without a generator": (lambda: edges(COLOUR, NO), r"generator should be a torch.Generator"),
    "together without a generator": (
        lambda: together()(COLOUR, NO),
        r"generator should be a torch.Generator",
    ),
    "turns of one image": (lambda: quarter_turns(COLOUR[0], source()), r"images should be of the shape"),
    "cutout of one image": (lambda: cutout(COLOUR[0], source()), r"images should be of the shape"),
    "noise of one image": (lambda: noise(COLOUR[0], source()), r"images should be of the shape"),
    "edges of one image": (lambda: edges(COLOUR[0], source()), r"images should be of the shape"),
    "cutout of grey images": (lambda: cutout(COLOUR[:, :1], source()), r"3 channels.*\(4, 1, 6, 6\)"),
}


@pytest.mark.parametrize(("call", "message"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes_are_named(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()

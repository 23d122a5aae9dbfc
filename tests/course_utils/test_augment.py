"""The augmentations, against torchvision and against the definitions of what they change."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from torchvision.transforms.v2 import functional as tv

from course_utils.augment import Augment, blur_matrix, chroma_matrix, resize_matrix, two_views

PLAIN = Augment(crop=(1, 1), ratio=(1, 1), flip=0, jitter=0, grey=0)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def images() -> Tensor:
    return torch.rand(7, 3, 20, 16, generator=generator(1), dtype=torch.float64)


def test_with_everything_switched_off_nothing_changes(images: Tensor) -> None:
    square = images[..., :16, :]
    torch.testing.assert_close(PLAIN(square, generator()), square, rtol=0, atol=1e-6)


@pytest.mark.parametrize("start, length", [(0, 16), (3, 7), (10, 6), (0, 1)])
def test_resizing_is_what_interpolate_does_to_the_cut(images: Tensor, start: int, length: int) -> None:
    matrix = resize_matrix(torch.tensor([float(start)]), torch.tensor([float(length)]), 16).double()
    expected = F.interpolate(images[..., start : start + length], size=(20, 16), mode="bilinear")
    torch.testing.assert_close(images @ matrix[0].mT, expected, rtol=0, atol=1e-6)


def test_a_crop_between_the_pixels_never_looks_outside() -> None:
    start, length = (
        torch.rand(200, generator=generator()) * 10,
        torch.rand(200, generator=generator(2)) * 5 + 1,
    )
    matrix = resize_matrix(start, length, 16)
    torch.testing.assert_close(matrix.sum(2), torch.ones(200, 16))
    pixel = torch.arange(16)
    outside = (pixel < start[:, None] - 1) | (pixel > start[:, None] + length[:, None])
    assert matrix.sum(1)[outside].abs().max() == 0


def test_crops_have_the_areas_and_ratios_asked_for() -> None:
    slope = torch.linspace(0, 1, 64)
    images = torch.stack([slope.expand(64, 64), slope.expand(64, 64).T, torch.zeros(64, 64)]).expand(
        400, 3, 64, 64
    )
    views = Augment(crop=(0.3, 0.5), ratio=(0.5, 2.0), flip=0, jitter=0, grey=0)(images, generator())
    width = views[:, 0].amax((1, 2)) - views[:, 0].amin((1, 2))
    height = views[:, 1].amax((1, 2)) - views[:, 1].amin((1, 2))
    assert (width * height).min() > 0.26 and (width * height).max() < 0.52
    ratio = (width / height).log2()
    assert ratio.min() < -0.8 and ratio.max() > 0.8 and ratio.mean().abs() < 0.1


def test_half_of_the_images_are_flipped(images: Tensor) -> None:
    many = images[:1, :, :16].expand(400, -1, -1, -1)
    views = Augment(crop=(1, 1), ratio=(1, 1), flip=0.5, jitter=0, grey=0)(many, generator())
    flipped = torch.isclose(views, many.flip(3), atol=1e-5).flatten(1).all(1)
    kept = torch.isclose(views, many, atol=1e-5).flatten(1).all(1)
    assert (flipped ^ kept).all()
    assert 150 < flipped.sum() < 250


def test_greyscale_is_torchvisions(images: Tensor) -> None:
    square = images[..., :16, :]
    views = Augment(crop=(1, 1), ratio=(1, 1), flip=0, jitter=0, grey=1)(square, generator())
    torch.testing.assert_close(views, tv.rgb_to_grayscale(square, 3), rtol=0, atol=2e-4)


@pytest.mark.parametrize(
    "name, peer",
    [
        ("brightness", tv.adjust_brightness),
        ("contrast", tv.adjust_contrast),
        ("saturation", tv.adjust_saturation),
    ],
)
def test_one_colour_change_is_torchvisions_for_some_factor(name: str, peer: object, images: Tensor) -> None:
    images = 0.35 + 0.3 * images[..., :16, :]  # far enough from 0 and 1 that nothing is clamped
    strengths: dict[str, Any] = {"brightness": 0.0, "contrast": 0.0, "saturation": 0.0, "hue": 0.0, name: 0.4}
    views = Augment(crop=(1, 1), ratio=(1, 1), flip=0, jitter=1, grey=0, **strengths)(images, generator())
    factors = torch.linspace(0.6, 1.4, 801)
    found = []
    for image, view in zip(images, views, strict=True):
        errors = torch.stack([(peer(image, float(f)) - view).abs().max() for f in factors])  # type: ignore[operator]
        assert errors.min() < 2e-3
        found.append(factors[errors.argmin()].item())
    assert max(found) - min(found) > 0.2, "every image has a factor of its own"


def test_contrast_keeps_the_mean_luma_that_brightness_has_set() -> None:
    images = (0.35 + 0.2 * torch.rand(1, 3, 8, 8, generator=generator())).expand(2000, -1, -1, -1)
    views = Augment(crop=(1, 1), ratio=(1, 1), flip=0, jitter=1, saturation=0, hue=0, grey=0)(
        images, generator()
    )
    ratio = tv.rgb_to_grayscale(views).mean((1, 2, 3)) / tv.rgb_to_grayscale(images).mean((1, 2, 3))
    assert 0.599 < ratio.min() < 0.61 and 1.39 < ratio.max() < 1.401


def test_hue_turns_the_chroma_and_keeps_the_luma() -> None:
    one = torch.ones(1, dtype=torch.float64)
    colours = torch.rand(3, 50, generator=generator(), dtype=torch.float64)
    luma = torch.tensor([0.299, 0.587, 0.114], dtype=torch.float64)
    third = chroma_matrix(one, one * 2 * math.pi / 3)[0]
    torch.testing.assert_close(luma @ third @ colours, luma @ colours)
    torch.testing.assert_close(third @ third @ third, torch.eye(3, dtype=torch.float64), rtol=0, atol=1e-5)
    torch.testing.assert_close(
        chroma_matrix(one, 0 * one)[0], torch.eye(3, dtype=torch.float64), rtol=0, atol=1e-5
    )
    assert (third @ torch.tensor([1.0, 0, 0], dtype=torch.float64)).argmax() != 0, "red doesn't stay red"


def test_blur_is_torchvisions_away_from_the_edge() -> None:
    image = torch.rand(1, 3, 33, 33, generator=generator())
    matrix = blur_matrix(torch.tensor([1.3]), 33)[0]
    expected = tv.gaussian_blur(image, [17, 17], [1.3, 1.3])
    torch.testing.assert_close(
        (matrix @ image @ matrix.T)[..., 8:-8, 8:-8], expected[..., 8:-8, 8:-8], rtol=0, atol=1e-4
    )


def test_only_some_images_are_blurred(images: Tensor) -> None:
    square = images[:1, :, :16].expand(300, -1, -1, -1)
    views = Augment(crop=(1, 1), ratio=(1, 1), flip=0, jitter=0, grey=0, blur=0.3, sigma=(0.8, 1.0))(
        square, generator()
    )
    changed = (views - square).abs().amax((1, 2, 3)) > 1e-3
    assert 60 < changed.sum() < 120


def test_views_are_images_whatever_comes_in() -> None:
    data = torch.randint(0, 256, (9, 3, 32, 32), generator=generator(), dtype=torch.uint8)
    before = data.clone()
    views = Augment(blur=0.5)(data, generator())
    assert views.shape == data.shape and views.dtype == torch.float32
    assert views.min() >= 0 and views.max() <= 1
    torch.testing.assert_close(views, Augment(blur=0.5)(data.float() / 255, generator()))
    assert torch.equal(data, before)


def test_two_views_differ_from_each_other_and_repeat_with_the_seed(images: Tensor) -> None:
    first, second = two_views(images, generator(5))
    assert (first - second).abs().amax((1, 2, 3)).min() > 0.01
    again, _ = two_views(images, generator(5))
    assert torch.equal(first, again)


def test_the_global_generator_is_left_alone(images: Tensor) -> None:
    state = torch.get_rng_state()
    two_views(images, generator())
    assert torch.equal(state, torch.get_rng_state())


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
def test_a_cpu_generator_gives_the_same_views_on_the_gpu(images: Tensor) -> None:
    on_gpu = Augment(blur=0.5)(images.cuda(), generator())
    assert on_gpu.is_cuda
    torch.testing.assert_close(on_gpu.cpu(), Augment(blur=0.5)(images, generator()), rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    "wrong", [{"flip": 1.5}, {"crop": (0.5, 0.2)}, {"crop": (0, 1)}, {"ratio": (0, 1)}, {"sigma": (0, 1)}]
)
def test_impossible_settings_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Augment(**wrong)  # type: ignore[arg-type]

"""The models: shapes, names, and that a model can be made again from its description."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from course_utils.models import build, count_parameters, names

ENCODERS: list[tuple[str, dict[str, Any], int]] = [
    ("small_resnet", {}, 256),
    ("small_resnet", {"width": 8, "stages": 2, "blocks": 2, "stem_stride": 1}, 32),
    ("convnet", {"width": 8}, 64),
    ("resnet18", {}, 512),
]
SETTINGS: dict[str, dict[str, Any]] = {
    "convnet": {"width": 4},
    "mlp": {"in_features": 3, "hidden": 5, "out_features": 2},
    "nested_encoder": {"width": 3},
    "projection_head": {"in_features": 6, "hidden": 5, "out_features": 4},
    "resnet18": {},
    "rotation_head": {"in_features": 6},
    "small_resnet": {"width": 4},
    "tiny_encoder": {"width": 5},
    "video_encoder": {"feature_dim": 6, "width": 4},
}


@pytest.mark.parametrize("name, config, length", ENCODERS)
def test_encoders_give_one_feature_vector_for_an_image(
    name: str, config: dict[str, Any], length: int
) -> None:
    encoder = build(name, **config)
    assert encoder(torch.rand(3, 3, 32, 32)).shape == (3, length)
    assert encoder.feature_dim == length


def test_encoders_take_other_sizes_of_images() -> None:
    assert build("small_resnet", width=4)(torch.rand(2, 3, 48, 40)).shape == (2, 32)


def test_a_channels_last_encoder_gives_ordinary_gradients() -> None:
    images = torch.rand(2, 3, 32, 32, requires_grad=True)
    build("convnet", width=4)(images).square().sum().backward()
    assert images.grad is not None and images.grad.abs().sum() > 0


def test_the_video_encoder_keeps_a_grid_at_stride_four() -> None:
    assert build("video_encoder", feature_dim=6, width=4)(torch.rand(2, 1, 64, 48)).shape == (2, 6, 16, 12)


def test_heads() -> None:
    assert build("projection_head", in_features=6, out_features=4)(torch.rand(3, 6)).shape == (3, 4)
    linear = build("projection_head", in_features=6, hidden=0, out_features=4)
    assert count_parameters(linear) == 6 * 4 + 4
    assert build("rotation_head", in_features=6)(torch.rand(3, 6)).shape == (3, 4)


def test_the_tiny_encoder_has_every_kind_of_state() -> None:
    tiny = build("tiny_encoder", width=5)
    buffers = dict(tiny.named_buffers())
    assert {"1.running_mean", "1.running_var", "1.num_batches_tracked"} == set(buffers)
    assert buffers["1.num_batches_tracked"].dtype == torch.int64
    assert tiny(torch.rand(4, 3)).shape == (4, 4)


def test_part_of_the_nested_encoder_may_be_frozen() -> None:
    nested, frozen = (build("nested_encoder", width=4, frozen_part=part) for part in (0, 1))
    assert nested(torch.rand(5, 4)).shape == (5, 3)
    assert {name for name, _ in nested.named_parameters(recurse=False)} == {"scale"}
    assert all(parameter.requires_grad for parameter in nested.parameters())
    wanted = {name for name, parameter in frozen.named_parameters() if parameter.requires_grad}
    assert wanted == {"layers.2.weight", "layers.2.bias"}


def test_every_model_is_covered_here() -> None:
    assert set(names()) == set(SETTINGS)


@pytest.mark.parametrize("name", sorted(SETTINGS))
def test_a_model_is_made_again_from_name_settings_and_state(name: str) -> None:
    torch.manual_seed(0)
    first = build(name, **SETTINGS[name]).eval()
    again = build(name, **SETTINGS[name]).eval()
    again.load_state_dict(first.state_dict())
    shapes = {
        "mlp": (2, 3),
        "nested_encoder": (2, 3),
        "projection_head": (2, 6),
        "rotation_head": (2, 6),
        "tiny_encoder": (2, 3),
        "video_encoder": (2, 1, 32, 32),
    }
    x = torch.rand(shapes.get(name, (2, 3, 32, 32)))
    assert torch.equal(first(x), again(x))


def test_mistakes_are_explained() -> None:
    with pytest.raises(ValueError, match="no model 'resnet50'; choose one of convnet, mlp"):
        build("resnet50")
    with pytest.raises(ValueError, match="'convnet' can't be made with these settings.*depth"):
        build("convnet", depth=3)

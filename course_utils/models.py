"""The networks of the course, small enough to be trained on two CPU cores in minutes.

Every model can be made from a name and a few numbers, `build("small_resnet", width=32)`, so that a module can be
described by values alone: name, settings, state. Images are given as they come from the data sets, as floats in
[0, 1]; the encoders centre them themselves.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from course_utils.arguments import describe_value, refuse_argument, require_images, require_whole


def _conv(in_channels: int, out_channels: int, stride: int = 1) -> nn.Sequential:
    """A 3x3 convolution, batch normalisation, ReLU."""
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, kernel_size=3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(inplace=True),
    )


def _centre(name: str, images: Tensor, channels: int = 3) -> Tensor:
    """From [0, 1] to about zero mean and unit variance, laid out as convolutions on a CPU like it best."""
    require_images(name, images, channels=(channels,), floats_only=True)
    return ((images - 0.5) / 0.25).contiguous(memory_format=torch.channels_last)


def _require_sizes(**sizes: int) -> None:
    for name, size in sizes.items():
        require_whole(name, size, at_least=1)


class Encoder(nn.Module):
    """A network from images in [0, 1] to features.

    Called with bytes, with floats of 0 to 255 or with another number of dimensions or channels it raises a ValueError.

    Attributes:
        feature_dim: length of the feature vector of an image, or of a position.
    """

    feature_dim: int


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions and a shortcut (He et al. 2016, figure 2)."""

    def __init__(self, in_channels: int, out_channels: int, stride: int = 1) -> None:
        super().__init__()
        self.residual = nn.Sequential(
            _conv(in_channels, out_channels, stride),
            nn.Conv2d(out_channels, out_channels, kernel_size=3, padding=1, bias=False),
            nn.BatchNorm2d(out_channels),
        )
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or in_channels != out_channels:
            self.shortcut = nn.Sequential(
                nn.Conv2d(in_channels, out_channels, kernel_size=1, stride=stride, bias=False),
                nn.BatchNorm2d(out_channels),
            )

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c2 h2 w2"]:
        return F.relu(self.residual(x) + self.shortcut(x))


class SmallResNet(Encoder):
    """A residual network for images of about 32x32 pixels: a 3x3 stem, then stages that halve the side.

    Each stage doubles the number of channels.

    Args:
        width: channels of the stem.
        stages: number of stages of `blocks` residual blocks each; the feature has `width * 2**stages` numbers.
        blocks: residual blocks in a stage.
        stem_stride: stride of the stem; 2 makes the network about four times faster.
    """

    def __init__(self, width: int = 32, stages: int = 3, blocks: int = 1, stem_stride: int = 2) -> None:
        super().__init__()
        _require_sizes(width=width, blocks=blocks, stem_stride=stem_stride)
        require_whole("stages", stages, at_least=0)
        layers: list[nn.Module] = [_conv(3, width, stem_stride)]
        channels = width
        for _ in range(stages):
            layers.append(ResidualBlock(channels, 2 * channels, stride=2))
            channels *= 2
            layers.extend(ResidualBlock(channels, channels) for _ in range(blocks - 1))
        self.layers = nn.Sequential(*layers)
        self.feature_dim = channels
        self.to(memory_format=torch.channels_last)

    def forward(self, images: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n d"]:
        """Features of images in [0, 1]: the last stage, averaged over positions."""
        return self.layers(_centre("images", images)).mean(dim=(2, 3))


class ConvNet(Encoder):
    """Seven plain 3x3 convolutions for images of about 32x32 pixels; the feature has `8 * width` numbers.

    Args:
        width: channels of the first convolution.
    """

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        _require_sizes(width=width)
        self.layers = nn.Sequential(
            _conv(3, width, stride=2),
            _conv(width, width),
            _conv(width, 2 * width, stride=2),
            _conv(2 * width, 2 * width),
            _conv(2 * width, 4 * width, stride=2),
            _conv(4 * width, 4 * width),
            _conv(4 * width, 8 * width),
        )
        self.feature_dim = 8 * width
        self.to(memory_format=torch.channels_last)

    def forward(self, images: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n d"]:
        """Features of images in [0, 1]: the last convolution, averaged over positions."""
        return self.layers(_centre("images", images)).mean(dim=(2, 3))


class ResNet18(Encoder):
    """torchvision's ResNet-18 for images of 32x32 pixels: a 3x3 stem and no first pooling.

    This is what is usual on CIFAR-10 (Chen et al. 2020, appendix B.9). The feature has 512 numbers.
    """

    feature_dim = 512

    def __init__(self) -> None:
        super().__init__()
        from torchvision.models import resnet18  # noqa: PLC0415 - slow to import, and only the full profile needs it

        self.network = resnet18(weights=None)
        self.network.conv1 = nn.Conv2d(3, 64, kernel_size=3, padding=1, bias=False)
        nn.init.kaiming_normal_(self.network.conv1.weight, mode="fan_out", nonlinearity="relu")
        self.network.maxpool = nn.Identity()
        self.network.fc = nn.Identity()
        self.to(memory_format=torch.channels_last)

    def forward(self, images: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 512"]:
        """Features of images in [0, 1]: the last stage, averaged over positions."""
        return self.network(_centre("images", images))


class VideoEncoder(Encoder):
    """Seven 3x3 convolutions at stride 4 that embed every position of a grey frame.

    Vondrick et al. (2018) use a ResNet-18 and a 3D network over time; this is the
    part that a CPU can afford. The last layer is linear, because attention compares embeddings by dot products of
    either sign.

    Args:
        feature_dim: length of the embedding of a position.
        width: channels of the first convolution.
        in_channels: 1 for grey frames.
    """

    def __init__(self, feature_dim: int = 64, width: int = 32, in_channels: int = 1) -> None:
        super().__init__()
        _require_sizes(feature_dim=feature_dim, width=width, in_channels=in_channels)
        self.in_channels = in_channels
        self.layers = nn.Sequential(
            _conv(in_channels, width, stride=2),
            _conv(width, width),
            _conv(width, 2 * width, stride=2),
            _conv(2 * width, 2 * width),
            _conv(2 * width, 4 * width),
            _conv(4 * width, 4 * width),
            nn.Conv2d(4 * width, feature_dim, kernel_size=3, padding=1),
        )
        self.feature_dim = feature_dim
        self.to(memory_format=torch.channels_last)

    def forward(self, frames: Float[Tensor, "n c h w"]) -> Float[Tensor, "n d h/4 w/4"]:
        """Embeddings of frames in [0, 1]; the sides should be multiples of 4."""
        return self.layers(_centre("frames", frames, self.in_channels))


def projection_head(in_features: int, hidden: int = 256, out_features: int = 128) -> nn.Sequential:
    """The two-layer head g(h) whose output the contrastive losses compare (Chen et al. 2020, section 2.1).

    Args:
        in_features: length of the encoder's feature.
        hidden: length of the hidden layer; 0 makes the head one linear layer, as in MoCo v1 (He et al. 2020).
        out_features: length of the projection.
    """
    _require_sizes(in_features=in_features, out_features=out_features)
    require_whole("hidden", hidden, at_least=0)
    if hidden == 0:
        return nn.Sequential(nn.Linear(in_features, out_features))
    return nn.Sequential(
        nn.Linear(in_features, hidden, bias=False),
        nn.BatchNorm1d(hidden),
        nn.ReLU(inplace=True),
        nn.Linear(hidden, out_features),
    )


def rotation_head(in_features: int, classes: int = 4) -> nn.Linear:
    """The classifier of the rotation task (Gidaris et al. 2018): one score for each of 0, 90, 180 and 270 degrees."""
    _require_sizes(in_features=in_features, classes=classes)
    return nn.Linear(in_features, classes)


def painter(channels: Sequence[int], out_channels: int) -> nn.Sequential:
    """From a small map to a large one: each convolution but the last doubles the sides; the last has `out_channels`.

    Args:
        channels: of the map that is given, and after each doubling; `(128, 64, 32, 16)` doubles three times.
        out_channels: of what is painted, 3 for colours, or one for each class.
    """
    if not isinstance(channels, tuple | list) or not channels:
        refuse_argument(
            "channels", "a tuple of whole numbers such as (128, 64)", f"it is {describe_value(channels)}"
        )
    _require_sizes(out_channels=out_channels, **{f"channels[{k}]": size for k, size in enumerate(channels)})
    layers: list[nn.Module] = []
    for before, after in pairwise(channels):
        convolution = nn.Conv2d(before, after, kernel_size=3, padding=1, bias=False)
        layers += [nn.Upsample(scale_factor=2), convolution, nn.BatchNorm2d(after), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers, nn.Conv2d(channels[-1], out_channels, kernel_size=3, padding=1))


class PatchJudge(nn.Module):
    """A discriminator: is a patch real or painted?

    Args:
        side: of the patches in pixels, a multiple of 4.
        width: channels of the first convolution.
    """

    def __init__(self, side: int = 12, width: int = 16) -> None:
        super().__init__()
        _require_sizes(side=side, width=width)
        if side % 4:
            refuse_argument("side", "a multiple of 4", f"it is {side}")
        self.layers = nn.Sequential(
            nn.Conv2d(3, width, kernel_size=3, stride=2, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(width, 2 * width, kernel_size=3, stride=2, padding=1),
            nn.BatchNorm2d(2 * width),
            nn.LeakyReLU(0.2),
            nn.Flatten(),
            nn.Linear(2 * width * (side // 4) ** 2, 1),
        )

    def forward(self, patches: Float[Tensor, "n 3 s s"]) -> Float[Tensor, " n"]:
        """One logit for each patch of floats in [0, 1], above 0 for "real"."""
        return self.layers(4 * (patches - 0.5)).squeeze(1)


def mlp(in_features: int, hidden: int, out_features: int) -> nn.Sequential:
    """Linear, ReLU, linear."""
    _require_sizes(in_features=in_features, hidden=hidden, out_features=out_features)
    return nn.Sequential(nn.Linear(in_features, hidden), nn.ReLU(), nn.Linear(hidden, out_features))


def tiny_encoder(width: int = 5, in_features: int = 3) -> nn.Sequential:
    """A few layers with every kind of state: weights, biases, running averages and a counter."""
    return nn.Sequential(
        nn.Linear(in_features, width),
        nn.BatchNorm1d(width),
        nn.ReLU(),
        nn.Linear(width, width - 1, bias=False),
    )


class NestedEncoder(nn.Module):
    """Layers inside layers, and a parameter that no layer holds.

    Args:
        width: number of features.
        frozen_part: 1 if that parameter and the innermost layer are not to be trained.
    """

    def __init__(self, width: int = 3, frozen_part: int = 0) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(width), requires_grad=not frozen_part)
        inner = nn.Sequential(nn.Linear(width, width, bias=False), nn.BatchNorm1d(width))
        self.layers = nn.Sequential(
            inner.requires_grad_(not frozen_part), nn.ReLU(), nn.Linear(width, width - 1)
        )

    def forward(self, x: Float[Tensor, "n d"]) -> Float[Tensor, "n d-1"]:
        return self.layers(self.scale * x)


_MODELS: dict[str, Callable[..., nn.Module]] = {
    "convnet": ConvNet,
    "mlp": mlp,
    "nested_encoder": NestedEncoder,
    "projection_head": projection_head,
    "resnet18": ResNet18,
    "rotation_head": rotation_head,
    "small_resnet": SmallResNet,
    "tiny_encoder": tiny_encoder,
    "video_encoder": VideoEncoder,
}


def names() -> tuple[str, ...]:
    """The names that `build` knows."""
    return tuple(_MODELS)


def build(name: str, **config: Any) -> nn.Module:
    """Make a model from its name and settings.

    Args:
        name: one of `names()`.
        config: the settings of that model; numbers and strings only, so that they can be written down.

    Raises:
        ValueError: there is no such model, or it has no such setting.

    Example:
        >>> build("small_resnet", width=16).feature_dim
        128
    """
    if not isinstance(name, str) or name not in _MODELS:
        raise ValueError(f"name: there is no model {name!r}; choose one of {', '.join(_MODELS)}")
    try:
        return _MODELS[name](**config)
    except TypeError as error:
        raise ValueError(f"model {name!r} can't be made with these settings: {error}") from error


def count_parameters(module: nn.Module) -> int:
    """Number of trainable numbers of a module."""
    if not isinstance(module, nn.Module):
        refuse_argument("module", "a torch.nn.Module", f"it is {describe_value(module)}")
    return sum(math.prod(parameter.shape) for parameter in module.parameters() if parameter.requires_grad)

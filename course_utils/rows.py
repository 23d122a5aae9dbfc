"""Contrastive predictive coding on the rows of an image: patches, a network that reads from the top, and its training.

    patches = cut_patches(images)         # (n, rows, columns, 3, side, side), each overlaps its neighbours
    network = row_network(recipe, masked_conv, seed=0)
    z = network.look(patches)             # each patch by itself, so that no row knows of those below
    context = network.context(z)

The masked convolution and the loss are given as functions.

An argument of another type, dtype, shape or length than its function asks for raises a ValueError that names it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from course_utils import arguments
from course_utils.augment import Images, as_floats
from course_utils.train import Batches, History, cosine, train

MaskedConv = Callable[[Tensor, Tensor, Tensor], Tensor]
"""`masked_conv` or a function like it: (grid, weight, bias) -> grid of the same size."""
RowLoss = Callable[[Tensor, Tensor, int], Tensor]
"""`row_loss` or a function like it: (predicted, z, rows_ahead) -> loss."""

PATCH, STRIDE = 8, 4
NORMS = ("none", "layer", "batch")
_RECIPE_OF_ROWS = (
    "width",
    "depth",
    "norm",
    "layers",
    "rows_ahead",
    "directions",
    "patch_noise",
    "steps",
    "batch",
    "learning_rate",
    "weight_decay",
    "warmup",
)


def cut_patches(
    images: Images, side: int = PATCH, stride: int = STRIDE
) -> Float[Tensor, "n rows columns 3 side side"]:
    """The overlapping patches of each image, as floats in [0, 1], in the order in which they lie.

    Args:
        images: floats in [0, 1] or bytes.
        side: of a patch in pixels.
        stride: pixels from one patch to the next.

    Raises:
        ValueError: a patch is larger than an image.
    """
    arguments.require_images("images", images, channels=(3,))
    arguments.require_whole("side", side, at_least=1, at_most=min(images.shape[2:]))
    arguments.require_whole("stride", stride, at_least=1)
    return as_floats(images).unfold(2, side, stride).unfold(3, side, stride).permute(0, 2, 3, 1, 4, 5)


def shake_patches(
    patches: Float[Tensor, "n rows columns 3 side side"], generator: torch.Generator, drop: float = 0.8
) -> Float[Tensor, "n rows columns 3 side side"]:
    """Each patch changed by itself, so that colour and lighting do not lead from one to its neighbour.

    In most patches two of the three colours are replaced by the third; half of them are mirrored; contrast and
    brightness vary (Hénaff 2020 has these and stronger ones).

    Args:
        patches: floats in [0, 1].
        generator: source of all randomness.
        drop: how often colours are dropped.
    """
    due = "a tensor of floats of the shape (n, rows, columns, 3, side, side)"
    arguments.require_floats("patches", patches, due, 6)
    arguments.require_generator("generator", generator)
    arguments.require_number("drop", drop, at_least=0, at_most=1)
    shape = patches.shape[:3]
    dropped, mirrored, contrast, brightness = torch.rand(4, *shape, 1, 1, 1, generator=generator).to(patches)
    kept = torch.randint(3, (*shape, 1, 1, 1), generator=generator).to(patches.device)
    one = patches.gather(3, kept.expand(*shape, 1, *patches.shape[4:])).expand_as(patches)
    changed = torch.where(dropped < drop, one, patches)
    changed = torch.where(mirrored < 0.5, changed.flip(5), changed)
    mean = changed.mean(dim=(3, 4, 5), keepdim=True)
    return ((changed - mean) * (0.6 + 0.8 * contrast) + mean + 0.4 * (brightness - 0.5)).clamp(0, 1)


class PatchEncoder(nn.Module):
    """From patches of 8x8 pixels to one vector each.

    Args:
        width: channels of the first convolution; the vector has `4 * width` numbers.
        depth: convolutions at each of the resolutions 4x4 and 2x2, at least 1; those after the first are residual.
        norm: "none", "layer" for normalisation over all of one patch, "batch" over all patches of a batch.
    """

    def __init__(self, width: int = 16, depth: int = 1, norm: str = "none") -> None:
        super().__init__()
        for name, value in (("width", width), ("depth", depth)):
            arguments.require_whole(name, value, at_least=1)
        if norm not in NORMS:
            arguments.refuse_argument("norm", f"one of {', '.join(NORMS)}", f"it is {norm!r}")
        self.feature_dim = 4 * width
        layers: list[nn.Module] = []
        for before, after in ((3, width), (width, 2 * width)):
            layers += [
                nn.Conv2d(before, after, kernel_size=3, stride=2, padding=1),
                _norm(norm, after),
                nn.ReLU(),
            ]
            layers += [_Residual(after, norm) for _ in range(depth - 1)]
        layers += [nn.Conv2d(2 * width, 4 * width, kernel_size=2), _norm(norm, 4 * width), nn.ReLU()]
        self.layers = nn.Sequential(*layers, nn.Flatten(), nn.Linear(4 * width, 4 * width))

    def forward(self, patches: Float[Tensor, "m 3 8 8"]) -> Float[Tensor, "m d"]:
        """One vector for each patch of floats in [0, 1]."""
        arguments.require_images("patches", patches, channels=(3,), floats_only=True)
        return self.layers((patches - 0.5) / 0.25)


class _Residual(nn.Module):
    def __init__(self, channels: int, norm: str) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(channels, channels, kernel_size=3, padding=1)
        self.norm = _norm(norm, channels)

    def forward(self, x: Tensor) -> Tensor:
        return x + F.relu(self.norm(self.convolution(x)))


def _norm(norm: str, channels: int) -> nn.Module:
    if norm == "batch":
        return nn.BatchNorm2d(channels)
    return nn.GroupNorm(1, channels) if norm == "layer" else nn.Identity()


class RowContext(nn.Module):
    """Masked convolutions one after the other, each added to what went in, and a prediction for each distance.

    Args:
        masked_conv: what convolves without seeing the rows below.
        dim: of the vectors of places.
        layers: how many convolutions; each reaches one row up and one column to both sides.
        rows_ahead: the distances that are predicted.
    """

    def __init__(
        self, masked_conv: MaskedConv, dim: int, layers: int = 2, rows_ahead: tuple[int, ...] = (2, 3)
    ) -> None:
        super().__init__()
        arguments.require_callable("masked_conv", masked_conv, "a function (grid, weight, bias) -> grid")
        for name, value in (("dim", dim), ("layers", layers)):
            arguments.require_whole(name, value, at_least=1)
        self.masked_conv = masked_conv
        self.rows_ahead = tuple(arguments.require_list("rows_ahead", rows_ahead, "a list of distances"))
        arguments.require_enough("rows_ahead", self.rows_ahead, 1, "distance")
        self.weights = nn.ParameterList(torch.randn(dim, dim, 3, 3) / (6 * dim) ** 0.5 for _ in range(layers))
        self.biases = nn.ParameterList(torch.zeros(dim) for _ in range(layers))
        self.predictors = nn.ParameterList(torch.randn(dim, dim) / dim**0.5 for _ in self.rows_ahead)

    def forward(self, z: Float[Tensor, "n d h w"]) -> Float[Tensor, "n d h w"]:
        """The context of each place: what stands in its row and above."""
        context = z
        for weight, bias in zip(self.weights, self.biases, strict=True):
            context = context + self.masked_conv(F.relu(context), weight, bias)
        return context

    def predict(self, context: Float[Tensor, "n d h w"]) -> dict[int, Float[Tensor, "n d h w"]]:
        """What each context predicts, for each distance."""
        return {
            ahead: torch.einsum("ed,ndij->neij", predictor, context)
            for ahead, predictor in zip(self.rows_ahead, self.predictors, strict=True)
        }


class RowNetwork(nn.Module):
    """An encoder of patches and a context for each direction from which the image is read.

    Args:
        encoder: from patches to vectors, with `feature_dim`.
        contexts: one for each direction: from the top, and then from the sides and the bottom by quarter turns.
    """

    def __init__(self, encoder: nn.Module, contexts: list[RowContext]) -> None:
        super().__init__()
        arguments.require_module("encoder", encoder)
        self.encoder = encoder
        self.contexts = nn.ModuleList(
            arguments.require_module("contexts", context)
            for context in arguments.require_list("contexts", contexts, "a list of RowContext")
        )

    def look(self, patches: Float[Tensor, "n rows columns 3 side side"]) -> Float[Tensor, "n d rows columns"]:
        """The vector of each patch, from nothing but the patch."""
        due = "a tensor of floats of the shape (n, rows, columns, 3, side, side)"
        n, rows, columns = arguments.require_floats("patches", patches, due, 6).shape[:3]
        vectors = self.encoder(patches.flatten(0, 2))
        return vectors.view(n, rows, columns, -1).permute(0, 3, 1, 2)

    def context(self, z: Float[Tensor, "n d h w"]) -> Float[Tensor, "n d h w"]:
        """The context of each place, read from the top."""
        return self.contexts[0](z)

    def row_losses(self, z: Float[Tensor, "n d h w"], loss: RowLoss) -> Float[Tensor, ""]:
        """The mean of the losses of all distances and directions."""
        arguments.require_callable("loss", loss, "a function (predicted, z, rows_ahead) -> loss")
        losses = []
        for turns, context in enumerate(self.contexts):
            assert isinstance(context, RowContext)
            turned = z.rot90(turns, dims=(2, 3))
            for ahead, predicted in context.predict(context(turned)).items():
                losses.append(arguments.require_loss("loss", loss(predicted, turned, ahead)))
        return torch.stack(losses).mean()

    def forward(self, images: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n d"]:
        """Features of images: the mean over their patches."""
        return self.look(cut_patches(images)).mean(dim=(2, 3))


@dataclass(frozen=True)
class RowRun:
    """What a training on image rows leaves.

    Attributes:
        network: trained; called with images, it gives features.
        untrained: the same before training.
        history: of the training.
    """

    network: RowNetwork
    untrained: RowNetwork
    history: History


def row_network(recipe: Mapping[str, Any], masked_conv: MaskedConv, seed: int = 0) -> RowNetwork:
    """A network as the recipe says, from a seed."""
    found = _require_row_recipe(recipe)
    arguments.require_whole("seed", seed)
    torch.manual_seed(seed)
    encoder = PatchEncoder(found["width"], found["depth"], found["norm"])
    return network_around(encoder, encoder.feature_dim, recipe, masked_conv)


def network_around(
    encoder: nn.Module, dim: int, recipe: Mapping[str, Any], masked_conv: MaskedConv
) -> RowNetwork:
    """The same around an encoder of patches that is given, whose vectors have `dim` numbers."""
    found = _require_row_recipe(recipe)
    contexts = [
        RowContext(masked_conv, dim, found["layers"], tuple(found["rows_ahead"]))
        for _ in range(found["directions"])
    ]
    return RowNetwork(encoder, contexts)


def train_rows(
    images: Images,
    masked_conv: MaskedConv,
    loss: RowLoss,
    recipe: Mapping[str, Any],
    *,
    started: RowNetwork | None = None,
    seed: int = 0,
    device: str | torch.device = "cpu",
    progress: bool = True,
) -> RowRun:
    """Train a network that predicts the patches below from those above.

    Args:
        images: bytes, or floats in [0, 1].
        masked_conv: of a grid, a weight and a bias.
        loss: of what was predicted, the vectors and the distance in rows.
        recipe: width, depth, norm, layers, rows_ahead, directions, patch_noise, steps, batch, learning_rate,
            weight_decay and warmup.
        started: a network that is not trained yet; made from the recipe if it is left out.
        seed: of network, batches and what is done to patches.
        device: where to compute.
        progress: show a bar with the loss and the time left.

    Raises:
        ValueError: the recipe lacks one of these, an argument has another type, or the loss has no gradient.
    """
    found = _require_row_recipe(recipe)
    arguments.require_images("images", images, channels=(3,))
    arguments.require_enough("images", images, 1, "image")
    arguments.require_callable("masked_conv", masked_conv, "a function (grid, weight, bias) -> grid")
    arguments.require_callable("loss", loss, "a function (predicted, z, rows_ahead) -> loss")
    network = (started or row_network(recipe, masked_conv, seed)).to(device)
    untrained = copy.deepcopy(network)
    generator = torch.Generator().manual_seed(seed)

    def step(batch: tuple[Tensor, ...], number: int) -> Tensor:
        patches = cut_patches(batch[0].to(device))
        if found["patch_noise"]:
            patches = shake_patches(patches, generator)
        return network.row_losses(network.look(patches), loss)

    history = train(
        step,
        Batches(images, size=min(found["batch"], len(images)), seed=seed),
        torch.optim.AdamW(
            network.parameters(), lr=found["learning_rate"], weight_decay=found["weight_decay"]
        ),
        steps=found["steps"],
        schedule=cosine(found["steps"], warmup=min(found["warmup"], found["steps"] - 1)),
        progress=progress,
    )
    return RowRun(network, untrained, history)


def _require_row_recipe(recipe: object) -> Mapping[str, Any]:
    found = arguments.require_mapping("recipe", recipe, "setting -> value", empty=True)
    if missing := [name for name in _RECIPE_OF_ROWS if name not in found]:
        due = f"a recipe with {', '.join(_RECIPE_OF_ROWS)}"
        arguments.refuse_argument("recipe", due, f"it lacks {', '.join(missing)}")
    for name in ("width", "depth", "layers", "steps", "batch"):
        arguments.require_whole(f"recipe['{name}']", found[name], at_least=1)
    arguments.require_whole("recipe['directions']", found["directions"], at_least=1, at_most=4)
    arguments.require_number("recipe['learning_rate']", found["learning_rate"], above=0)
    for name in ("weight_decay", "warmup"):
        arguments.require_number(f"recipe['{name}']", found[name], at_least=0)
    return found

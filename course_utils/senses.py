"""Several views of one thing, each with an encoder of its own: lightness and colour, two draughtsmen, two moments.

    first, second = lightness_and_colour(images)
    run = train_senses(images, lab_views, loss, recipe, senses=2)

An argument of another type, dtype, shape or length than its function asks for raises a ValueError that names it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from course_utils import arguments
from course_utils.augment import Augment, Images, as_floats
from course_utils.data import rgb_to_lab
from course_utils.models import ConvNet, projection_head
from course_utils.train import Batches, History, cosine, train

MakeViews = Callable[[tuple[Tensor, ...], torch.Generator], list[Tensor]]
"""From a batch and a generator to one batch of images (n, 3, h, w) for each view, floats in [0, 1]."""
SensesLoss = Callable[[list[Tensor]], Tensor]
"""From the projections of all views, each (n, d), to the loss."""

_RECIPE_OF_SENSES = ("width", "dim", "steps", "batch", "learning_rate", "weight_decay", "warmup")
_WIDEST = 110.0
"""About the largest a and b of colours in sRGB."""


def lightness_and_colour(
    images: Images,
) -> tuple[Float[Tensor, "n 3 h w"], Float[Tensor, "n 3 h w"]]:
    """Two halves of each image in CIE Lab, each as an image in [0, 1]: L, three times; a, b and nothing.

    What is in the one is in no pixel of the other.

    Args:
        images: floats in [0, 1] or bytes.
    """
    arguments.require_images("images", images, channels=(3,))
    lab = rgb_to_lab(as_floats(images))
    lightness = (lab[:, :1] / 100).expand(-1, 3, -1, -1)
    opponents = (0.5 + lab[:, 1:] / (2 * _WIDEST)).clamp(0, 1)
    return lightness, torch.cat([opponents, torch.full_like(opponents[:, :1], 0.5)], dim=1)


def lab_views(batch: tuple[Tensor, ...], generator: torch.Generator) -> list[Tensor]:
    """A crop of each image, in its own colours, as lightness and as colour."""
    return list(lightness_and_colour(_crops(batch[0], generator)))


def family_views(batch: tuple[Tensor, ...], generator: torch.Generator) -> list[Tensor]:
    """Scenes as one family of emoji draws them and as the other does, each cropped by itself."""
    return [_crops(images, generator) for images in batch[:2]]


def moment_views(batch: tuple[Tensor, ...], generator: torch.Generator) -> list[Tensor]:
    """A frame of each clip (n, t, 3, h, w) and the next one, whole and in their own colours."""
    clips = batch[0]
    start = torch.randint(clips.shape[1] - 1, (len(clips),), generator=generator)
    rows = torch.arange(len(clips))
    return [as_floats(clips[rows, start + later]) for later in (0, 1)]


def four_views(batch: tuple[Tensor, ...], generator: torch.Generator) -> list[Tensor]:
    """Lightness and colour of one family's scenes, and lightness and colour of the other's."""
    return [part for images in family_views(batch, generator) for part in lightness_and_colour(images)]


@dataclass(frozen=True)
class SensesRun:
    """What a training on several views leaves.

    Attributes:
        encoders: one for each view, trained; `features` reads them.
        heads: from an encoder's feature to the projection.
        untrained: the encoders before training.
        history: of the training.
    """

    encoders: nn.ModuleList
    heads: nn.ModuleList
    untrained: nn.ModuleList
    history: History


def senses(recipe: Mapping[str, Any], count: int, seed: int = 0) -> tuple[nn.ModuleList, nn.ModuleList]:
    """Encoders and linear heads for so many views, from a seed."""
    found = _require_senses_recipe(recipe)
    arguments.require_whole("count", count, at_least=1)
    arguments.require_whole("seed", seed)
    torch.manual_seed(seed)
    encoders = nn.ModuleList(ConvNet(width=found["width"]) for _ in range(count))
    heads = nn.ModuleList(
        projection_head(8 * found["width"], hidden=0, out_features=found["dim"]) for _ in range(count)
    )
    return encoders, heads


def train_senses(
    examples: tuple[Tensor, ...],
    views: MakeViews,
    loss: SensesLoss,
    recipe: Mapping[str, Any],
    *,
    started: tuple[nn.ModuleList, nn.ModuleList] | None = None,
    shared: bool = False,
    seed: int = 0,
    progress: bool = True,
) -> SensesRun:
    """Train an encoder for each view so that the loss of their projections is small.

    Args:
        examples: tensors of one length, of which batches are made.
        views: makes the views of a batch.
        loss: of the projections of the views.
        recipe: width, dim, steps, batch, learning_rate, weight_decay and warmup.
        started: encoders and heads that are not trained yet, on the device where to compute; two of each, made from the
            recipe, if they are left out.
        shared: all views pass through the first encoder and the first head, since they are of one kind.
        seed: of networks, batches and views.
        progress: show a bar with the loss and the time left.

    Raises:
        ValueError: the recipe lacks one of these, an argument has another type, or the loss has no gradient.
    """
    found = _require_senses_recipe(recipe)
    for example in arguments.require_list("examples", examples, "a tuple of tensors of one length"):
        arguments.require_tensor("examples", example, "a tuple of tensors of one length")
    arguments.require_callable("views", views, "a function (batch, generator) -> a list of views")
    arguments.require_callable("loss", loss, "a function of the projections of all views -> loss")
    encoders, heads = started or senses(recipe, 1 if shared else 2, seed)
    untrained = copy.deepcopy(encoders)
    device = next(encoders.parameters()).device
    generator = torch.Generator().manual_seed(seed)

    def step(batch: tuple[Tensor, ...], number: int) -> Tensor:
        seen = [view.to(device) for view in views(batch, generator)]
        if shared:
            return arguments.require_loss("loss", loss([heads[0](encoders[0](view)) for view in seen]))
        projections = [head(encoder(view)) for view, encoder, head in zip(seen, encoders, heads, strict=True)]
        return arguments.require_loss("loss", loss(projections))

    history = train(
        step,
        Batches(*examples, size=min(found["batch"], len(examples[0])), seed=seed),
        torch.optim.AdamW(
            [*encoders.parameters(), *heads.parameters()],
            lr=found["learning_rate"],
            weight_decay=found["weight_decay"],
        ),
        steps=found["steps"],
        schedule=cosine(found["steps"], warmup=min(found["warmup"], found["steps"] - 1)),
        progress=progress,
    )
    return SensesRun(encoders, heads, untrained, history)


def by_halves(encoders: nn.ModuleList) -> Callable[[Tensor], Tensor]:
    """Features of images: what the first encoder makes of lightness beside what the second makes of colour."""
    if len(arguments.require_list("encoders", encoders, "encoders of lightness and of colour")) < 2:
        arguments.refuse_argument(
            "encoders", "encoders of lightness and of colour", "there are fewer than two"
        )
    return _Halves(encoders)


class _Halves(nn.Module):
    def __init__(self, encoders: nn.ModuleList) -> None:
        super().__init__()
        self.encoders = encoders

    def forward(self, images: Tensor) -> Tensor:
        parts = zip(self.encoders, lightness_and_colour(images), strict=False)
        return torch.cat([encoder(part) for encoder, part in parts], dim=1)


def _crops(images: Tensor, generator: torch.Generator) -> Tensor:
    return Augment(jitter=0.0, grey=0.0)(images, generator)


def _require_senses_recipe(recipe: object) -> Mapping[str, Any]:
    found = arguments.require_mapping("recipe", recipe, "setting -> value", empty=True)
    if missing := [name for name in _RECIPE_OF_SENSES if name not in found]:
        due = f"a recipe with {', '.join(_RECIPE_OF_SENSES)}"
        arguments.refuse_argument("recipe", due, f"it lacks {', '.join(missing)}")
    for name in ("width", "dim", "steps", "batch"):
        arguments.require_whole(f"recipe['{name}']", found[name], at_least=1)
    arguments.require_number("recipe['learning_rate']", found["learning_rate"], above=0)
    for name in ("weight_decay", "warmup"):
        arguments.require_number(f"recipe['{name}']", found[name], at_least=0)
    return found

"""Training by pairs of views, for the runs that are made again with something changed.

    run = train_pairs(images, nt_xent, recipe)
    table = evaluate.compare({"trained": run.encoder, "random initialisation": run.untrained}, train_set, test_set)

The notebook shows the step once, written out; this is the same step with its networks and its optimiser.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import torch
from torch import Tensor, nn

from course_utils import arguments
from course_utils.augment import Augment
from course_utils.augmentations import ViewMaker
from course_utils.models import Encoder, build, projection_head
from course_utils.train import Batches, History, cosine, train

PairLoss = Callable[[Tensor, Tensor, float], Tensor]
"""`nt_xent` or a function like it: (first projections, second projections, temperature) -> loss."""

_RECIPE = ("model", "steps", "batch", "learning_rate", "weight_decay", "warmup", "temperature", "views")


@dataclass(frozen=True)
class PairRun:
    """What a training by pairs leaves.

    Attributes:
        encoder: trained; its feature is h.
        head: trained with it; from h to the projection z.
        untrained: the encoder before training.
        history: of the training.
    """

    encoder: Encoder
    head: nn.Module
    untrained: Encoder
    history: History


def networks(
    recipe: Mapping[str, Any], *, head: Mapping[str, Any] | None = None, seed: int = 0
) -> tuple[Encoder, nn.Module]:
    """An encoder and a head as the recipe says, from a seed.

    Args:
        recipe: its `"model"` is the name and the settings of an encoder.
        head: settings of `projection_head`, `{"hidden": 0}` for a linear one; None for the recipe's.
        seed: of their weights.

    Raises:
        ValueError: the recipe has no such model, the head no such setting, or an argument has another type.
    """
    model = _setting(recipe, "model")
    due = 'the name and the settings of an encoder, as in {"name": "convnet", "width": 8}'
    arguments.require_mapping("recipe['model']", model, due)
    if "name" not in model:
        arguments.refuse_argument("recipe['model']", due, "it has no name")
    if head is not None:
        _require_settings("head", head, ("hidden", "out_features"))
    arguments.require_whole("seed", seed)
    torch.manual_seed(seed)
    encoder = build(**model)
    if not isinstance(encoder, Encoder):
        arguments.refuse_argument("recipe", "a recipe whose model is an encoder", f"it is {model['name']!r}")
    return encoder, projection_head(encoder.feature_dim, **(head or {}))


def train_pairs(
    images: Tensor,
    loss: PairLoss,
    recipe: Mapping[str, Any],
    *,
    view: ViewMaker | None = None,
    started: tuple[Encoder, nn.Module] | None = None,
    seed: int = 0,
    device: str | torch.device = "cpu",
    progress: bool = True,
) -> PairRun:
    """Train an encoder and a head so that the loss of two views of each image is small.

    Args:
        images: bytes, or floats in [0, 1].
        loss: of the projections of the first and of the second views, and the temperature.
        recipe: model, steps, batch, learning_rate, weight_decay, warmup, temperature and views (settings of `Augment`).
        view: what makes a view, in the place of the recipe's.
        started: encoder and head, not trained yet; made by `networks` if they are left out.
        seed: of networks, batches and views.
        device: where to compute.
        progress: show a bar with the loss and the time left.

    Raises:
        ValueError: the recipe lacks one of these or has another value for it, an argument has another type, or the loss
            does not depend on the projections.
    """
    arguments.require_images("images", images, channels=(3,))
    arguments.require_enough("images", images, 1, "image")
    arguments.require_callable("loss", loss, "a function (z_i, z_j, temperature) -> loss")
    _require_recipe(recipe)
    arguments.require_whole("seed", seed)
    if view is None:
        _require_settings("recipe['views']", recipe["views"], [field.name for field in fields(Augment)])
    else:
        arguments.require_callable("view", view, "a function (images, generator) -> views")
    if started is not None:
        for part in arguments.require_list("started", started, "an encoder and a head", 2):
            arguments.require_module("started", part)
    encoder, head = started or networks(recipe, seed=seed)
    encoder, head = encoder.to(device), head.to(device)
    untrained = copy.deepcopy(encoder)
    generator = torch.Generator().manual_seed(seed)
    make_view = view or Augment(**recipe["views"])
    optimizer = torch.optim.AdamW(
        [*encoder.parameters(), *head.parameters()],
        lr=recipe["learning_rate"],
        weight_decay=recipe["weight_decay"],
    )

    def step(batch: tuple[Tensor, ...], number: int) -> Tensor:
        first, second = (make_view(batch[0].to(device), generator) for _ in range(2))
        z_i, z_j = head(encoder(torch.cat([first, second]))).chunk(2)
        return arguments.require_loss("loss", loss(z_i, z_j, recipe["temperature"]))

    history = train(
        step,
        Batches(images, size=recipe["batch"], seed=seed),
        optimizer,
        steps=recipe["steps"],
        schedule=cosine(recipe["steps"], warmup=min(recipe["warmup"], recipe["steps"] - 1)),
        progress=progress,
    )
    return PairRun(encoder, head, untrained, history)


def _setting(recipe: object, name: str) -> Any:
    found = arguments.require_mapping("recipe", recipe, "setting -> value", empty=True)
    if name not in found:
        arguments.refuse_argument("recipe", f"a recipe with {name}", f"it lacks {name}")
    return found[name]


def _require_recipe(recipe: object) -> None:
    found = arguments.require_mapping("recipe", recipe, "setting -> value", empty=True)
    if missing := [name for name in _RECIPE if name not in found]:
        arguments.refuse_argument(
            "recipe", f"a recipe with {', '.join(_RECIPE)}", f"it lacks {', '.join(missing)}"
        )
    for name in ("steps", "batch"):
        arguments.require_whole(f"recipe['{name}']", found[name], at_least=1)
    for name in ("learning_rate", "temperature"):
        arguments.require_number(f"recipe['{name}']", found[name], above=0)
    for name in ("weight_decay", "warmup"):
        arguments.require_number(f"recipe['{name}']", found[name], at_least=0)


def _require_settings(name: str, value: object, known: Sequence[str]) -> None:
    settings = arguments.require_mapping(name, value, "setting -> value", empty=True)
    for setting in settings:
        if setting not in known:
            arguments.refuse_argument(name, f"some of {', '.join(known)}", f"there is no {setting!r}")

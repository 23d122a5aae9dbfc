"""Training with a queue and a slow encoder, for the runs that are made again with something changed.

    parts = QueueParts(moco_logits, moco_loss, momentum_update, enqueue)
    run = train_queue(images, parts, recipe)
    table = evaluate.compare({"trained": run.encoder, "random initialisation": run.untrained}, train_set, test_set)

The notebook shows the step once, written out; this is the same step with its networks, its queue and its optimiser.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import torch
from torch import Tensor, nn

from course_utils import arguments
from course_utils.augment import Augment
from course_utils.models import Encoder, build, projection_head
from course_utils.train import Batches, History, Schedule, cosine, train

EncodeViews = Callable[[nn.Module, Tensor], Tensor]
"""How views pass through an encoder: (encoder, views) -> one vector for each, in the order of the views."""

_RECIPE = (
    "model", "steps", "batch", "learning_rate", "weight_decay", "warmup", "temperature", "momentum", "queue", "dim",
    "views",
)  # fmt: skip


def _whole_batch(encoder: nn.Module, views: Tensor) -> Tensor:
    """All views at once, as on one device."""
    return encoder(views)


@dataclass(frozen=True)
class QueueParts:
    """The functions that a step is made of: the notebook's, or others in their place.

    Attributes:
        logits: `moco_logits` or a function like it: (queries, keys, queue, temperature) -> logits.
        loss: of the logits.
        update: (query encoder, key encoder, momentum), changes the key encoder.
        enqueue: (queue, pointer, keys) -> pointer, changes the queue.
        queries: how the query encoder sees its views.
        keys: how the key encoder sees its own.
    """

    logits: Callable[[Tensor, Tensor, Tensor, float], Tensor]
    loss: Callable[[Tensor], Tensor]
    update: Callable[[nn.Module, nn.Module, float], object]
    enqueue: Callable[[Tensor, int, Tensor], int]
    queries: EncodeViews = _whole_batch
    keys: EncodeViews = _whole_batch


@dataclass
class QueueRun:
    """A run with a queue: its networks, and what happened.

    Attributes:
        query: the encoder that is trained, with its head.
        key: the slow one.
        queue: one key for each column, random directions at first.
        untrained: the encoder before training.
        history: of the training.
        accuracy: for each step the share of queries whose own key had the largest logit.
    """

    query: nn.Sequential
    key: nn.Sequential
    queue: Tensor
    untrained: Encoder
    history: History = field(default_factory=History)
    accuracy: list[float] = field(default_factory=list)

    @property
    def encoder(self) -> Encoder:
        """The query encoder without its head."""
        encoder = self.query[0]
        assert isinstance(encoder, Encoder)
        return encoder


def queue_run(recipe: Mapping[str, Any], *, seed: int = 0, device: str | torch.device = "cpu") -> QueueRun:
    """Both encoders, equal to each other, and a queue of random directions, from a seed.

    Args:
        recipe: its `"model"` is the name and the settings of an encoder, `"queue"` the number of keys and `"dim"` the
            length of each; it may have a `"head"`, settings of `projection_head`: `{"hidden": 0}` is a linear one.
        seed: of weights and queue.
        device: where they are to be.
    """
    _require_recipe(recipe)
    head = recipe.get("head", {})
    _require_known("recipe['head']", head, ("hidden",))
    arguments.require_whole("seed", seed)
    torch.manual_seed(seed)
    encoder = build(**recipe["model"])
    if not isinstance(encoder, Encoder):
        name = recipe["model"]["name"]
        arguments.refuse_argument("recipe", "a recipe whose model is an encoder", f"it is {name!r}")
    projector = projection_head(encoder.feature_dim, out_features=recipe["dim"], **head)
    query = nn.Sequential(encoder, projector).to(device)
    return QueueRun(
        query=query,
        key=copy.deepcopy(query).requires_grad_(False),
        queue=torch.randn(recipe["dim"], recipe["queue"]).to(device),
        untrained=copy.deepcopy(encoder),
    )


def train_queue(
    images: Tensor,
    parts: QueueParts,
    recipe: Mapping[str, Any],
    *,
    schedule: Schedule | None = None,
    watch: Callable[[int, QueueRun], object] | None = None,
    seed: int = 0,
    device: str | torch.device = "cpu",
    progress: bool = True,
) -> QueueRun:
    """Train an encoder so that each query finds its own key among all keys of a queue.

    Args:
        images: bytes, or floats in [0, 1].
        parts: what a step is made of.
        recipe: model, steps, batch, learning_rate, weight_decay, warmup, temperature, momentum, queue, dim and views
            (settings of `Augment`); a head, if it is to be another, as for `queue_run`.
        schedule: from the number of the step to the factor of the learning rate; a cosine after the recipe's warm-up if
            it is left out.
        watch: called after each step with its number and the run, to look at it.
        seed: of networks, queue, batches and views.
        device: where to compute.
        progress: show a bar with the loss and the time left.

    Raises:
        ValueError: the recipe lacks one of these or has another value for it, an argument has another type, or the loss
            does not depend on the queries.
    """
    arguments.require_images("images", images, channels=(3,))
    arguments.require_enough("images", images, 1, "image")
    if not isinstance(parts, QueueParts):
        arguments.refuse_argument(
            "parts", "the QueueParts of a step", f"it is {arguments.describe_value(parts)}"
        )
    for name, function in ((part.name, getattr(parts, part.name)) for part in fields(QueueParts)):
        arguments.require_callable(f"parts.{name}", function, "a function")
    for name, function in (("schedule", schedule), ("watch", watch)):
        if function is not None:
            arguments.require_callable(name, function, "a function of the number of the step")
    run = queue_run(recipe, seed=seed, device=device)
    generator, view = torch.Generator().manual_seed(seed), Augment(**recipe["views"])
    pointer = 0

    def step(batch: tuple[Tensor, ...], number: int) -> Generator[Tensor, None, None]:
        nonlocal pointer
        first, second = (view(batch[0].to(device), generator) for _ in range(2))
        with torch.no_grad():
            keys = parts.keys(run.key, second)
        logits = parts.logits(parts.queries(run.query, first), keys, run.queue, recipe["temperature"])
        run.accuracy.append((logits.argmax(dim=1) == 0).float().mean().item())
        yield arguments.require_loss("parts.loss", parts.loss(logits))
        parts.update(run.query, run.key, recipe["momentum"])
        pointer = parts.enqueue(run.queue, pointer, keys)
        if watch is not None:
            watch(number, run)

    optimizer = torch.optim.AdamW(
        run.query.parameters(), lr=recipe["learning_rate"], weight_decay=recipe["weight_decay"]
    )
    train(
        step,
        Batches(images, size=recipe["batch"], seed=seed),
        optimizer,
        steps=recipe["steps"],
        schedule=schedule or cosine(recipe["steps"], warmup=min(recipe["warmup"], recipe["steps"] - 1)),
        history=run.history,
        progress=progress,
    )
    return run


def _require_recipe(recipe: object) -> None:
    found = arguments.require_mapping("recipe", recipe, "setting -> value", empty=True)
    if missing := [name for name in _RECIPE if name not in found]:
        arguments.refuse_argument(
            "recipe", f"a recipe with {', '.join(_RECIPE)}", f"it lacks {', '.join(missing)}"
        )
    due = 'the name and the settings of an encoder, as in {"name": "convnet", "width": 8}'
    if "name" not in arguments.require_mapping("recipe['model']", found["model"], due):
        arguments.refuse_argument("recipe['model']", due, "it has no name")
    for name in ("steps", "batch", "queue", "dim"):
        arguments.require_whole(f"recipe['{name}']", found[name], at_least=1)
    for name in ("learning_rate", "temperature"):
        arguments.require_number(f"recipe['{name}']", found[name], above=0)
    for name in ("weight_decay", "warmup"):
        arguments.require_number(f"recipe['{name}']", found[name], at_least=0)
    arguments.require_number("recipe['momentum']", found["momentum"], at_least=0, at_most=1)
    _require_known("recipe['views']", found["views"], [part.name for part in fields(Augment)])


def _require_known(name: str, value: object, known: list[str] | tuple[str, ...]) -> None:
    for setting in arguments.require_mapping(name, value, "setting -> value", empty=True):
        if setting not in known:
            arguments.refuse_argument(name, f"some of {', '.join(known)}", f"there is no {setting!r}")

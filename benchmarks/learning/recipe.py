"""One training by a unit's recipe: what all units do in the same way, around the step that is their own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from course_utils.train import Batches, History, cosine, train


def train_by(
    settings: Mapping[str, Any],
    step: Callable[[tuple[Tensor, ...], int], Any],
    modules: Iterable[nn.Module],
    *examples: Tensor,
    seed: int,
) -> History:
    """Train modules together with AdamW and a cosine after a warm-up.

    Args:
        settings: `batch`, `steps`, `warmup`, `learning_rate` and `weight_decay`.
        step: as for `course_utils.train.train`.
        modules: all that is trained.
        examples: of which batches are made, images and perhaps labels; a batch holds all of them if they are fewer.
        seed: of the order of the batches.
    """
    optimizer = torch.optim.AdamW(
        [parameter for module in modules for parameter in module.parameters()],
        lr=settings["learning_rate"],
        weight_decay=settings["weight_decay"],
    )
    batches = Batches(*examples, size=min(settings["batch"], len(examples[0])), seed=seed)
    schedule = cosine(settings["steps"], warmup=min(settings["warmup"], settings["steps"] - 1))
    return train(step, batches, optimizer, steps=settings["steps"], schedule=schedule, progress=False)

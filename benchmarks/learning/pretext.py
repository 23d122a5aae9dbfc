"""Rotation prediction on EmojiScenes with the notebook's recipe, several seeds.

python -m benchmarks.learning.pretext                          # writes the results and the notebook's band
python -m benchmarks.learning.pretext --sweep                  # the same with colour augmentation too
python -m benchmarks.learning.pretext --seeds 0 --set steps=50   # a trial, writes nothing
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from benchmarks.learning import common
from course_utils.augment import Augment
from course_utils.data import EmojiScenes
from course_utils.models import Encoder, rotation_head
from course_utils.train import Batches, History, cosine, train
from solutions.pretext.rotate_batch.reference import rotate_batch

SETTINGS: dict[str, Any] = {
    "family": "both",
    "model": {"name": "convnet", "width": 16},
    "steps": 1800,
    "batch": 64,
    "learning_rate": 2e-3,
    "weight_decay": 1e-4,
    "warmup": 30,
    "views": {"jitter": 0.0, "grey": 0.0},
}
SWEEP: list[dict[str, Any]] = [{"views": {}}]


def fit(encoder: Encoder, scenes: EmojiScenes, seed: int, settings: common.Settings) -> History:
    """Train `encoder` in place to tell the four turns apart; the classifier is thrown away."""
    head = rotation_head(encoder.feature_dim)
    generator = torch.Generator().manual_seed(seed)
    views = Augment(**settings["views"])
    optimizer = torch.optim.AdamW(
        [*encoder.parameters(), *head.parameters()],
        lr=settings["learning_rate"],
        weight_decay=settings["weight_decay"],
    )

    def step(batch: tuple[Tensor, ...], number: int) -> Tensor:
        turned, turns = rotate_batch(views(batch[0], generator))
        return F.cross_entropy(head(encoder(turned)), turns)

    batches = Batches(scenes.images, size=settings["batch"], seed=seed)
    schedule = cosine(settings["steps"], warmup=min(settings["warmup"], settings["steps"] - 1))
    return train(step, batches, optimizer, steps=settings["steps"], schedule=schedule, progress=False)


if __name__ == "__main__":
    common.main("pretext", __doc__, fit, SETTINGS, SWEEP)

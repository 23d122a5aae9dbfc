"""SimCLR on EmojiScenes with the notebook's recipe, several seeds.

python -m benchmarks.learning.simclr                          # writes the results and the notebook's band
python -m benchmarks.learning.simclr --sweep                  # the sweep of temperatures and batch sizes too
python -m benchmarks.learning.simclr --seeds 0 --set steps=50   # a trial, writes nothing
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from benchmarks.learning import common
from benchmarks.learning.recipe import train_by
from benchmarks.learning.rows import Method
from course_utils.augment import Augment, two_views
from course_utils.data import EmojiScenes
from course_utils.models import Encoder, projection_head
from course_utils.train import History
from solutions.simclr.nt_xent.reference import nt_xent

SETTINGS: dict[str, Any] = {
    "family": "both",
    "model": {"name": "convnet", "width": 16},
    "steps": 1700,
    "batch": 256,
    "learning_rate": 3e-3,
    "weight_decay": 1e-4,
    "warmup": 20,
    "temperature": 0.1,
    "views": {},
}
SWEEP: list[dict[str, Any]] = [
    {"temperature": 0.02},
    {"temperature": 0.5},
    {"batch": 64},
    {"views": {"jitter": 0.0, "grey": 0.0}},
]


def fit(encoder: Encoder, scenes: EmojiScenes, seed: int, settings: common.Settings) -> History:
    """Train `encoder` in place; the projection head is thrown away."""
    head = projection_head(encoder.feature_dim)
    generator = torch.Generator().manual_seed(seed)
    views = Augment(**settings["views"])

    def step(batch: tuple[Tensor, ...], number: int) -> Tensor:
        first, second = two_views(batch[0], generator, views)
        z_i, z_j = head(encoder(torch.cat([first, second]))).chunk(2)
        return nt_xent(z_i, z_j, settings["temperature"])

    return train_by(settings, step, (encoder, head), scenes.images, seed=seed)


if __name__ == "__main__":
    common.main(
        "simclr", __doc__, fit, SETTINGS, SWEEP, methods={"NT-Xent": Method(fit=fit, settings=SETTINGS)}
    )

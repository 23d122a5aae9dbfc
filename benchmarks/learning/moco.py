"""MoCo on EmojiScenes with the notebook's recipe, several seeds.

python -m benchmarks.learning.moco                          # writes the results and the notebook's band
python -m benchmarks.learning.moco --sweep                  # learning rate, momentum, queue, and costs too
python -m benchmarks.learning.moco --seeds 0 --set steps=50   # a trial, writes nothing
python -m benchmarks.learning.moco --table                  # its row of the course-wide table
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Generator
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks.learning import common
from benchmarks.learning.recipe import train_by
from benchmarks.learning.rows import Method
from course_utils.augment import Augment, two_views
from course_utils.costs import kept_for_backward
from course_utils.data import EmojiScenes
from course_utils.models import Encoder, build, projection_head
from course_utils.train import History
from solutions.moco.enqueue.reference import enqueue
from solutions.moco.moco_logits.reference import moco_logits
from solutions.moco.momentum_update.reference import momentum_update

SETTINGS: dict[str, Any] = {
    "family": "both",
    "model": {"name": "convnet", "width": 16},
    "steps": 1800,
    "batch": 256,
    "learning_rate": 3e-3,
    "weight_decay": 1e-4,
    "warmup": 20,
    "temperature": 0.1,
    "momentum": 0.99,
    "queue": 2048,
    "dim": 128,
    "views": {},
}
SWEEP: list[dict[str, Any]] = [
    {"momentum": 0.0},
    {"momentum": 0.999},
    {"queue": 256},
    {"learning_rate": 3e-4},
]


def fit(encoder: Encoder, scenes: EmojiScenes, seed: int, settings: common.Settings) -> History:
    """Train `encoder` in place as the query encoder; heads, key encoder and queue are thrown away."""
    query = nn.Sequential(encoder, projection_head(encoder.feature_dim, out_features=settings["dim"]))
    key = copy.deepcopy(query).requires_grad_(False)
    queue = torch.randn(settings["dim"], settings["queue"])
    pointer = 0
    generator = torch.Generator().manual_seed(seed)
    views = Augment(**settings["views"])

    def step(batch: tuple[Tensor, ...], number: int) -> Generator[Tensor, None, None]:
        nonlocal pointer
        query_views, key_views = two_views(batch[0], generator, views)
        with torch.no_grad():
            keys = key(key_views)
        logits = moco_logits(query(query_views), keys, queue, settings["temperature"])
        yield F.cross_entropy(logits, torch.zeros(len(logits), dtype=torch.int64))
        momentum_update(query, key, settings["momentum"])
        pointer = enqueue(queue, pointer, keys)

    return train_by(settings, step, [query], scenes.images, seed=seed)


def costs(settings: common.Settings, sizes: tuple[int, ...] = (256, 1024, 4096)) -> dict[str, Any]:
    """What a batch of queries costs with `size` negatives: from the queue, and end to end.

    End to end the negatives are views of other images that pass through the same encoder with gradient.

    Returns:
        `"costs"`: for each size the bytes that autograd keeps and the seconds of forward and backward, both ways.
    """
    encoder = build(**settings["model"])
    assert isinstance(encoder, Encoder)
    network = nn.Sequential(encoder, projection_head(encoder.feature_dim, out_features=settings["dim"]))
    images = torch.rand(settings["batch"], 3, 32, 32)
    with torch.no_grad():
        keys = network(images)
    rows = []
    for size in sizes:
        queue = torch.randn(settings["dim"], size)
        negatives = torch.rand(size, 3, 32, 32)

        def loss(columns: Callable[[], Tensor]) -> Tensor:
            queries, candidates = F.normalize(network(images), dim=1), F.normalize(columns(), dim=0)
            positives = (queries * F.normalize(keys, dim=1)).sum(1, keepdim=True)
            logits = torch.cat([positives, queries @ candidates], dim=1) / settings["temperature"]
            return F.cross_entropy(logits, torch.zeros(len(logits), dtype=torch.int64))

        row: dict[str, float] = {"negatives": size}
        for way, columns in {
            "queue": lambda q=queue: q,
            "end to end": lambda x=negatives: network(x).T,
        }.items():
            row[f"{way}: MiB kept"] = round(kept_for_backward(lambda c=columns: loss(c)) / 2**20, 1)  # type: ignore[misc]
            row[f"{way}: seconds"] = round(common.timed(lambda c=columns: loss(c).backward(), 3), 3)  # type: ignore[misc]
        row["queue: MiB of the queue"] = round(queue.nbytes / 2**20, 2)
        rows.append(row)
        print(row, flush=True)
    return {"costs": rows}


if __name__ == "__main__":
    common.main(
        "moco",
        __doc__,
        fit,
        SETTINGS,
        SWEEP,
        more=costs,
        methods={"MoCo": Method(fit=fit, settings=SETTINGS)},
    )

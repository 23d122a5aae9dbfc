"""Sweeps of moco with a short recipe: v1 to v2, momentum, queue, batch norm in groups, small batches, wrong functions.

python -m benchmarks.learning.moco_sweeps                   # all of them; what is recorded already is not run again
python -m benchmarks.learning.moco_sweeps ablation groups   # these

The ablation, the baselines and the small batches have three seeds, the others one.
"""

from __future__ import annotations

import argparse
import functools
import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks.learning import common
from benchmarks.learning.moco import SETTINGS
from benchmarks.learning.simclr_short import Row, add_groups, figures, record_rows
from benchmarks.learning.simclr_sweeps import QUERIES
from course_utils import evaluate
from course_utils.augment import Augment
from course_utils.data import EmojiScenes
from course_utils.momentum import QueueParts, QueueRun, queue_run, train_queue
from course_utils.pairs import train_pairs
from course_utils.train import Schedule
from solutions.moco.enqueue import wrong as enqueue_wrong
from solutions.moco.enqueue.reference import enqueue
from solutions.moco.moco_logits import wrong as logits_wrong
from solutions.moco.moco_logits.reference import moco_logits
from solutions.moco.moco_loss.reference import moco_loss
from solutions.moco.momentum_update import wrong as update_wrong
from solutions.moco.momentum_update.reference import momentum_update
from solutions.simclr.nt_xent.reference import nt_xent

Scenes = tuple[EmojiScenes, EmojiScenes]
Points = Iterator[tuple[str, Callable[[], Row]]]

SHORT: dict[str, Any] = {
    **SETTINGS,
    "model": {"name": "convnet", "width": 8},
    "batch": 128,
    "steps": 600,
}
"""The notebook's recipe with a narrower encoder and 76,800 images in the place of 460,800: a minute. Simclr's short
recipe sees as many."""

SEEDS = (0, 1, 2)
MOMENTA = (0.0, 0.9, 0.99, 0.999, 1.0)
QUEUES = (256, 1024, 2048, 4096, 16_384)
GROUPS_OF_NORM = (4, 8, 32)
SMALL = 64
"""Images in a small batch."""

V1_VIEWS = {"jitter": 1.0, "hue": 0.4}
V2_VIEWS = {"blur": 0.5}
"""What the published code changes beside the crop, the flip and the grey: the first version always changes colours, the
second less often and less far, and blurs."""
VERSIONS: dict[str, tuple[str, ...]] = {
    "v1": (),
    "MLP": ("MLP",),
    "aug+": ("aug+",),
    "cosine": ("cosine",),
    "MLP, aug+": ("MLP", "aug+"),
    "v2: MLP, aug+, cosine": ("MLP", "aug+", "cosine"),
}
"""Rows of table 1 of Chen, Fan, Girshick and He (2020), and the cosine alone."""


RIGHT = QueueParts(moco_logits, moco_loss, momentum_update, enqueue)
WRONG: dict[str, QueueParts] = {
    "m and 1 - m exchanged": replace(RIGHT, update=update_wrong.momentum_swapped.function),
    "the query encoder follows": replace(RIGHT, update=update_wrong.query_encoder_updated.function),
    "the pointer stands still": replace(RIGHT, enqueue=enqueue_wrong.pointer_not_advanced.function),
    "queue normalised across keys": replace(
        RIGHT, logits=logits_wrong.queue_normalised_along_the_wrong_dimension.function
    ),
}
"""What the notebook calls it -> a step with one wrong function."""


def staircase(steps: int, warmup: int) -> Schedule:
    """MoCo v1's schedule: a tenth of the rate after 60 % of the steps, a hundredth after 80 %."""

    def factor(step: int) -> float:
        rise = min(1.0, (step + 1) / (warmup + 1))
        return rise * 0.1 ** sum(step >= part * steps for part in (0.6, 0.8))

    return factor


def in_groups(groups: int, encoder: nn.Module, views: Tensor) -> Tensor:
    """Each group passes through the encoder by itself, as on a device of its own."""
    return torch.cat([encoder(part) for part in views.chunk(groups)])


def shuffled(groups: int, generator: torch.Generator, encoder: nn.Module, views: Tensor) -> Tensor:
    """The same in another order, and back again."""
    order = torch.randperm(len(views), generator=generator)
    return in_groups(groups, encoder, views[order])[order.argsort()]


def norm_parts(groups: int, shuffle: bool, seed: int = 0) -> QueueParts:
    """A step in which both encoders' batch norms see their batch in groups."""
    alone = functools.partial(in_groups, groups)
    mixed = functools.partial(shuffled, groups, torch.Generator().manual_seed(seed))
    return replace(RIGHT, queries=alone, keys=mixed if shuffle else alone)


def measure(
    scenes: Scenes,
    change: Mapping[str, Any] | None = None,
    parts: QueueParts = RIGHT,
    more: Callable[[QueueRun], Row] | None = None,
    **how: Any,
) -> Row:
    """Train by the short recipe with some settings changed, and look.

    Args:
        scenes: training and test scenes.
        change: of SHORT.
        parts: of the step.
        more: columns of the run's own.
        how: other arguments of `train_queue`.
    """
    train_set, test_set = scenes
    recipe = {**SHORT, **(change or {})}
    began = time.process_time()
    run = train_queue(train_set.images, parts, recipe, progress=False, **how)
    spent = time.process_time() - began
    loss = run.history.smoothed(50)[-1]
    last = run.accuracy[-50:]
    row = {
        **figures(run.encoder, train_set, test_set),
        "pretext accuracy": sum(last) / len(last),
        "last loss": loss,
        "below guessing": math.log(1 + recipe["queue"]) - loss,
        **(more(run) if more else {}),
    }
    return {name: rounded(value) for name, value in row.items()} | {"cpu seconds": round(spent, 1)}


def rounded(value: Any) -> Any:
    """Numbers to four places, also those in a list."""
    if isinstance(value, list):
        return [rounded(item) for item in value]
    return round(value, 4) if isinstance(value, float) else value


def baselines(scenes: Scenes) -> Points:
    """No training, and the short recipe, from three seeds."""

    def untrained(seed: int) -> Row:
        found = figures(queue_run(SHORT, seed=seed).untrained, *scenes)
        return {name: rounded(value) for name, value in found.items()}

    for seed in SEEDS:
        yield f"short recipe, seed {seed}", functools.partial(measure, scenes, seed=seed)
        yield f"random initialisation, seed {seed}", functools.partial(untrained, seed)


def ablation(scenes: Scenes) -> Points:
    """From MoCo v1 to v2: head, augmentation and schedule, one by one and together."""

    def version(parts: tuple[str, ...], seed: int) -> Row:
        return measure(
            scenes,
            {
                "views": V2_VIEWS if "aug+" in parts else V1_VIEWS,
                "head": {} if "MLP" in parts else {"hidden": 0},
            },
            schedule=None if "cosine" in parts else staircase(SHORT["steps"], SHORT["warmup"]),
            seed=seed,
        )

    for seed in SEEDS:
        for name, parts in VERSIONS.items():
            yield f"{name}, seed {seed}", functools.partial(version, parts, seed)


def momenta(scenes: Scenes) -> Points:
    """The momentum, and how alike today's keys are to those of the same views some steps ago, at half time."""
    train_set, _ = scenes
    age = SHORT["queue"] // SHORT["batch"]

    def one(momentum: float) -> Row:
        views = Augment()(train_set.images[: SHORT["batch"]], torch.Generator().manual_seed(1))
        made: list[Tensor] = []

        def watch(number: int, run: QueueRun) -> None:
            if 0 <= number - (SHORT["steps"] // 2 - age) <= age:
                with torch.no_grad():
                    made.append(F.normalize(run.key(views), dim=1))

        def similar(run: QueueRun) -> Row:
            alike = [(made[-1] * keys).sum(dim=1).mean().item() for keys in reversed(made)]
            return {"similarity": alike, "similarity over a queue": alike[-1]}

        return measure(scenes, {"momentum": momentum}, more=similar, watch=watch)

    for momentum in MOMENTA:
        yield f"m = {momentum:g}", functools.partial(one, momentum)


def queues(scenes: Scenes) -> Points:
    """The length of the queue; its oldest key's age comes with it."""

    def one(size: int) -> Row:
        per_epoch = len(scenes[0].images) // SHORT["batch"]
        age = size // SHORT["batch"]
        return measure(
            scenes,
            {"queue": size},
            more=lambda run: {"age in steps": age, "age in epochs": age / per_epoch},
        )

    for size in QUEUES:
        yield f"{size:,} keys", functools.partial(one, size)


def groups(scenes: Scenes) -> Points:
    """Batch norm in groups, with and without shuffling: what the pretext accuracy says, and what was learned."""
    _, test_set = scenes

    def asked(run: QueueRun, count: int) -> Row:
        """Accuracy on test images, with the keys in their queries' groups and in others."""
        generator = torch.Generator().manual_seed(0)
        found: dict[str, list[float]] = {"keys in the same groups": [], "keys in other groups": []}
        batches = [part for part in test_set.images.split(SHORT["batch"]) if len(part) == SHORT["batch"]]
        for images in batches:
            first, second = (Augment()(images, generator) for _ in range(2))
            with torch.no_grad():
                queries = in_groups(count, run.query, first)
                for name, keys in (
                    ("keys in the same groups", in_groups(count, run.key, second)),
                    ("keys in other groups", shuffled(count, generator, run.key, second)),
                ):
                    logits = moco_logits(queries, keys, run.queue, SHORT["temperature"])
                    found[name].append((logits.argmax(dim=1) == 0).float().mean().item())
        return {name: sum(values) / max(1, len(values)) for name, values in found.items()}

    def one(count: int, shuffle: bool) -> Row:
        def more(run: QueueRun) -> Row:
            curve = [
                sum(part) / len(part)
                for k in range(0, len(run.accuracy), 10)
                if (part := run.accuracy[k : k + 10])
            ]
            return {**asked(run, count), "accuracy curve": curve}

        return measure(scenes, parts=norm_parts(count, shuffle), more=more)

    yield "1 group", functools.partial(one, 1, False)
    for count in GROUPS_OF_NORM:
        for shuffle in (False, True):
            how = "shuffled" if shuffle else "not shuffled"
            yield f"{count} groups, {how}", functools.partial(one, count, shuffle)


def small(scenes: Scenes) -> Points:
    """What the queue buys a small batch: MoCo with a long and with a short one, and SimCLR, which has none."""
    train_set, test_set = scenes
    steps = SHORT["batch"] * SHORT["steps"] // SMALL

    def pairs(seed: int) -> Row:
        recipe = {**SHORT, "batch": SMALL, "steps": steps}
        began = time.process_time()
        run = train_pairs(train_set.images, nt_xent, recipe, seed=seed, progress=False)
        spent = time.process_time() - began
        row = {name: rounded(value) for name, value in figures(run.encoder, train_set, test_set).items()}
        return {**row, "cpu seconds": round(spent, 1)}

    for seed in SEEDS:
        for queue in (SHORT["queue"], SMALL):
            change = {"batch": SMALL, "steps": steps, "queue": queue}
            yield (
                f"MoCo, batch {SMALL}, queue {queue:,}, seed {seed}",
                functools.partial(measure, scenes, change, seed=seed),
            )
        yield f"SimCLR, batch {SMALL}, seed {seed}", functools.partial(pairs, seed)


def broken(scenes: Scenes) -> Points:
    """The right step and wrong ones: figures, curve, neighbours."""
    _, test_set = scenes

    def more(run: QueueRun) -> Row:
        losses = run.history.losses
        seen = evaluate.features(run.encoder, test_set.images)
        return {
            "curve": [sum(losses[k : k + 10]) / len(losses[k : k + 10]) for k in range(0, len(losses), 10)],
            "queries": list(QUERIES),
            "neighbours": evaluate.neighbours(seen, 5)[list(QUERIES)].tolist(),
        }

    for name, parts in {"right": RIGHT, **WRONG}.items():
        yield name, functools.partial(measure, scenes, parts=parts, more=more)


GROUPS: dict[str, Callable[[Scenes], Points]] = {
    "baselines": baselines,
    "ablation": ablation,
    "momenta": momenta,
    "queues": queues,
    "groups": groups,
    "small": small,
    "broken": broken,
}


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add_groups(parser, GROUPS)
    given = parser.parse_args()
    # The runs are many and small: one thread each wastes nothing, and leaves the other core alone.
    torch.set_num_threads(1)
    scenes = common.scenes(SHORT)
    for group in given.groups or GROUPS:
        record_rows(group, GROUPS[group](scenes), "moco", SETTINGS, SHORT)


if __name__ == "__main__":
    main()

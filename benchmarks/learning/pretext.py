"""Rotation prediction on EmojiScenes with the notebook's recipe, several seeds.

python -m benchmarks.learning.pretext                          # writes the results and the notebook's band
python -m benchmarks.learning.pretext --sweep                  # with colours changed, wrong versions, and variants
python -m benchmarks.learning.pretext --seeds 0 --set steps=50   # a trial, writes nothing
python -m benchmarks.learning.pretext --table                  # all pretext tasks, for the course-wide table
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks.learning import common
from benchmarks.learning.pretext_tasks import TASKS, fit_task, puzzles
from benchmarks.learning.recipe import train_by
from benchmarks.learning.rows import Method, budgeted, run_method, thinned
from course_utils import evaluate
from course_utils.augment import Augment
from course_utils.data import EmojiScenes
from course_utils.models import Encoder, rotation_head
from course_utils.train import History
from solutions.pretext.jigsaw import wrong
from solutions.pretext.jigsaw.reference import jigsaw
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

    def step(batch: tuple[Tensor, ...], number: int) -> Tensor:
        turned, turns = rotate_batch(views(batch[0], generator))
        return F.cross_entropy(head(encoder(turned)), turns)

    return train_by(settings, step, (encoder, head), scenes.images, seed=seed)


def fit_supervised(encoder: Encoder, scenes: EmojiScenes, seed: int, settings: common.Settings) -> History:
    """Train `encoder` in place on the labels: what the same images and crops teach to one who is told the groups."""
    head = nn.Linear(encoder.feature_dim, len(scenes.group_names))
    generator = torch.Generator().manual_seed(seed)
    views = Augment(**settings["views"])

    def step(batch: tuple[Tensor, ...], number: int) -> Tensor:
        images, labels = batch
        return F.cross_entropy(head(encoder(views(images, generator))), labels)

    return train_by(settings, step, (encoder, head), scenes.images, scenes.labels, seed=seed)


def method(task: str, note: str = "", **more: Any) -> Method:
    """A row of the table: one pretext task with the notebook's settings, and some of its own."""
    settings = {
        name: SETTINGS[name] for name in ("batch", "learning_rate", "weight_decay", "warmup", "views")
    }
    return Method(fit=partial(fit_task, TASKS[task]), settings={**settings, **more}, note=note)


METHODS = {
    "pixels": Method(encode=evaluate.raw_pixels, note="no network at all"),
    "random initialisation": Method(note="no training"),
    "rotation": method("rotation"),
    "relative patches": method("relative patches", patch=8, gap=3, grey=False),
    "jigsaw": method("jigsaw", permutations=30),
    "inpainting": method("inpainting", weights=[0.999, 0.001]),
    "inpainting, reconstruction alone": method("inpainting", weights=[1.0, 0.0]),
    "inpainting, adversary alone": method("inpainting", weights=[0.0, 1.0]),
    "colorization": method("colorization", "sees grey images, in the probe too"),
    "split-brain": method("split-brain", "two halves of half the width"),
    "autoencoder": method("autoencoder", noise=0.0),
    "denoising autoencoder": method("autoencoder", noise=0.25),
    "supervised": Method(
        fit=fit_supervised, settings=method("rotation").settings, labels=True, note="told the groups"
    ),
}


BROKEN = {
    "right": jigsaw,
    "all tiles normalised together": wrong.normalised_as_one_image.function,
    "tiles that touch": wrong.tiles_touch.function,
    "the inverse permutation": wrong.inverse_permutation.function,
    "not shuffled": wrong.not_shuffled.function,
}
"""What the notebook calls it -> `jigsaw`, or a wrong version of it."""
QUERIES = (3, 250)
"""Test scenes whose neighbours are kept."""


VARIANTS = {
    "relative patches, no gap": method("relative patches", patch=8, gap=0, grey=False),
    "relative patches, grey": method("relative patches", patch=8, gap=3, grey=True),
    "jigsaw, 10 permutations": method("jigsaw", permutations=10),
    "jigsaw, 250 permutations": method("jigsaw", permutations=250),
}
"""Cheaper answers and harder puzzles, beside the rows of the table."""


def more(settings: common.Settings) -> dict[str, Any]:
    """Wrong versions and variants with the settings of the table, from seed 0; each is written when it is done."""
    jigsaws = {
        name: Method(fit=partial(fit_task, puzzles(cut)), settings=METHODS["jigsaw"].settings)
        for name, cut in BROKEN.items()
    }
    record = common.load("pretext", SETTINGS)
    parts: dict[str, Any] = {}
    for part, methods in {"broken": jigsaws, "variants": VARIANTS}.items():
        rows = parts[part] = list(record.extra.get(part, []))
        for name, chosen in methods.items():
            if name not in [row["name"] for row in rows]:
                rows.append(one_run(name, chosen))
                record = replace(record, extra={**record.extra, **parts})
                common.write(record)
    return parts


def one_run(name: str, chosen: Method) -> dict[str, Any]:
    """Losses, figures, accuracy at its own task and neighbours of one run."""
    run = run_method(chosen, budgeted(chosen.settings), seed=0)
    features = evaluate.features(run.encode, EmojiScenes("test", SETTINGS["family"]).images)
    near = evaluate.neighbours(features, 6)
    row = {
        "name": name,
        "losses": thinned(run.losses),
        "results": {metric: round(value, 4) for metric, value in run.figures.items()},
        "accuracy": round(run.task["accuracy"], 4),
        "neighbours": [[query, *near[query].tolist()] for query in QUERIES],
    }
    print(name, row["results"], row["accuracy"], flush=True)
    return row


if __name__ == "__main__":
    common.main("pretext", __doc__, fit, SETTINGS, SWEEP, more, METHODS)

"""Sweeps of simclr with a short recipe: wrong losses, heads, augmentations, batch size and temperature; one seed each.

python -m benchmarks.learning.simclr_sweeps                  # all of them; what is recorded already is not run again
python -m benchmarks.learning.simclr_sweeps heads broken     # these
"""

from __future__ import annotations

import argparse
import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import torch
from torch import nn

from benchmarks.learning import common
from benchmarks.learning.simclr_short import SHORT, Row, Run, add_groups, figures, pretrained, record_rows
from course_utils import evaluate, invariance
from course_utils.augmentations import SINGLE, together
from course_utils.data import EmojiScenes
from course_utils.pairs import PairLoss
from solutions.simclr.nt_xent import wrong

Scenes = tuple[EmojiScenes, EmojiScenes]
Points = Iterator[tuple[str, Callable[[], Row]]]

WRONG: dict[str, PairLoss] = {
    "the anchor is a candidate of its own": wrong.compared_with_itself.function,
    "times T in the place of divided by T": wrong.multiplied_by_temperature.function,
    "the next row is the partner": wrong.neighbours_are_partners.function,
    "the anchor is to find itself": wrong.anchor_is_the_answer.function,
}
"""What the notebook calls it -> a wrong version of NT-Xent."""

HEADS: dict[str, Mapping[str, Any] | None] = {"none": None, "linear": {"hidden": 0}, "MLP": {}}
TEMPERATURES = (0.05, 0.1, 0.5)
BATCHES = (32, 128, 256)
QUERIES = (3, 250, 600, 1000)
"""Test scenes whose neighbours are kept."""


def baselines(scenes: Scenes) -> Points:
    """No training, and the short recipe from three seeds."""
    train_set, test_set = scenes

    def untrained(seed: int) -> Row:
        found = figures(Run(seed=seed).encoder, train_set, test_set)
        return {name: round(value, 4) for name, value in found.items()}

    for seed in range(3):
        yield (
            f"short recipe, seed {seed}",
            functools.partial(lambda seed: pretrained(seed, train_set.images).row(*scenes), seed),
        )
        yield f"random initialisation, seed {seed}", functools.partial(untrained, seed)


def broken(scenes: Scenes) -> Points:
    """The right loss and wrong ones: figures, curve, neighbours."""
    train_set, test_set = scenes

    def measure(run: Run) -> Row:
        curve = [round(sum(run.history.losses[k : k + 10]) / 10, 3) for k in range(0, SHORT["steps"], 10)]
        seen = evaluate.features(run.encoder, test_set.images)
        nearest = evaluate.neighbours(seen, 5)[list(QUERIES)].tolist()
        return {**run.row(*scenes), "curve": curve, "queries": list(QUERIES), "neighbours": nearest}

    yield "right", lambda: measure(pretrained(0, train_set.images))
    for name, loss in WRONG.items():
        yield name, functools.partial(lambda loss: measure(Run(loss=loss).fit(train_set.images)), loss)


def heads(scenes: Scenes) -> Points:
    """No head, a linear one, and the MLP: what h and z are worth, and what can be told from them."""
    train_set, _ = scenes

    def measure(head: Mapping[str, Any] | None) -> Row:
        run = pretrained(0, train_set.images) if head == {} else Run(head=head).fit(train_set.images)
        whole = nn.Sequential(run.encoder, run.projector)
        row = run.row(*scenes)
        for who, network in (("h", run.encoder), ("z", whole)):
            if who == "z":
                row |= {f"z, {name}": round(v, 4) for name, v in figures(network, *scenes).items()}
            told = invariance.told_from(network, train_set.images[:3000])
            row |= {f"{name} from {who}": round(value, 4) for name, value in told.items()}
        return row

    for name, head in HEADS.items():
        yield name, functools.partial(measure, head)


def augmentations(scenes: Scenes) -> Points:
    """Each augmentation alone, each together with the crop, and all of the recipe's."""
    train_set, _ = scenes
    crop, *others = SINGLE

    def measure(names: Iterable[str]) -> Row:
        return Run(view=together(*names)).fit(train_set.images).row(*scenes)

    yield "the recipe's", lambda: pretrained(0, train_set.images).row(*scenes)
    for name in (crop, "colour jitter", "grey", "blur", "noise", "cutout", "quarter turn", "edges", "flip"):
        yield name, functools.partial(measure, (name,))
    for name in (
        "colour jitter",
        "grey",
        *(other for other in others if other not in ("colour jitter", "grey")),
    ):
        yield f"{crop} + {name}", functools.partial(measure, (crop, name))


def batches(scenes: Scenes) -> Points:
    """Temperature and batch size, at equal images and at equal steps."""
    train_set, _ = scenes

    def measure(change: Mapping[str, Any]) -> Row:
        run = Run(settings={**SHORT, **change})
        row = run.fit(train_set.images).row(*scenes)
        return {**change, "images": run.settings["steps"] * run.settings["batch"], **row}

    images = SHORT["steps"] * SHORT["batch"]
    for steps_are_equal in (False, True):
        for temperature in TEMPERATURES:
            for batch in BATCHES:
                if steps_are_equal and batch == SHORT["batch"]:
                    continue  # there both are equal
                steps = SHORT["steps"] if steps_are_equal else images // batch
                name = f"batch {batch}, T {temperature:g}, {steps} steps"
                change = {"batch": batch, "temperature": temperature, "steps": steps}
                yield name, functools.partial(measure, change)


GROUPS: dict[str, Callable[[Scenes], Points]] = {
    "baselines": baselines,
    "broken": broken,
    "heads": heads,
    "augmentations": augmentations,
    "batches": batches,
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
        record_rows(group, GROUPS[group](scenes))


if __name__ == "__main__":
    main()

"""What the sweeps of simclr share: a short recipe, one training loop, the figures of a run, and the record."""

from __future__ import annotations

import argparse
import copy
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.learning import common
from benchmarks.learning.simclr import SETTINGS
from course_utils import evaluate, invariance
from course_utils.augment import Augment
from course_utils.augmentations import ViewMaker
from course_utils.data import EmojiScenes
from course_utils.pairs import PairLoss, networks, train_pairs
from course_utils.train import History
from solutions.simclr.nt_xent.reference import nt_xent

SHORT: dict[str, Any] = {
    **SETTINGS,
    "model": {"name": "convnet", "width": 8},
    "batch": 128,
    "steps": 600,
}
"""The notebook's recipe with a narrower encoder and 76,800 images in the place of 435,200: half a minute."""

CACHE = common.ROOT / "build" / "learning" / "simclr"
"""Encoders that several measurements start from. What is not there is trained again."""

Row = dict[str, Any]


@dataclass
class Run:
    """One training by pairs of views.

    Attributes:
        settings: as in SHORT.
        seed: of the networks, the batches and the views.
        view: makes a view of each image; the recipe's, if it is left out.
        loss: of the two views' projections and the temperature.
        head: the settings of `projection_head`, or None for no head at all.
        encoder, projector: the networks, trained once `fit` was called.
        history: of the training.
        cpu_seconds: what it took, of all threads together.
    """

    settings: Mapping[str, Any] = field(default_factory=lambda: dict(SHORT))
    seed: int = 0
    view: ViewMaker | None = None
    loss: PairLoss = nt_xent
    head: Mapping[str, Any] | None = field(default_factory=dict)
    history: History = field(default_factory=History)
    cpu_seconds: float = 0.0

    def __post_init__(self) -> None:
        self.encoder, self.projector = networks(self.settings, head=self.head, seed=self.seed)
        if self.head is None:
            self.projector = nn.Identity()
        self.untrained = copy.deepcopy(self.encoder)

    def fit(self, images: Tensor) -> Run:
        """Train on the images."""
        began = time.process_time()
        self.history = train_pairs(
            images,
            self.loss,
            self.settings,
            view=self.view,
            started=(self.encoder, self.projector),
            seed=self.seed,
            progress=False,
        ).history
        self.cpu_seconds = time.process_time() - began
        return self

    def row(self, train_set: EmojiScenes, test_set: EmojiScenes) -> Row:
        """The figures of the encoder, of its projections on the sphere, and of the run."""
        measured = {**figures(self.encoder, train_set, test_set), **sphere(self, test_set)}
        return {
            **{name: round(value, 4) for name, value in measured.items()},
            "last loss": round(self.history.smoothed(50)[-1], 4),
            "cpu seconds": round(self.cpu_seconds, 1),
        }


def figures(encoder: nn.Module, train_set: EmojiScenes, test_set: EmojiScenes) -> dict[str, float]:
    """Linear probe, kNN-20, retrieval, and a probe that learns on one family of drawings and is asked on the other."""
    seen, unseen = (evaluate.features(encoder, scenes.images) for scenes in (train_set, test_set))
    found = evaluate.score(seen, train_set.labels, unseen, test_set.labels, test_set.emoji)
    across = []
    for family in (0, 1):
        mine, others = train_set.families == family, test_set.families != family
        across.append(
            evaluate.linear_probe(seen[mine], train_set.labels[mine], unseen[others], test_set.labels[others])
        )
    return {**found, "other family": sum(across) / len(across)}


def sphere(run: Run, test_set: EmojiScenes) -> dict[str, float]:
    """Alignment and uniformity of the projections of two of the recipe's views of each test image."""
    generator = torch.Generator().manual_seed(0)
    views = [Augment()(test_set.images, generator) for _ in range(2)]
    first, second = (evaluate.features(nn.Sequential(run.encoder, run.projector), part) for part in views)
    return {
        "alignment": invariance.alignment(first, second),
        "uniformity": invariance.uniformity(first),
    }


def pretrained(seed: int, images: Tensor, model: Mapping[str, Any] | None = None) -> Run:
    """The short recipe, trained now or kept from an earlier call.

    Args:
        seed: of the run.
        images: to train on.
        model: another encoder than the recipe's.
    """
    run = Run(settings={**SHORT, "model": dict(model or SHORT["model"])}, seed=seed)
    name = "-".join(str(value) for value in run.settings["model"].values())
    path = CACHE / f"{name}-{run.settings['steps']}-{run.settings['batch']}-{seed}.pt"
    if path.exists():
        state = torch.load(path, weights_only=True)
        run.encoder.load_state_dict(state["encoder"])
        run.projector.load_state_dict(state["head"])
        run.history.losses[:], run.cpu_seconds = state["losses"], state["cpu_seconds"]
        return run
    run.fit(images)
    path.parent.mkdir(parents=True, exist_ok=True)
    state = {
        "encoder": run.encoder.state_dict(),
        "head": run.projector.state_dict(),
        "losses": run.history.losses,
        "cpu_seconds": run.cpu_seconds,
    }
    torch.save(state, path)
    return run


def record_rows(
    group: str,
    points: Iterable[tuple[str, Callable[[], Row]]],
    unit: str = "simclr",
    settings: Mapping[str, Any] = SETTINGS,
    short: Mapping[str, Any] = SHORT,
) -> None:
    """Measure what the record does not hold yet, and write it after each row.

    Args:
        group: under which name the rows are kept, in `extra["parts"]`.
        points: name of a row and what measures it.
        unit: whose record it is.
        settings: of the unit's recipe.
        short: the recipe of the rows.
    """
    for name, measure in points:
        record = common.load(unit, settings)
        parts = dict(record.extra.get("parts", {}))
        rows = dict(parts.get(group, {}))
        if name in rows:
            continue
        rows[name] = measure()
        print(
            f"{group}: {name}: { {k: v for k, v in rows[name].items() if not isinstance(v, list)} }",
            flush=True,
        )
        # Read once more: another command may have written meanwhile.
        record = common.load(unit, settings)
        parts = dict(record.extra.get("parts", {}))
        parts[group] = {**parts.get(group, {}), name: rows[name]}
        common.write(replace(record, extra={**record.extra, "short": dict(short), "parts": parts}))


def add_groups(parser: argparse.ArgumentParser, groups: Iterable[str]) -> None:
    """Let a command line name groups of rows. It does not use `choices`, which refuses "none named" on Python 3.11."""
    known = list(groups)

    def group(name: str) -> str:
        if name not in known:
            raise argparse.ArgumentTypeError(f"no group {name!r}; there are {', '.join(known)}")
        return name

    parser.add_argument(
        "groups", nargs="*", type=group, metavar="GROUP", help=f"of {', '.join(known)}; all if left out"
    )

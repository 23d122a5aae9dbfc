"""Rows of the course-wide table: every method with one encoder, one data set, one number of images and one probe.

A unit adds its rows by one command, `python -m benchmarks.learning.UNIT --table`; cut off, it goes on where
it stopped: one run is one method from one seed. The rows of a unit lie in results/table/UNIT.json; all of them together
ship in course_utils/training_runs. `python -m benchmarks.learning.table` puts them into the README and draws them.
"""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import nn

from autograder.publish.notebook_source import read_notebook_source
from course_utils import evaluate
from course_utils.augment import as_floats
from course_utils.data import EmojiScenes
from course_utils.models import Encoder, build
from course_utils.train import History
from course_utils.training_runs import LOSS_STEPS, TABLE, MethodRow, Recorded

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
RESULTS = HERE / "results"
RECORDED = ROOT / "course_utils" / "training_runs"

BUDGET: Mapping[str, Any] = {
    "images": 32_720,  # five passes over the training scenes
    "model": {"name": "convnet", "width": 16},
    "family": "both",
}
"""What all rows have in common. A method that sees an image as several views, copies or tiles has seen one image."""

OTHER_FAMILY = "other family"
"""Name of the accuracy of a probe that learned on scenes of Noto's emoji and is asked about the same kind of scenes
with Twemoji's. The encoder was trained on both, without labels."""

Settings = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Trained:
    """What is left when a method is done.

    Attributes:
        history: of its training.
        encode: from images in [0, 1] to features, where that is not the encoder alone; for instance one that looks at
            grey images only because it was trained on them.
        networks: what `encode` runs, where it is not the encoder alone.
        task: measures the method's own task on scenes of the test set: name -> value, with `"chance"` what no training
            gets.
    """

    history: History
    encode: evaluate.Encode | None = None
    networks: tuple[nn.Module, ...] = ()
    task: Callable[[EmojiScenes], Mapping[str, float]] | None = None


@dataclass(frozen=True, kw_only=True)
class Method:
    """One method, and how it is trained.

    Attributes:
        fit: `fit(encoder, scenes, seed, settings)` trains the encoder in place; without it nothing is trained.
        settings: `"steps"` is set from the budget and `"batch"`.
        note: what a reader of the table should know.
        labels: whether it sees the labels of the training scenes.
        encode: of a baseline that has no encoder.
    """

    fit: Callable[[Encoder, EmojiScenes, int, Settings], History | Trained] | None = None
    settings: Settings = field(default_factory=dict)
    note: str = ""
    labels: bool = False
    encode: evaluate.Encode | None = None


def add_rows(
    unit: str,
    methods: Mapping[str, Method],
    seeds: Iterable[int],
    only: Container[str] | None = None,
    folder: Path = RESULTS,
) -> None:
    """Runs what is missing of a unit's rows, seed by seed, and writes the file after each run.

    Args:
        unit: its id.
        methods: name -> method, in the order of the table.
        seeds: to run; those that were recorded with the same settings and budget are left alone.
        only: names of the methods to run; all if left out.
        folder: where results are.
    """
    for seed in seeds:
        for name, method in methods.items():
            if only is not None and name not in only:
                continue
            settings = budgeted(method.settings) if method.fit else dict(method.settings)
            rows = {row.method: row for row in load_rows(unit, folder)}
            row = rows.get(name)
            if row is None or row.settings != settings or row.note != method.note:
                row = MethodRow(
                    unit=unit, method=name, settings=settings, note=method.note, labels=method.labels
                )
            if seed in row.seeds or (method.encode and row.seeds):
                continue
            row = _with_seed(row, method, seed)
            rows[name] = row
            order = {known: number for number, known in enumerate(methods)}
            _write(unit, sorted(rows.values(), key=lambda row: order.get(row.method, len(order))), folder)


def budgeted(settings: Settings) -> dict[str, Any]:
    """A method's settings with the encoder, the data and the number of steps that all rows have."""
    common = {name: BUDGET[name] for name in ("model", "family")}
    return {**settings, **common, "steps": BUDGET["images"] // settings["batch"]}


@dataclass(frozen=True, kw_only=True)
class Run:
    """One method from one seed.

    Attributes:
        encode: from images in [0, 1] to features, networks in evaluation mode.
        figures: metric -> value.
        task: the same of the method's own task.
        losses: of each step.
        seconds: of its training by the clock.
        cpu_seconds: of the processor.
    """

    encode: evaluate.Encode
    figures: Mapping[str, float]
    task: Mapping[str, float]
    losses: Sequence[float]
    seconds: float
    cpu_seconds: float


def run_method(method: Method, settings: Settings, seed: int) -> Run:
    """Trains and measures one method."""
    torch.manual_seed(seed)
    encoder = build(**BUDGET["model"])
    assert isinstance(encoder, Encoder), "the model must be one of the encoders"
    scenes = _scenes("train", BUDGET["family"])
    began, cpu_began = time.perf_counter(), time.process_time()
    trained = Trained(history=History())
    if method.fit:
        outcome = method.fit(encoder, scenes, seed, settings)
        trained = outcome if isinstance(outcome, Trained) else Trained(history=outcome)
    seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - cpu_began
    encode = method.encode or trained.encode or encoder
    networks = () if method.encode else (trained.networks or (encoder,))
    if method.fit:
        renew_averages(encode, networks, scenes)
    task = trained.task(_scenes("test", BUDGET["family"])) if trained.task else {}
    for network in networks:
        network.eval()
    return Run(
        encode=encode,
        figures=measure(encode, evaluate.PIXEL_WEIGHT_DECAY if method.encode else 1e-3),
        task=task,
        losses=trained.history.losses,
        seconds=seconds,
        cpu_seconds=cpu_seconds,
    )


def _with_seed(row: MethodRow, method: Method, seed: int) -> MethodRow:
    """The row with one more run."""
    run = run_method(method, row.settings, seed)
    print(f"{row.method}, seed {seed}: {run.cpu_seconds:.0f} CPU s, {run.figures}, {run.task}", flush=True)
    last = {"loss": History(losses=list(run.losses)).smoothed()[-1]} if run.losses else {}
    return replace(
        row,
        images=row.settings.get("steps", 0) * row.settings.get("batch", 0),
        seeds=[*row.seeds, seed],
        seconds=[*row.seconds, round(run.seconds, 1)],
        cpu_seconds=[*row.cpu_seconds, round(run.cpu_seconds, 1)],
        results=_appended(row.results, run.figures),
        task=_appended(row.task, {**run.task, **last}),
        losses=[*row.losses, [round(loss, 4) for loss in run.losses]],
        machine=machine(),
    )


def _appended(values: Mapping[str, Sequence[float]], more: Mapping[str, float]) -> dict[str, list[float]]:
    return {name: [*values.get(name, []), round(value, 4)] for name, value in more.items()}


def measure(encode: evaluate.Encode, weight_decay: float = 1e-3) -> dict[str, float]:
    """The figures of one row: linear probe, kNN-20, retrieval, and the probe on the other family of emoji.

    Args:
        encode: from images in [0, 1] to features; its networks are in evaluation mode.
        weight_decay: of the linear probes.
    """

    def features(split: Any, family: Any) -> tuple[torch.Tensor, EmojiScenes]:
        scenes = _scenes(split, family)
        return evaluate.features(encode, scenes.images), scenes

    (known, train_set), (asked, test_set) = (
        features("train", BUDGET["family"]),
        features("test", BUDGET["family"]),
    )
    figures = evaluate.score(known, train_set.labels, asked, test_set.labels, test_set.emoji, weight_decay)
    (known, noto), (asked, twemoji) = features("train", "noto"), features("test", "twemoji")
    figures[OTHER_FAMILY] = evaluate.linear_probe(known, noto.labels, asked, twemoji.labels, weight_decay)
    return figures


@torch.no_grad()
def renew_averages(encode: evaluate.Encode, networks: Iterable[nn.Module], scenes: EmojiScenes) -> None:
    """Sets the running averages of batch normalisation to their means over whole scenes.

    A network that was trained on patches, holes or grey images would otherwise be read with the averages of those.
    """
    norms = [
        module
        for network in networks
        for module in network.modules()
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d)
    ]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # plain means
        norm.train()
    for part in scenes.images.split(256):
        encode(as_floats(part))
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum


@cache
def _scenes(split: Any, family: Any) -> EmojiScenes:
    return EmojiScenes(split, family)


def load_rows(unit: str, folder: Path = RESULTS) -> list[MethodRow]:
    """What a unit has recorded for the table."""
    path = folder / "table" / f"{unit}.json"
    return [MethodRow(**row) for row in json.loads(path.read_text(encoding="utf-8"))] if path.exists() else []


def _write(unit: str, rows: list[MethodRow], folder: Path) -> None:
    path = folder / "table" / f"{unit}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_as_json(rows), encoding="utf-8")
    if folder == RESULTS:
        ship()


def ship() -> None:
    """All rows of all units into the package, for the notebooks, with shorter losses."""
    rows = [replace(row, losses=[thinned(losses) for losses in row.losses]) for row in all_rows()]
    (RECORDED / TABLE).write_text(_as_json(rows), encoding="utf-8")


def thinned(losses: Sequence[float]) -> list[float]:
    """A running mean of the losses, at every `LOSS_STEPS`-th step."""
    smooth = History(losses=list(losses)).smoothed()
    return [round(loss, 4) for loss in smooth[LOSS_STEPS - 1 :: LOSS_STEPS]]


def all_rows(folder: Path = RESULTS) -> list[MethodRow]:
    """The rows of all units, and the notebooks' own recipes, which have another number of images."""
    units = sorted((path.stem for path in (folder / "table").glob("*.json")), key=_place_in_course)
    return [row for unit in units for row in load_rows(unit, folder)] + _recipes(folder)


def _place_in_course(unit: str) -> int:
    return read_notebook_source(ROOT / "solutions" / unit / "notebook.md").order


def _recipes(folder: Path) -> list[MethodRow]:
    rows = []
    for path in sorted(folder.glob("*.json"), key=lambda path: _place_in_course(path.stem)):
        record = Recorded(**json.loads(path.read_text(encoding="utf-8")))
        figures = record.results.get(evaluate.TRAINED, {})
        if "linear probe" in figures and record.settings["model"] == BUDGET["model"]:
            rows.append(
                MethodRow(
                    unit=record.unit,
                    method=f"{record.unit}, the notebook's own run",
                    note="the notebook's recipe, not the common budget",
                    images=record.settings["steps"] * record.settings["batch"],
                    settings=dict(record.settings),
                    seeds=list(record.seeds),
                    seconds=list(record.seconds),
                    results={metric: list(values) for metric, values in figures.items()},
                    is_recipe=True,
                    machine=dict(record.machine),
                )
            )
    return rows


def _as_json(rows: Iterable[MethodRow]) -> str:
    # A row on a line: a change of one method is a change of one line.
    return "[\n" + ",\n".join(json.dumps(asdict(row), separators=(",", ":")) for row in rows) + "\n]\n"


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "device": "cpu",
    }

"""What the image units share: data, seeds, evaluation against the baselines, and where the results go."""

from __future__ import annotations

import argparse
import copy
import functools
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import torch

from benchmarks.learning.rows import RECORDED, RESULTS, ROOT, Method, add_rows, machine
from course_utils import evaluate
from course_utils.data import EmojiScenes
from course_utils.models import Encoder, build
from course_utils.train import History
from course_utils.training_runs import Recorded

Settings = Mapping[str, Any]
Fit = Callable[[Encoder, EmojiScenes, int, Settings], History]
"""Trains an encoder on scenes, in place: `fit(encoder, scenes, seed, settings)`."""
Measure = Callable[[int, Settings], tuple[evaluate.Evaluation, History]]
"""One run from one seed, `measure(seed, settings)`: the figures, with a row `evaluate.TRAINED`, and the history."""


def main(
    unit: str,
    description: str | None,
    fit: Fit | None,
    settings: Settings,
    changes: Sequence[Settings],
    more: Callable[[Settings], dict[str, Any]] | None = None,
    methods: Mapping[str, Method] | None = None,
    measure: Measure | None = None,
) -> None:
    """The command line of a unit's benchmark.

    Args:
        unit: its id.
        description: docstring of its module.
        fit: trains one encoder on scenes.
        settings: of the notebook's recipe.
        changes: what the sweep changes, one or several settings at a time.
        more: other measurements to keep with the sweep.
        methods: the unit's rows in the course-wide table, by name.
        measure: one run from one seed, for a unit whose own recipe is not about scenes; in the place of `fit`.
    """
    if measure is None:
        assert fit is not None, "one of fit and measure is needed"
        measure = functools.partial(run, fit)
    given = arguments(description)
    if given.table:
        add_rows(unit, methods or {}, given.seeds, given.only)
        return
    if given.set:
        trial = Recorded(
            unit=unit,
            seeds=[],
            losses=[],
            seconds=[],
            results={},
            settings=changed(settings, given.set),
            machine=machine(),
        )
        for seed in given.seeds:
            trial = with_run(trial, seed, *measure(seed, trial.settings))
        print(summary(trial))
        return

    record = load(unit, settings)
    for seed in given.seeds:
        if seed not in record.seeds:
            record = with_run(record, seed, *measure(seed, settings))
            write(record)
    if record.seeds:
        print(summary(record))
    if given.sweep:
        rows = record.extra.get("sweep", [])
        for change in changes:
            if change not in [row["change"] for row in rows]:
                rows = [*rows, sweep_row(measure, settings, change)]
                record = replace(record, extra={**record.extra, "sweep": rows})
                write(record)
        if more:
            write(replace(record, extra={**record.extra, **more(settings)}))


def arguments(description: str | None) -> argparse.Namespace:
    """The command line of a unit's benchmark."""
    parser = argparse.ArgumentParser(description=(description or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="*", default=[0, 1, 2], help="none: only the sweep")
    parser.add_argument("--sweep", action="store_true", help="measure the sweep too")
    parser.add_argument(
        "--table",
        action="store_true",
        help="the unit's rows of the course-wide table instead, from these seeds",
    )
    parser.add_argument("--only", nargs="*", metavar="METHOD", help="of the table: these methods, by name")
    parser.add_argument(
        "--set",
        nargs="*",
        default=[],
        metavar="NAME=VALUE",
        help="a trial that writes nothing",
    )
    return parser.parse_args()


def changed(settings: Mapping[str, Any], changes: list[str]) -> dict[str, Any]:
    """Settings with `NAME=VALUE` put in, each value read as JSON."""
    new = dict(settings)
    for change in changes:
        name, _, value = change.partition("=")
        if name not in new:
            raise SystemExit(f"there is no setting {name!r}; there are {', '.join(new)}")
        new[name] = json.loads(value)
    return new


def scenes(settings: Settings) -> tuple[EmojiScenes, EmojiScenes]:
    """Training and test scenes."""
    return EmojiScenes("train", settings["family"]), EmojiScenes("test", settings["family"])


def run(fit: Fit, seed: int, settings: Settings) -> tuple[evaluate.Evaluation, History]:
    """Train from one seed and evaluate, beside the same encoder before training and raw pixels."""
    train_set, test_set = scenes(settings)
    torch.manual_seed(seed)
    encoder = build(**settings["model"])
    assert isinstance(encoder, Encoder), "the model must be one of the encoders"
    untrained = copy.deepcopy(encoder)
    history = fit(encoder, train_set, seed, settings)
    table = evaluate.compare({evaluate.TRAINED: encoder, evaluate.UNTRAINED: untrained}, train_set, test_set)
    return table, history


def with_run(record: Recorded, seed: int, table: evaluate.Evaluation, history: History) -> Recorded:
    """The record with one more run."""
    print(f"seed {seed}: {history}\n{table}", flush=True)
    results = {
        who: {metric: list(values) for metric, values in row.items()} for who, row in record.results.items()
    }
    for who, metrics in table.results.items():
        for metric, value in metrics.items():
            results.setdefault(who, {}).setdefault(metric, []).append(round(value, 4))
    return replace(
        record,
        seeds=[*record.seeds, seed],
        losses=[*record.losses, [round(loss, 4) for loss in history.losses]],
        seconds=[*record.seconds, round(sum(history.seconds), 1)],
        results=results,
    )


def sweep_row(measure: Measure, settings: Settings, change: Settings) -> dict[str, Any]:
    """The recipe with some settings changed, seed 0."""
    table, history = measure(0, {**settings, **change})
    metrics = {name: round(value, 4) for name, value in table.results[evaluate.TRAINED].items()}
    seconds = round(sum(history.seconds), 1)
    row = {"change": dict(change), "seconds": seconds, "loss": round(history.smoothed()[-1], 4), **metrics}
    print(row, flush=True)
    return row


def summary(record: Recorded) -> str:
    """Mean and deviation over the seeds, as Markdown."""
    metrics = list(record.results[evaluate.TRAINED])
    lines = ["| |" + "|".join(metrics) + "|", "|---|" + "---:|" * len(metrics)]
    for who, values in record.results.items():
        lines.append(f"|{who}|" + "|".join(evaluate.describe(values[metric]) for metric in metrics) + "|")
    return "\n".join(lines)


def load(unit: str, settings: Settings) -> Recorded:
    """What was recorded with the same settings, so that a benchmark that was cut off goes on; else an empty record."""
    path = RESULTS / f"{unit}.json"
    if path.exists():
        record = Recorded(**json.loads(path.read_text(encoding="utf-8")))
        if record.settings == settings:
            return record
    return Recorded(
        unit=unit, seeds=[], losses=[], seconds=[], results={}, settings=dict(settings), machine=machine()
    )


def write(record: Recorded) -> None:
    """Into the results and into the package, where the notebook's band comes from."""
    for folder in (RESULTS, RECORDED):
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{record.unit}.json"
        path.write_text(json.dumps(asdict(record), separators=(",", ":")) + "\n", encoding="utf-8")
        print(f"written: {path.relative_to(ROOT)}")


def timed(function: Callable[[], object], repeats: int = 5) -> float:
    """Shortest time of a few calls, in seconds."""
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        function()
        times.append(time.perf_counter() - began)
    return min(times)

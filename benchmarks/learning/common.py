"""What the image units share: data, seeds, evaluation against the baselines, and where the results go."""

from __future__ import annotations

import argparse
import copy
import json
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch

from course_utils import evaluate
from course_utils.data import EmojiScenes
from course_utils.models import Encoder, build
from course_utils.recorded import Recorded
from course_utils.train import History

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
RESULTS = HERE / "results"
RECORDED = ROOT / "course_utils" / "recorded"

Settings = Mapping[str, Any]
Fit = Callable[[Encoder, EmojiScenes, int, Settings], History]
"""Trains an encoder on scenes, in place: `fit(encoder, scenes, seed, settings)`."""


def main(
    unit: str,
    description: str | None,
    fit: Fit,
    settings: Settings,
    changes: Sequence[Settings],
    more: Callable[[Settings], dict[str, Any]] | None = None,
) -> None:
    """The command line of a unit's benchmark.

    Args:
        unit: its id.
        description: docstring of its module.
        fit: trains one encoder.
        settings: of the notebook's recipe.
        changes: what the sweep changes, one or several settings at a time.
        more: other measurements to keep with the sweep.
    """
    given = arguments(description)
    chosen = changed(settings, given.set)
    record = measure(unit, fit, given.seeds, chosen)
    print(summary(record))
    if given.set:
        return
    extra = old_extra(unit)
    if given.sweep:
        extra = {"sweep": sweep(fit, chosen, changes), **(more(chosen) if more else {})}
    write(replace(record, extra=extra))


def arguments(description: str | None) -> argparse.Namespace:
    """The command line of a unit's benchmark."""
    parser = argparse.ArgumentParser(description=(description or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument(
        "--sweep", action="store_true", help="measure the sweep anew too (it's kept otherwise)"
    )
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


def measure(unit: str, fit: Fit, seeds: list[int], settings: Settings) -> Recorded:
    """The recipe with several seeds."""
    results: dict[str, dict[str, list[float]]] = {}
    losses, seconds = [], []
    for seed in seeds:
        table, history = run(fit, seed, settings)
        losses.append([round(loss, 4) for loss in history.losses])
        seconds.append(round(sum(history.seconds), 1))
        for who, metrics in table.results.items():
            for metric, value in metrics.items():
                results.setdefault(who, {}).setdefault(metric, []).append(round(value, 4))
        print(f"seed {seed}: {history}\n{table}", flush=True)
    return Recorded(unit, seeds, losses, seconds, results, dict(settings), machine())


def sweep(fit: Fit, settings: Settings, changes: Sequence[Settings]) -> list[dict[str, Any]]:
    """The recipe with some settings changed, one seed each."""
    rows = []
    for change in changes:
        table, history = run(fit, 0, {**settings, **change})
        metrics = {name: round(value, 4) for name, value in table.results[evaluate.TRAINED].items()}
        seconds = round(sum(history.seconds), 1)
        rows.append(
            {"change": dict(change), "seconds": seconds, "loss": round(history.smoothed()[-1], 4), **metrics}
        )
        print(rows[-1], flush=True)
    return rows


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "device": "cpu",
    }


def summary(record: Recorded) -> str:
    """Mean and deviation over the seeds, as Markdown."""
    metrics = list(record.results[evaluate.TRAINED])
    lines = ["| |" + "|".join(metrics) + "|", "|---|" + "---:|" * len(metrics)]
    for who, values in record.results.items():
        lines.append(f"|{who}|" + "|".join(evaluate.describe(values[metric]) for metric in metrics) + "|")
    return "\n".join(lines)


def old_extra(unit: str) -> dict[str, Any]:
    """What the results file holds of earlier sweeps."""
    path = RESULTS / f"{unit}.json"
    return dict(json.loads(path.read_text(encoding="utf-8"))["extra"]) if path.exists() else {}


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

"""Recorded results as the tables of benchmarks/README.md.

python -m benchmarks.learning.report     # puts them into the file, between the two markers
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.learning.common import RESULTS
from benchmarks.readme import README, put_in
from course_utils.evaluate import TRAINED, UNTRAINED, describe
from course_utils.training_runs import Recorded

MARKS = ("<!-- results: python -m benchmarks.learning.report -->", "<!-- end of results -->")
UNITS = ("pretext", "simclr", "moco", "video")


def recorded(unit: str, folder: Path = RESULTS) -> Recorded:
    """The results of a unit as its benchmark wrote them."""
    return Recorded(**json.loads((folder / f"{unit}.json").read_text(encoding="utf-8")))


def table(record: Recorded) -> str:
    """Who reached what, mean and standard deviation over the seeds, and the gain over no training at all."""
    metrics = list(record.results[TRAINED])
    lines = [f"| {record.unit} | {' | '.join(metrics)} |", "|---|" + "---:|" * len(metrics)]
    for who, row in record.results.items():
        lines.append(f"| {who} | {' | '.join(describe(row[metric]) for metric in metrics)} |")
    gains = [gain(record.results[TRAINED][name], record.results[UNTRAINED][name]) for name in metrics]
    lines.append(f"| trained against random initialisation | {' | '.join(gains)} |")
    return "\n".join(lines)


def gain(trained: Sequence[float], untrained: Sequence[float]) -> str:
    """Difference in points and ratio of the means."""
    after, before = np.mean(trained), np.mean(untrained)
    return f"{100 * (after - before):+.1f} points, × {after / before:.1f}"


def sweep(record: Recorded) -> str:
    """The runs with a changed setting, one each; empty if there are none."""
    rows = record.extra.get("sweep", [])
    if not rows:
        return ""
    metrics = list(record.results[TRAINED])
    lines = [f"| {record.unit}, seed 0 with | {' | '.join(metrics)} |", "|---|" + "---:|" * len(metrics)]
    for row in rows:
        change = ", ".join(f"{name} = {json.dumps(value)}" for name, value in row["change"].items())
        lines.append(f"| {change} | {' | '.join(f'{row[name]:.3f}' for name in metrics)} |")
    return "\n".join(lines)


def report(folder: Path = RESULTS) -> str:
    """All tables."""
    parts = []
    for unit in UNITS:
        record = recorded(unit, folder)
        times = "; ".join(f"{seconds:.0f}" for seconds in record.seconds)
        seeds = ", ".join(map(str, record.seeds))
        parts.append(f"Seeds {seeds}; training took {times} seconds.\n\n{table(record)}")
        parts.append(sweep(record))
    return "\n\n".join(part for part in parts if part) + "\n"


def main() -> None:
    """Write the tables into the README."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    README.write_text(put_in(README.read_text(encoding="utf-8"), report(), MARKS), encoding="utf-8")


if __name__ == "__main__":
    main()

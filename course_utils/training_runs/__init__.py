"""Runs that were made before, as numbers: loss curves and results of several seeds, to lay one's own run over.

The files are written by `benchmarks/learning`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

TABLE = "table.json"
LOSS_STEPS = 8


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """Several runs of one recipe.

    Attributes:
        unit: id of the problem set.
        seeds: of the runs.
        losses: for each seed the loss of every step.
        seconds: for each seed the time of the whole run.
        results: who (`"trained"`, `"random initialisation"`, `"pixels"`) -> metric -> one value for each seed.
        settings: of the recipe.
        machine: what it was measured on.
        extra: what only this unit has, such as sweeps.
    """

    unit: str
    seeds: Sequence[int]
    losses: Sequence[Sequence[float]]
    seconds: Sequence[float]
    results: Mapping[str, Mapping[str, Sequence[float]]]
    settings: Mapping[str, Any] = field(default_factory=dict)
    machine: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)

    def part(self, name: str, *metrics: str) -> dict[str, dict[str, Any]]:
        """The rows of another measurement of the unit, a table of `evaluate.Evaluation`.

        Args:
            name: of the measurement.
            metrics: columns to keep, in this order; all if they are left out.

        Raises:
            ValueError: there is no such measurement, or no such column.
        """
        parts = self.extra.get("parts", {})
        if name not in parts:
            raise ValueError(f"{self.unit} has no recorded {name!r}; it has {', '.join(parts) or 'none'}")
        rows = parts[name]
        for metric in metrics:
            if not all(metric in row for row in rows.values()):
                raise ValueError(f"the recorded {name!r} have no column {metric!r} in every row")
        return {who: {metric: row[metric] for metric in metrics or row} for who, row in rows.items()}

    def over_seeds(self, name: str, *metrics: str) -> dict[str, dict[str, list[float]]]:
        """The rows of a measurement of several seeds, "NAME, seed K", put together: name -> column -> a value each.

        Args:
            name: of the measurement.
            metrics: columns to keep, in this order.

        Raises:
            ValueError: there is no such measurement, or no such column.
        """
        found: dict[str, dict[str, list[float]]] = {}
        for who, row in self.part(name, *metrics).items():
            columns = found.setdefault(who.rpartition(", seed ")[0] or who, {})
            for metric, value in row.items():
                columns.setdefault(metric, []).append(value)
        return found

    def columns(self, name: str, *metrics: str) -> dict[str, dict[str, Any]]:
        """As `part`, for a measurement in which a row may lack some of the columns.

        Args:
            name: of the measurement.
            metrics: columns to keep, in this order, of the rows that have them.

        Raises:
            ValueError: there is no such measurement, or a column that no row has.
        """
        rows = self.part(name)
        for metric in metrics:
            if not any(metric in row for row in rows.values()):
                raise ValueError(f"the recorded {name!r} have no column {metric!r}")
        return {
            who: {metric: row[metric] for metric in metrics if metric in row} for who, row in rows.items()
        }


@dataclass(frozen=True, kw_only=True)
class MethodRow:
    """One method in the course-wide table: the same encoder, data and probe as all others, from several seeds.

    Attributes:
        unit: id of the problem set that has the method.
        method: its name.
        note: what a reader of its figures should know.
        labels: whether it saw the labels of the training scenes.
        images: how many training images it saw, each counted as often as it was drawn; 0 if nothing was trained.
        seeds: of the runs.
        seconds: that each run's training took.
        cpu_seconds: of the processor, in all threads; empty if they were not measured.
        results: metric -> one value for each seed.
        task: the same for the method's own task, `"chance"` being what no training gets.
        losses: for each seed the loss, a running mean, at every `LOSS_STEPS`-th step.
        settings: of the runs.
        is_recipe: whether it is the recipe of a notebook, with a number of images of its own.
        machine: what it was measured on.
    """

    unit: str
    method: str
    note: str = ""
    labels: bool = False
    images: int = 0
    seeds: Sequence[int] = ()
    seconds: Sequence[float] = ()
    cpu_seconds: Sequence[float] = ()
    results: Mapping[str, Sequence[float]] = field(default_factory=dict)
    task: Mapping[str, Sequence[float]] = field(default_factory=dict)
    losses: Sequence[Sequence[float]] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    is_recipe: bool = False
    machine: Mapping[str, Any] = field(default_factory=dict)


def method_rows() -> tuple[MethodRow, ...]:
    """The course-wide table: every method that was measured, in the order of the units."""
    return tuple(
        MethodRow(**row) for row in json.loads(files(__name__).joinpath(TABLE).read_text(encoding="utf-8"))
    )


def units() -> tuple[str, ...]:
    """The units that have recorded runs."""
    return tuple(
        sorted(
            file.name.removesuffix(".json")
            for file in files(__name__).iterdir()
            if file.name.endswith(".json") and file.name != TABLE
        )
    )


def load(unit: str) -> Recorded:
    """The recorded runs of a unit.

    Raises:
        ValueError: there are none.
    """
    if unit not in units():
        raise ValueError(
            f"there are no recorded runs of {unit!r}; there are some of {', '.join(units()) or 'no unit'}"
        )
    return Recorded(**json.loads(files(__name__).joinpath(f"{unit}.json").read_text(encoding="utf-8")))

"""Recorded measurements as a notebook shows them: as tables, curves and bands, with a word where there are none.

    recalled(record, "steps", "frame: speaker")   # the rows of a sweep

A unit's record may lack a measurement: it was not made yet, or not for this recipe. The notebook says so and goes on.

An argument of another type, dtype, shape or length than its function asks for raises a ValueError that names it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from course_utils import arguments, contrast
from course_utils.drawing import Picture
from course_utils.evaluate import Evaluation
from course_utils.training_runs import Recorded


def recalled(record: Recorded, name: str, *metrics: str) -> Evaluation | str:
    """The rows of a recorded measurement as a table; a sentence if there are none.

    Args:
        record: of the unit.
        name: of the measurement.
        metrics: columns, those that a row has; every number there is if they are left out.
    """
    rows = _rows(record, name)
    shown = {
        who: {metric: row[metric] for metric in metrics or row if isinstance(row.get(metric), int | float)}
        for who, row in rows.items()
    }
    return Evaluation(shown) if shown else missing_measurement(record, name)


def recalled_curves(record: Recorded, name: str, column: str) -> Mapping[str, Sequence[float]]:
    """A list that the rows of a measurement have, such as a loss curve, by row; empty if there are none."""
    return {who: row[column] for who, row in _rows(record, name).items() if column in row}


def recalled_seeds(record: Recorded, *metrics: str) -> Evaluation | str:
    """Mean over the seeds of the unit's recipe and its baselines, and beside each its deviation.

    Args:
        record: of the unit.
        metrics: columns, of `record.results`.
    """
    shown: dict[str, dict[str, float]] = {}
    for who, row in _require_record(record).results.items():
        shown[who] = {}
        for metric in metrics:
            values = np.asarray(row.get(metric, ()), dtype=float)
            if len(values):
                shown[who][metric] = float(values.mean())
                shown[who][f"{metric}, ±"] = float(values.std(ddof=1)) if len(values) > 1 else 0.0
    return Evaluation(shown) if shown else missing_measurement(record, "seeds")


def recalled_band(record: Recorded) -> Recorded | None:
    """The record as a band for `plot.loss_curve`, if it has runs."""
    return record if _require_record(record).losses else None


def recalled_broken(record: Recorded, metric: str, name: str = "broken") -> Picture | str:
    """Loss curves of the right version and of wrong ones on the left, what each learned on the right.

    Args:
        record: of the unit; its curves have a number for each ten steps.
        metric: what was learned.
        name: of the measurement.
    """
    curves = recalled_curves(record, name, "curve")
    scores = {who: _rows(record, name)[who][metric] for who in curves if metric in _rows(record, name)[who]}
    if not curves or len(scores) != len(curves):
        return missing_measurement(record, name)
    return contrast.side_by_side(
        curves, scores, xlabel=metric, ylabel="loss, as each version computes it", every=10
    )


def missing_measurement(record: Recorded, name: str) -> str:
    """What stands in the place of a measurement that is not there."""
    return f"{_require_record(record).unit}: there is no recorded {name!r}"


def _rows(record: Recorded, name: str) -> dict[str, dict[str, Any]]:
    arguments.require_texts("name", [name])
    found: Mapping[str, Any] = _require_record(record).extra.get("parts", {})
    return dict(found.get(name, {}))


def _require_record(record: object) -> Recorded:
    if not isinstance(record, Recorded):
        due = "a Recorded, as training_runs.load gives it"
        arguments.refuse_argument("record", due, f"it is {arguments.describe_value(record)}")
    assert isinstance(record, Recorded)
    return record

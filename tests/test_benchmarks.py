"""The tables of benchmarks/README.md say what was recorded, and the package carries the same recordings."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

import course_utils as cu
from benchmarks.learning import report


def test_tables_are_what_was_recorded() -> None:
    text = report.README.read_text(encoding="utf-8")
    assert report.put_in(text, report.report()) == text, "run `python -m benchmarks.learning.report`"


def test_a_changed_figure_is_seen(tmp_path) -> None:
    for unit in report.UNITS:
        record = asdict(report.recorded(unit))
        metric = next(iter(record["results"]["trained"]))
        record["results"]["trained"][metric] = [
            value + 0.01 for value in record["results"]["trained"][metric]
        ]
        (tmp_path / f"{unit}.json").write_text(json.dumps(record))
    assert report.report(tmp_path) != report.report()


@pytest.mark.parametrize("unit", report.UNITS)
def test_the_notebooks_band_is_the_recorded_one(unit: str) -> None:
    assert cu.recorded.load(unit) == report.recorded(unit)


def test_missing_markers_are_named() -> None:
    with pytest.raises(ValueError, match="needs the lines"):
        report.put_in("no markers here", "")


def mean(unit: str, who: str, metric: str) -> float:
    values = report.recorded(unit).results[who][metric]
    return sum(values) / len(values)


IMAGE_METRICS = ("linear probe", "kNN-20", "instance retrieval")


def test_three_seeds_each_and_every_run_beats_random_initialisation() -> None:
    for unit in report.UNITS:
        record = report.recorded(unit)
        assert record.seeds == [0, 1, 2]
        for metric, values in record.results["trained"].items():
            untrained = record.results["random initialisation"][metric]
            assert all(after > before for after, before in zip(values, untrained, strict=True)), (
                unit,
                metric,
            )


def test_the_gains_that_the_course_promises() -> None:
    gain = {
        unit: mean(unit, "trained", "kNN-20") - mean(unit, "random initialisation", "kNN-20")
        for unit in ("simclr", "moco")
    }
    assert gain["simclr"] >= 0.08
    assert gain["moco"] >= 0.05
    retrieval = [mean("simclr", who, "instance retrieval") for who in ("trained", "random initialisation")]
    assert retrieval[0] >= 4 * retrieval[1]
    assert mean("video", "trained", "J") >= 1.7 * mean("video", "first mask", "J")


def test_what_the_moco_notebook_says_of_the_queue_and_of_simclr() -> None:
    record = report.recorded("moco")
    rows = {json.dumps(row["change"]): row for row in record.extra["sweep"]}
    no_momentum, one_batch = rows['{"momentum": 0.0}'], rows['{"queue": 256}']
    for metric in IMAGE_METRICS:
        untrained, trained = (mean("moco", who, metric) for who in ("random initialisation", "trained"))
        lost = (trained - no_momentum[metric]) / (trained - untrained)
        assert lost > 0.5, metric
        values = record.results["trained"][metric]
        assert abs(one_batch[metric] - trained) <= max(values) - min(values), metric
        assert mean("simclr", "trained", metric) > trained


def test_what_the_simclr_notebook_says_of_colour() -> None:
    record = report.recorded("simclr")
    last = record.extra["sweep"][-1]
    assert last["change"] == {"views": {"jitter": 0.0, "grey": 0.0}}
    assert last["loss"] < 0.5 * min(losses[-1] for losses in record.losses)
    assert last["instance retrieval"] < 0.6 * mean("simclr", "trained", "instance retrieval")

"""Recorded measurements as tables and curves, and a word in the place of those that are missing."""

from __future__ import annotations

import pytest

from course_utils import recall
from course_utils.drawing import Picture
from course_utils.evaluate import Evaluation
from course_utils.training_runs import Recorded

ROWS = {
    "right": {"probe": 0.5, "loss": 1.0, "curve": [2.0, 1.0], "note": "kept"},
    "wrong": {"probe": 0.25, "loss": 0.5, "curve": [2.0, 0.5]},
}


def record(**more: object) -> Recorded:
    return Recorded(unit="cpc", **{"seeds": [], "losses": [], "seconds": [], "results": {}, **more})  # type: ignore[arg-type]


FULL = record(
    losses=[[2.0, 1.0]],
    results={"trained": {"probe": [0.5, 0.7]}, "MFCC": {"probe": [0.6]}},
    extra={"parts": {"broken": ROWS}},
)
EMPTY = record()


def test_rows_are_a_table_of_numbers() -> None:
    shown = recall.recalled(FULL, "broken")
    assert isinstance(shown, Evaluation)
    assert shown.results["right"] == {"probe": 0.5, "loss": 1.0}
    only = recall.recalled(FULL, "broken", "probe", "nothing of the kind")
    assert isinstance(only, Evaluation) and only.results["wrong"] == {"probe": 0.25}


def test_seeds_have_a_mean_and_a_deviation() -> None:
    shown = recall.recalled_seeds(FULL, "probe")
    assert isinstance(shown, Evaluation)
    assert shown.results["trained"] == pytest.approx({"probe": 0.6, "probe, ±": 0.1414}, abs=1e-3)
    assert shown.results["MFCC"] == {"probe": 0.6, "probe, ±": 0.0}


def test_curves_are_drawn_beside_what_was_learned() -> None:
    assert recall.recalled_curves(FULL, "broken", "curve") == {"right": [2.0, 1.0], "wrong": [2.0, 0.5]}
    picture = recall.recalled_broken(FULL, "probe")
    assert isinstance(picture, Picture) and "wrong" in picture.alt
    assert recall.recalled_band(FULL) is FULL


def test_what_is_missing_is_said() -> None:
    said = "cpc: there is no recorded 'broken'"
    assert recall.recalled(EMPTY, "broken") == said
    assert recall.recalled_broken(EMPTY, "probe") == said
    assert recall.recalled_broken(FULL, "another figure") == said
    assert recall.recalled_curves(EMPTY, "broken", "curve") == {}
    assert recall.recalled_seeds(EMPTY, "probe") == "cpc: there is no recorded 'seeds'"
    assert recall.recalled_band(EMPTY) is None


def test_wrong_arguments_are_named() -> None:
    with pytest.raises(ValueError, match="record should be a Recorded"):
        recall.recalled("cpc", "steps")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="name should be a list of texts"):
        recall.recalled(FULL, 3)  # type: ignore[arg-type]

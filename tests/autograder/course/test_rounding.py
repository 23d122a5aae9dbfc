"""Scores are rounded as a person would round the numbers that they read."""

from __future__ import annotations

import pytest

from autograder.course.rounding import Rounding
from autograder.grading.lines import left_of

CASES = [
    # step, mode, score, rounded
    (0, "half-up", 2.6749999999999998, 2.675),
    (0.01, "half-up", 2.675, 2.68),  # the binary fraction is a little less
    (0.01, "half-up", 1.005, 1.01),
    (0.01, "half-even", 2.675, 2.68),
    (0.01, "half-even", 2.665, 2.66),
    (0.01, "down", 0.1 + 0.2, 0.3),  # the sum is a little more
    (0.1, "up", 0.1 + 0.2, 0.3),
    (0.1, "down", 0.7 + 0.1, 0.8),  # and this one a little less
    (0.5, "half-up", 2.25, 2.5),
    (0.5, "half-even", 2.25, 2.0),
    (0.5, "half-up", 2.2499999, 2.0),
    (0.5, "up", 2.01, 2.5),
    (0.5, "down", 2.49, 2.0),
    (0.25, "half-up", 1 / 3, 0.25),
    (1, "half-up", 2.5, 3.0),
    (1, "half-even", 2.5, 2.0),
    (5, "half-up", 7.5, 10.0),
    (0.3, "half-up", 0.45, 0.6),
    (0.5, "up", 0.0, 0.0),
]


@pytest.mark.parametrize(("step", "mode", "score", "rounded"), CASES)
def test_halves_do_not_surprise(step: float, mode: str, score: float, rounded: float) -> None:
    assert Rounding(step, mode).of(score, 20.0) == rounded  # type: ignore[arg-type]


@pytest.mark.parametrize("mode", ["half-up", "half-even", "up", "down"])
def test_a_full_score_stays_one_and_is_never_exceeded(mode: str) -> None:
    rounding = Rounding(1, mode)  # type: ignore[arg-type]
    assert rounding.of(18.5, 18.5) == 18.5
    assert rounding.of(18.4, 18.5) == (18.5 if mode == "up" else 18.0)


def test_lateness_is_taken_off_before_rounding_and_nobody_gains_by_it() -> None:
    half = Rounding(0.5)
    assert left_of(7.0, 0.9, half) == 6.5  # 6.3
    assert left_of(7.0, 0.0, half) == 0.0
    assert left_of(7.25, 1.0, half) == 7.25, "who is in time has exercises that are rounded, and nothing else"
    assert left_of(0.5, 0.9, Rounding(0.5, "up")) == 0.5

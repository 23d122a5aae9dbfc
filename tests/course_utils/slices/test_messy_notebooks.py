"""What people make of a notebook: the slice is judged as the function is that stands at the exercise's last check.

Twenty notebooks; `python -m tests.support.messy 200` makes more, and the table of `docs/slices.md`.
"""

from __future__ import annotations

import os

import pytest

from tests.support.messes import MESSES
from tests.support.messy import compare, make, oracle

COUNT = int(os.environ.get("MESSY_NOTEBOOKS", "20"))


# Spread over all kinds and units.
@pytest.mark.parametrize("seed", [number * 7 for number in range(COUNT)])
def test_slice_and_notebook_agree_on_every_check(seed: int) -> None:
    made = make(seed)
    assert compare(made) == [], made.kinds


def test_the_notebooks_are_of_all_kinds_and_of_right_and_wrong_answers() -> None:
    notebooks = [make(number * 7) for number in range(40)]
    assert len({kind for made in notebooks for kind in made.kinds}) > 0.75 * len(MESSES)
    assert sum(bool(made.kinds) for made in notebooks) > 30
    right = [all(passed.values()) for made in notebooks[:6] for passed in oracle(made).values()]
    assert 0 < sum(right) < len(right)


def test_a_notebook_is_the_same_each_time() -> None:
    assert make(11).data() == make(11).data() != make(12).data()

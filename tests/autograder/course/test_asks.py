"""What students are told of hidden checks: something of each, and nothing that only those may know."""

from __future__ import annotations

import pytest

from autograder.course.units import load_unit
from tests.support import ROOT, UNITS


@pytest.mark.parametrize("unit", UNITS)
def test_every_hidden_check_says_in_a_few_words_what_it_looks_at(unit: str) -> None:
    for id_, exercise in load_unit(ROOT, unit).exercises.items():
        for check in exercise.checks:
            if check.visible:
                continue
            assert check.asks, (
                f'{id_}/{check.id}: add asks="..." to the check, for "Hidden checks also look at: ..."'
            )
            assert len(check.asks) <= 60, id_
            # A few words, and no values.
            assert not any(letter.isdigit() for letter in check.asks.replace("float64", "")), id_
        said = exercise.prepare(b"visible", visible_only=True).hidden
        assert said == tuple(dict.fromkeys(check.asks for check in exercise.checks if not check.visible))

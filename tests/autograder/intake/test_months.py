"""Dates in the languages of learning systems, as Brightspace writes them into names of folders."""

from __future__ import annotations

import datetime as dt

import pytest

from autograder.intake.layouts.base import Level, Whose
from autograder.intake.layouts.brightspace import brightspace_reader
from autograder.intake.months import _CALLED, _plain, in_english
from autograder.intake.tree import Entry
from tests.support import ROOT


def read(date: str) -> Whose:
    entry = Entry(parts=(f"101-9 - Ada Lovelace - {date}", "moco.ipynb"), source=ROOT)
    reader = brightspace_reader(Level(entries=[entry], unit="moco"))
    assert reader is not None
    found = reader(entry)
    assert isinstance(found, Whose)
    return found


@pytest.mark.parametrize(
    "date",
    [
        *(
            "12 mars, 2026 1403",
            "mars 12, 2026 203 PM",
            "le 12 mars 2026 \u00e0 14h03",
            "12 mars 2026 14 h 03",
        ),
        *(
            "12 M\u00e4rz 2026 1403",
            "12. M\u00e4rz 2026 14.03 Uhr",
            "12. Maerz 2026 1403",
            "12 Mrz. 2026 1403",
        ),
        *("12 de marzo de 2026 1403", "12 de marzo, 2026 203 p. m.", "12 mar. 2026 1403"),
        *(
            "12 de mar\u00e7o de 2026 14h03",
            "12 de marc\u0327o de 2026 1403",
            "12 mrt 2026 1403",
            "12 maart 2026 1403",
        ),
        *("den 12 mars 2026 kl. 14.03", "12:e mars 2026 1403", "12. marts 2026 1403", "12 Mart 2026 14.03"),
        *("12 marzo 2026 1403", "12 Mawrth 2026 1403", "Mar 12, 2026 203 PM", "2026-03-12 1403"),
        *("2026\u5e743\u670812\u65e5 1403", "2026\u5e743\u670812\u65e5 \u4e0b\u5348203"),
        "2026\ub144 3\uc6d4 12\uc77c \uc624\ud6c4 203",
    ],
)
def test_the_twelfth_of_march(date: str) -> None:
    found = read(date)
    assert (found.submitted_at, found.flags) == (dt.datetime(2026, 3, 12, 14, 3, tzinfo=dt.UTC), ())


@pytest.mark.parametrize(
    "date", ["12 listopad 2026 1403", "12 mars maj 2026 1403", "03-07-2026 1403", "12 mars 2026 2560"]
)
def test_what_could_be_another_day_is_told(date: str) -> None:
    found = read(date)
    assert found.submitted_at is None
    assert date in found.flags[0].text


def test_no_name_is_that_of_two_months() -> None:
    names = [name for called in _CALLED.values() for name in called.split()]
    assert len(set(names)) == len(names)
    assert all(_plain(name) == name for name in names)
    assert in_english("12 KASIM 2026") == in_english("12 Kas\u0131m 2026") == "12 November 2026"
    assert in_english("28 A\u011fustos 2026") == "28 August 2026"

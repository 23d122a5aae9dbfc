from __future__ import annotations

import pytest

from tests.support import ROOT
from tests.support.schedule import APART, BY_TIER, SLOW, group, is_slow, order

ATTACKS = "tests/attacks/test_attacks.py"


@pytest.mark.parametrize("place", [*SLOW, *BY_TIER, *APART])
def test_what_is_named_is_there(place: str) -> None:
    file, _, test = place.partition("::")
    assert (ROOT / file).exists()
    assert not test or f"def {test}(" in (ROOT / file).read_text()


def test_groups() -> None:
    assert group("tests/test_x.py::test_a") == group("tests/test_x.py::test_b[1]") == "tests/test_x.py"
    assert group(f"{ATTACKS}::test_outcome[full-search/frames]") == group(
        f"{ATTACKS}::test_files[full-files/x]"
    )
    assert (
        len({group(f"{ATTACKS}::test_{end}") for end in ("a[full]", "a[restricted]", "a", "a[other]")}) == 3
    )
    ways = ("restricted", "full-directly", "full-bubblewrap")
    assert (
        len({group(f"tests/autograder/sandbox/test_isolation.py::test_a[{way}-os.fork()]") for way in ways})
        == 3
    )
    assert group(f"{APART[0]}::test_a[moco]") != group(f"{APART[0]}::test_a[video]")


def test_slow_ones_come_first() -> None:
    assert is_slow(f"{ATTACKS}::test_a")
    assert not is_slow("tests/test_schedule.py::test_groups")
    assert (
        order(f"{ATTACKS}::test_a")
        == 0
        < order("tests/autograder/cli/test_cli.py::test_a")
        < order("tests/x.py")
    )

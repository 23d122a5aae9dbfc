"""Of two slips at once at least one is told, in all exercises together: the bounds of `autograder.quality.gate`."""

from autograder.course.receipt import read_receipt
from autograder.course.units import load_unit
from autograder.quality.gate import PAIRS_NAMED, PAIRS_WRONG
from tests.support import ROOT, UNITS


def test_of_pairs_of_slips_one_is_named_and_hardly_ever_another() -> None:
    receipts = [
        read_receipt(exercise) for unit in UNITS for exercise in load_unit(ROOT, unit).exercises.values()
    ]
    found = [receipt.found for receipt in receipts if receipt]
    tried = sum(counts.pairs for counts in found)
    assert len(found) == len(receipts) and tried > 500
    assert sum(counts.pairs_named for counts in found) >= PAIRS_NAMED * tried
    assert sum(counts.pairs_wrong for counts in found) <= PAIRS_WRONG * tried

"""What is computed of the bank, and when."""

import threading

import pytest

from course_utils.checks.expectation import Expectation
from course_utils.checks.prepared import Bank, is_known


def test_a_misconception_is_carried_out_with_the_cases_that_are_asked_for_and_once() -> None:
    asked: list[tuple[str, int]] = []

    def make(name: str):
        def shown(number: int) -> Expectation:
            asked.append((name, number))
            return Expectation({"result": number}, {})

        return shown

    bank = Bank({name: make(name) for name in ("one", "other")}, 3)
    assert (list(bank), len(bank), len(bank["one"])) == (["one", "other"], 2, 3)
    assert not asked
    assert bank["one"][-1] is bank["one"][2]
    threads = [threading.Thread(target=lambda: bank["other"][0]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert asked == [("one", 2), ("other", 0)]
    assert [is_known(bank["one"], case) for case in range(3)] == [False, False, True]
    assert [item.quantities["result"] for item in bank["one"]] == [0, 1, 2]
    assert [item.quantities["result"] for item in bank["one"][1:]] == [1, 2]
    assert is_known(bank["one"], 0)
    assert is_known(bank["other"][:1], 0)
    with pytest.raises(IndexError):
        bank["one"][3]
    with pytest.raises(KeyError):
        bank["none"]

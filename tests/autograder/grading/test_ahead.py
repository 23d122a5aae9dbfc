"""What wrong ideas show is computed while the fork server starts, and no longer."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from autograder.grading import ahead
from autograder.grading.ahead import Ahead


class Ideas(dict[str, Any]):
    """A bank whose ideas note which case was asked for."""

    def __init__(self, check: str, names: str, asked: list[tuple[str, str, int]]) -> None:
        super().__init__({name: _Shown(check, name, asked) for name in names})


class _Shown:
    def __init__(self, check: str, name: str, asked: list[tuple[str, str, int]]) -> None:
        self.check, self.name, self.asked = check, name, asked

    def __getitem__(self, case: int) -> None:
        self.asked.append((self.check, self.name, case))


def exercise(*checks: tuple[str, int], asked: list[tuple[str, str, int]]) -> Any:
    """Checks of so many cases, with two ideas."""
    found = [SimpleNamespace(cases=range(cases), wrong=Ideas(name, "pq", asked)) for name, cases in checks]
    return SimpleNamespace(checks=found)


@pytest.fixture(autouse=True)
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "_cores", lambda: 2)


def test_all_is_computed_and_first_cases_come_first() -> None:
    asked: list[tuple[str, str, int]] = []
    work = Ahead([exercise(("a", 2), ("b", 1), asked=asked)])
    assert work._thread is not None
    work._thread.join()
    assert asked == [("a", "p", 0), ("a", "q", 0), ("b", "p", 0), ("b", "q", 0), ("a", "p", 1), ("a", "q", 1)]
    work.stop()


def test_it_ends_when_it_is_stopped() -> None:
    asked: list[tuple[str, str, int]] = []
    reached, go_on = threading.Event(), threading.Event()

    class Slow(_Shown):
        def __getitem__(self, case: int) -> None:
            super().__getitem__(case)
            reached.set()
            go_on.wait(10)

    slow = SimpleNamespace(cases=range(3), wrong={name: Slow("a", name, asked) for name in "pq"})
    work = Ahead([SimpleNamespace(checks=[slow])])
    assert reached.wait(10)
    threading.Timer(0.05, go_on.set).start()
    work.stop()
    assert asked == [("a", "p", 0)]
    assert work._thread is not None and not work._thread.is_alive()
    work.stop()


def test_an_idea_that_fails_stops_nobody() -> None:
    class Broken(_Shown):
        def __getitem__(self, case: int) -> None:
            raise ValueError("cannot be computed")

    check = SimpleNamespace(cases=range(1), wrong={"p": Broken("a", "p", [])})
    Ahead([SimpleNamespace(checks=[check])]).stop()


def test_a_single_core_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "_cores", lambda: 1)
    asked: list[tuple[str, str, int]] = []
    Ahead([exercise(("a", 2), asked=asked)]).stop()
    assert asked == []

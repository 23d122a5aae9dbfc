"""What all tests share: fixtures of a unit, and what `tests.support.schedule` says of slow tests and processes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from autograder.course.units import Unit, load_unit
from autograder.grading.grader import Grader, Limits
from tests.support import ROOT, turns
from tests.support.schedule import group, is_slow, order

SECRET = b"the tests' own secret"
_TESTED: pytest.StashKey[dict[str, object]] = pytest.StashKey()

# The same examples each time: a test that fails fails for everybody.
hypothesis.settings.register_profile("tests", derandomize=True, deadline=None)
hypothesis.settings.load_profile("tests")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if is_slow(item.nodeid):
            item.add_marker("slow")
    if waiting := turns.waiting(item.nodeid for item in items):
        config.hook.pytest_deselected(items=[item for item in items if item.nodeid in waiting])
        items[:] = [item for item in items if item.nodeid not in waiting]
    if hasattr(config, "workerinput"):
        # Long ones first, so that no process is left alone with one at the end.
        items.sort(key=lambda item: order(item.nodeid))


def pytest_report_header() -> str | None:
    if not turns.take_turns():
        return None
    return (
        f"Slow tests take turns: {turns.RECEIPT.name} fits, so one file in {turns.SHARE} is run."
        if turns.receipt_fits()
        else f"All tests are run: {turns.RECEIPT.name} is of other files or versions. `make test` writes it."
    )


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--write-receipt", action="store_true", help="when all tests pass: see tests/support/turns.py"
    )


def pytest_sessionstart(session: pytest.Session) -> None:
    if session.config.getoption("--write-receipt"):
        session.config.stash[_TESTED] = turns.contents(ROOT)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    config = session.config
    asked = config.getoption("--write-receipt") and not hasattr(config, "workerinput")
    # What was edited in the meantime may not have been tested.
    if asked and exitstatus == 0 and config.stash[_TESTED] == turns.contents(ROOT):
        turns.write_receipt()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    from xdist.scheduler import LoadScopeScheduling

    class Groups(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            return group(nodeid)

    return Groups(config, log) if config.getvalue("dist") == "loadscope" else None


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def moco() -> Unit:
    return load_unit(ROOT, "moco")


@pytest.fixture(scope="session")
def grader(moco: Unit) -> Iterator[Grader]:
    """One prepared grader for all tests that grade moco; short limits, because some submissions must run into them."""
    with Grader(moco, SECRET, Limits(seconds=3.0, memory_mb=1024)) as made:
        yield made

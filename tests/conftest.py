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

# The same examples each time: a test that fails fails for everybody.
hypothesis.settings.register_profile("tests", derandomize=True, deadline=None)
hypothesis.settings.load_profile("tests")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if is_slow(item.nodeid):
            item.add_marker("slow")
    waiting = [item for item in items if not turns.is_due(item.nodeid)]
    if waiting:
        items[:] = [item for item in items if turns.is_due(item.nodeid)]
        config.hook.pytest_deselected(items=waiting)
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


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    asked = session.config.option
    fewer = (asked.keyword, asked.markexpr, asked.deselect, asked.ignore, asked.ignore_glob, asked.lf)
    is_whole = session.config.args == session.config.getini("testpaths") and not any(fewer)
    is_whole = is_whole and not asked.collectonly
    if exitstatus == 0 and is_whole and not hasattr(session.config, "workerinput") and not turns.take_turns():
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

"""What all tests share: the units' fixtures, which tests are slow, and how they are divided among processes.

Under `pytest -n` the tests of a file stay together, so that what its fixtures prepare is prepared once; files that are
listed below are divided.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from autograder.course.units import Unit, load_unit
from autograder.grading.grader import Grader, Limits
from tests.support import ROOT

SECRET = b"the tests' own secret"

# What starts programs, waits for time-outs or trains: left out by `make test-fast`. Folders, files and single tests.
SLOW = (
    "tests/attacks/",
    "tests/autograder/sandbox/",
    "tests/autograder/nbgrader/",
)
# Files whose tests are not kept together under `pytest -n`, but for those of one sandbox tier, which come first in the
# parameters; and files whose tests prepare nothing that they could share.
BY_TIER = (
    "tests/attacks/test_attacks.py",
    "tests/autograder/sandbox/test_isolation.py",
    "tests/autograder/sandbox/test_sandbox.py",
)
APART = ("tests/autograder/publish/test_notebooks.py",)
TIER = re.compile(r"\[((?:none|restricted|full)(?:-directly|-bubblewrap)?)\b")

# The same examples each time: a test that fails fails for everybody.
hypothesis.settings.register_profile("tests", derandomize=True, deadline=None)
hypothesis.settings.load_profile("tests")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if item.nodeid.startswith(SLOW):
            item.add_marker("slow")
    if hasattr(config, "workerinput"):
        # Long ones first, so that no process is left alone with one at the end.
        items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def group(nodeid: str) -> str:
    """Tests of one group are run by one process, one after the other."""
    file = nodeid.partition("::")[0]
    if file in APART:
        return nodeid
    if file in BY_TIER and (tier := TIER.search(nodeid)):
        return f"{file} {tier[1]}"
    return file


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

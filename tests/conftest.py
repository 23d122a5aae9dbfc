"""What all tests share: the units' fixtures, which tests are slow, and how they are divided among processes.

Under `pytest -n` the tests of a file stay together, so that what its fixtures prepare is prepared once; files that are
listed in `DIVIDED` are cut along a parameter, or test by test.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

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
# Files whose tests are not kept together under `pytest -n` -> the fixture along whose parameter they are divided;
# empty: each test goes its own way.
DIVIDED = {
    "tests/attacks/test_attacks.py": "outcome",
    "tests/autograder/sandbox/test_isolation.py": "sandbox",
    "tests/autograder/sandbox/test_sandbox.py": "sandbox",
}

# The same examples each time: a test that fails fails for everybody.
hypothesis.settings.register_profile("tests", derandomize=True, deadline=None)
hypothesis.settings.load_profile("tests")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if item.nodeid.startswith(SLOW):
            item.add_marker("slow")
    if not config.pluginmanager.has_plugin("xdist"):
        return
    for item in items:
        if group := _group(item):
            item.add_marker(pytest.mark.xdist_group(group))
    if hasattr(config, "workerinput"):
        # Long ones first, so that no process is left alone with one at the end.
        items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def _group(item: pytest.Item) -> str:
    file = item.nodeid.partition("::")[0]
    if file not in DIVIDED:
        return file
    if not DIVIDED[file]:
        return ""
    parameters = getattr(item, "callspec").params if hasattr(item, "callspec") else {}  # noqa: B009
    return f"{file} {parameters.get(DIVIDED[file], '')}"


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

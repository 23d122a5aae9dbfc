from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.course.units import Unit, load_unit
from autograder.grading.grader import Grader, Limits
from tests.support import ROOT

SECRET = b"the tests' own secret"


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

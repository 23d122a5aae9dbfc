"""Units that take turns: with every commit others are tried, and all that the commit touches.

Only where the environment says `TESTS_TAKE_TURNS=1`, as `.ci/run` does: twelve notebooks take minutes, and a person who
calls the tests wants all of them.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from autograder.course.units import unit_ids
from autograder.quality.standing import picked
from tests.support import ROOT

VARIABLE = "TESTS_TAKE_TURNS"
PICKED = 2


def due(unit: str) -> bool:
    """Whether it is this unit's turn."""
    return os.environ.get(VARIABLE, "") in ("", "0") or unit in _due()


@cache
def _due() -> frozenset[str]:
    units = unit_ids(ROOT)
    return touched(changed_since_the_parent(ROOT), units) | frozenset(picked(ROOT, units)[:PICKED])


def changed_since_the_parent(root: Path) -> list[str]:
    """Files of a repository that differ from those of the last commit's first parent; for a merge, all that it brings.

    None where there is no parent to compare with, as in a clone of one commit.
    """
    done = subprocess.run(
        ["git", "diff", "--name-only", "HEAD~1"], cwd=root, capture_output=True, text=True, check=False
    )
    return done.stdout.splitlines()


def touched(files: Iterable[str], units: Iterable[str]) -> frozenset[str]:
    """The units whose sources or notebooks are among these files."""
    places = {tuple(Path(file).parts[:2]) for file in files}
    return frozenset(
        unit for unit in units if places & {(room, unit) for room in ("solutions", "source", "course")}
    )

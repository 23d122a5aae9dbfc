"""What may wait for its turn: with every commit others are tried, and all that may have changed.

Only where the environment says `TESTS_TAKE_TURNS=1`, as `.ci/run` does: a person who calls the tests wants all of them.

Slow tests of the tool itself say the same for the same files. So `make test`, once all tests have passed, writes a
receipt, `tests/receipt.json`: a hash of all files but the course's content. As long as it fits, a third of those tests
is run, picked by the commit; as soon as one of the files or a version is another, all of them. Solved notebooks take
minutes: those are run that the commit touches, and a few more.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from itertools import chain
from math import ceil
from pathlib import Path

from autograder.course.dependencies import versions
from autograder.course.fingerprint import of_files
from autograder.course.units import unit_ids
from autograder.quality.standing import picked
from tests.support import ROOT
from tests.support.schedule import WAITS, is_slow

VARIABLE = "TESTS_TAKE_TURNS"
RECEIPT = ROOT / "tests/receipt.json"
PICKED = 2
SHARE = 3
# What an exercise, a page or a recorded run changes.
CONTENT = (
    *(
        "assignments/",
        "benchmarks/results/",
        "benchmarks/learning/results/",
        "course/",
        "docs/",
        "solutions/",
    ),
    *("source/", "course_utils/shipped/", "course_utils/training_runs/", "tests/receipt.json"),
)


def take_turns() -> bool:
    """Whether tests take turns here."""
    return os.environ.get(VARIABLE, "") not in ("", "0")


def due(unit: str) -> bool:
    """Whether it is the turn of this unit's notebook."""
    return not take_turns() or not receipt_fits() or unit in _due()


def waiting(nodeids: Iterable[str]) -> frozenset[str]:
    """Those of these tests whose turn it is not: slow ones that may wait, in files that the commit does not pick."""
    if not take_turns() or not receipt_fits():
        return frozenset()
    files: dict[str, list[str]] = defaultdict(list)
    for nodeid in nodeids:
        if is_slow(nodeid) and nodeid.startswith(WAITS):
            files[nodeid.partition("::")[0]].append(nodeid)
    for file in picked(ROOT, list(files), ceil(len(files) / SHARE)):
        del files[file]
    return frozenset(chain.from_iterable(files.values()))


@cache
def _due() -> frozenset[str]:
    units = unit_ids(ROOT)
    return touched(changed_since_the_parent(ROOT), units) | frozenset(picked(ROOT, units, PICKED))


def changed_since_the_parent(root: Path) -> list[str]:
    """Files of a repository that differ from those of the last commit's first parent; for a merge, all that it brings.

    None where there is no parent to compare with, as in a clone of one commit.
    """
    return _git(root, "diff", "--name-only", "HEAD~1").splitlines()


def touched(files: Iterable[str], units: Iterable[str]) -> frozenset[str]:
    """The units whose sources or notebooks are among these files."""
    places = {tuple(Path(file).parts[:2]) for file in files}
    return frozenset(
        unit for unit in units if places & {(room, unit) for room in ("solutions", "source", "course")}
    )


# --- the receipt --------------------------------------------------------------------------------------------------


@cache
def receipt_fits() -> bool:
    """Whether all tests have passed with the files of the tool as they are."""
    return RECEIPT.is_file() and json.loads(RECEIPT.read_bytes()) == contents(ROOT)


def write_receipt() -> None:
    """All tests have passed."""
    RECEIPT.write_text(json.dumps(contents(ROOT), indent=1) + "\n", encoding="utf-8")


def contents(root: Path) -> dict[str, object]:
    """What a receipt holds."""
    return {"sha256": of_files(tool_files(root)), "versions": versions()}


def tool_files(root: Path) -> dict[str, Path]:
    """Path in the repository -> path, of every file in it that is neither content nor a page."""
    listed = _git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    return {
        name: root / name
        for name in listed
        if (not name.startswith(CONTENT) or name.endswith("__init__.py"))
        and not name.endswith(".md")
        and (root / name).is_file()
    }


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=False)
    return done.stdout

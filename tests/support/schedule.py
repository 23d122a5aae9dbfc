"""Which tests are slow, and which of them one process runs under `pytest -n`.

The tests of a file stay together, so that what its fixtures prepare is prepared once, but for the files that are named
here.
"""

from __future__ import annotations

import re

# What starts programs, waits for time-outs or trains: left out by `make test-fast`. Folders, files, single tests; those
# that take longest come first, so that no process is left alone with one at the end.
SLOW = (
    "tests/attacks/",
    "tests/autograder/publish/test_notebooks.py",
    "tests/autograder/cli/test_resume.py",
    "tests/autograder/grading/test_cluster.py",
    "tests/autograder/cli/test_cli.py",
    "tests/autograder/nbgrader/",
    "tests/autograder/test_pytest_plugin.py",
    "tests/autograder/quality/test_gate.py",
    "tests/autograder/quality/test_oracle.py",
    "tests/autograder/quality/test_standing.py",
    "tests/autograder/sandbox/test_isolation.py",
    "tests/autograder/sandbox/test_layouts.py",
    "tests/autograder/sandbox/test_sandbox.py",
    "tests/autograder/report/test_pages.py",
    "tests/benchmarks/test_benchmarks.py::test_quick_run_has_every_figure",
    "tests/benchmarks/test_cuda.py::test_a_dry_run",
)
# Slow ones that say the same as long as no file of the tool changes, so that they may wait for their turn (`turns`). All
# others are run always, those of the sandbox, of nbgrader and of pages among them.
WAITS = (
    *("tests/attacks/", "tests/autograder/cli/", "tests/autograder/grading/", "tests/autograder/quality/"),
    *("tests/autograder/test_pytest_plugin.py", "tests/benchmarks/"),
)
# Divided by the tier of the sandbox, which comes first in the parameters: what is prepared is prepared for each.
BY_TIER = (
    "tests/attacks/test_attacks.py",
    "tests/autograder/sandbox/test_isolation.py",
    "tests/autograder/sandbox/test_sandbox.py",
)
# Nothing is prepared that tests could share.
APART = ("tests/autograder/publish/test_notebooks.py",)

_TIER = re.compile(r"\[((?:none|restricted|full)(?:-directly|-bubblewrap)?)\b")


def is_slow(nodeid: str) -> bool:
    """Whether `make test-fast` leaves a test out."""
    return nodeid.startswith(SLOW)


def order(nodeid: str) -> int:
    """A key to sort tests by: those that should start first have the smallest."""
    return next((number for number, place in enumerate(SLOW) if nodeid.startswith(place)), len(SLOW))


def group(nodeid: str) -> str:
    """Tests of one group are run by one process, one after the other."""
    file = nodeid.partition("::")[0]
    if file in APART:
        return nodeid
    if file in BY_TIER and (tier := _TIER.search(nodeid)):
        return f"{file} {tier[1]}"
    return file

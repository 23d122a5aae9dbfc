"""Programs that some tests can use and none needs: where they are, or what to say where they are not.

`python -m tests.support.optional COMMAND...` runs a command as if this machine had none of them, so that CI shows that the
package works there: `make test-bare`. What is marked `optional` differs where there is one: `make test-optional`.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
POSTGRESQL = ("initdb", "pg_ctl", "createdb")
# All that is hidden; more than is used, so that nothing begins to be needed unseen.
PROGRAMS = (
    *("bwrap", "chrome", "chromedriver", "firefox", "geckodriver"),
    *BROWSERS,
    *("postgres", "psql", "dropdb"),
    *POSTGRESQL,
)
HIDDEN = "TESTS_HIDE_OPTIONAL_PROGRAMS"
# Debian keeps a server's programs out of the PATH.
_DEBIAN = Path("/usr/lib/postgresql")

NO_BROWSER = f"no browser: none of {', '.join(BROWSERS)} is on PATH; install one, such as Debian's chromium"
NO_POSTGRESQL = "no PostgreSQL server: initdb was not found; install one, such as Debian's postgresql"


def find_browser() -> str | None:
    """The browser's path, if there is one."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def find_postgresql() -> Path | None:
    """The folder with the server's programs, if there is one."""
    found = shutil.which("initdb")
    kept = [] if HIDDEN in os.environ else _DEBIAN.glob("*/bin")
    return max(kept, default=Path(found).parent if found else None)


def tiers_here() -> list[Any]:
    """The tiers of isolation as parameters of tests; one that this machine lacks is skipped and says why."""
    from autograder.sandbox.tiers import TIERS, probe

    found = probe()
    best = TIERS.index(found.best)
    return [
        _unless(
            "" if number <= best and tier not in found.reasons else found.reasons.get(tier, ""),
            tier,
            optional=tier == "full" and found.namespaces == "bubblewrap",
        )
        for number, tier in enumerate(TIERS[1:], 1)
    ]


def ways_here() -> list[Any]:
    """(tier, way of making namespaces) as parameters of tests, in the same manner."""
    from autograder.sandbox import tiers

    found = tiers.probe()
    made = [_unless(found.reasons.get("restricted", ""), ("restricted", ""), "restricted")]
    for way in ("directly", "bubblewrap"):
        problem = found.reasons.get("full", "") or tiers._try(way)
        if "not installed" in problem:
            problem += "; it comes with the package bubblewrap of most distributions"
        made.append(_unless(problem, ("full", way), f"full-{way}", optional=way == "bubblewrap"))
    return made


def _unless(problem: str, value: Any, id_: str | None = None, optional: bool = False) -> Any:
    name = id_ or str(value)
    marks = [pytest.mark.skip(reason=f"{name}: {problem}")] if problem else []
    return pytest.param(value, id=name, marks=[*marks, *[pytest.mark.optional] * optional])


def hide(folder: Path, path: str, names: Sequence[str] = PROGRAMS) -> str:
    """A PATH that leads to the same programs but these.

    Args:
        folder: an empty one, for what takes the place of folders in which one of them lies.
        path: a PATH.
        names: the programs to hide.
    """
    places = []
    for number, place in enumerate(path.split(os.pathsep)):
        if not any(shutil.which(name, path=place) for name in names):
            places.append(place)
            continue
        other = folder / str(number)
        other.mkdir()
        for program in Path(place).iterdir():
            if program.name not in names and program.is_file() and os.access(program, os.X_OK):
                # No link: the Python of a virtual environment finds its packages by where it is called.
                (other / program.name).write_text(f'#!/bin/sh\nexec {shlex.quote(str(program))} "$@"\n')
                (other / program.name).chmod(0o755)
        places.append(str(other))
    return os.pathsep.join(places)


def main(command: Sequence[str]) -> int:
    """Run a command; how it ended."""
    with tempfile.TemporaryDirectory(prefix="bare-") as folder:
        environment = os.environ | {HIDDEN: "1", "PATH": hide(Path(folder), os.environ["PATH"])}
        left = [name for name in PROGRAMS if shutil.which(name, path=environment["PATH"])]
        assert not left, left
        return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The project as somebody has it who has just cloned and installed it: its commands, and nothing of this checkout."""

from __future__ import annotations

import os
import shutil
import site
import subprocess
import sys
import venv
from collections.abc import Mapping
from pathlib import Path

from tests.support import ROOT

# Called by name, by people or by nbgrader.
PROGRAMS = ("autograder", "nbgrader", "alembic")
_PROGRAM = """\
#!{python}
import sys
from importlib.metadata import entry_points

(found,) = entry_points(group="console_scripts", name="{name}")
sys.exit(found.load()())
"""


class FreshClone:
    """A clone, and an environment of its own in which `autograder`, `course_utils` and `solutions` are the clone's.

    The other packages are those of the environment that runs the tests; how they were installed makes no difference to
    what is imported, and installing them anew would take minutes and a network.

    Attributes:
        root: the clone.
        environment: variables with which its commands run; no `PYTHONPATH`.
    """

    def __init__(self, folder: Path) -> None:
        self.root = folder / "clone"
        for name in _files():
            target = self.root / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target)
        home, made = folder / "home", folder / "environment"
        home.mkdir()
        venv.create(made, symlinks=True)
        packages = next(made.glob("lib/python*/site-packages"))
        # A folder that is named in a .pth has its own .pth files left alone, and with them this checkout.
        (packages / "clone.pth").write_text(f"{self.root}\n{site.getsitepackages()[0]}\n")
        for name in PROGRAMS:
            program = made / "bin" / name
            program.write_text(_PROGRAM.format(python=made / "bin/python", name=name))
            program.chmod(0o755)
        kept = {name: os.environ[name] for name in ("LANG", "LC_ALL", "TMPDIR") if name in os.environ}
        self.environment: Mapping[str, str] = {
            **kept,
            "PATH": f"{made / 'bin'}:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(home),
            # nbconvert's templates.
            "JUPYTER_PATH": str(Path(sys.prefix) / "share/jupyter"),
            "OMP_NUM_THREADS": "1",
        }

    def run(self, line: str, *, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run a line as it would be typed into a shell, in the clone unless told otherwise."""
        return subprocess.run(
            ["/bin/sh", "-c", line],
            cwd=cwd or self.root,
            env=dict(self.environment),
            capture_output=True,
            text=True,
            check=False,
        )


def _files() -> list[str]:
    """What a commit of all that is here would hold."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    return [name for name in listed if name and (ROOT / name).is_file()]


def commands_in(page: Path, *programs: str) -> list[str]:
    """The command lines of these programs in a page's `sh` blocks, as printed."""
    found, inside = [], False
    for line in page.read_text(encoding="utf-8").splitlines():
        if line.startswith("```"):
            inside = line == "```sh"
        elif inside and line.split()[:1] and line.split()[0] in programs:
            found.append(line)
    return found

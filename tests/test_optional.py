from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.optional import hide


def program(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def test_only_what_is_optional_is_hidden(tmp_path: Path) -> None:
    program(tmp_path / "a b" / "bwrap", "echo sandbox")
    program(tmp_path / "a b" / "other", 'echo "other $1"; exit 3')
    program(tmp_path / "second" / "bwrap", "echo sandbox")
    program(tmp_path / "third" / "third", "echo third")
    (tmp_path / "hidden").mkdir()
    before = os.pathsep.join(str(tmp_path / name) for name in ("a b", "second", "third", "nowhere"))
    path = hide(tmp_path / "hidden", before)
    assert shutil.which("bwrap", path=before)
    assert shutil.which("bwrap", path=path) is None
    other = shutil.which("other", path=path)
    assert other
    done = subprocess.run([other, "x y"], capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("other x y\n", 3)
    # A folder in which nothing is hidden stays what it was.
    assert path.split(os.pathsep)[2:] == before.split(os.pathsep)[2:]


def test_python_finds_its_packages_beside_a_hidden_program(tmp_path: Path) -> None:
    there = Path(sys.executable)
    (tmp_path / "bin").mkdir()
    (tmp_path / "hidden").mkdir()
    program(tmp_path / "bin" / "chromedriver", "")
    program(tmp_path / "bin" / there.name, f'exec "{there}" "$@"')
    found = shutil.which(there.name, path=hide(tmp_path / "hidden", str(tmp_path / "bin")))
    assert found
    done = subprocess.run([found, "-c", "import sys; print(sys.prefix)"], capture_output=True, text=True)
    assert done.stdout.strip() == sys.prefix

"""The fork server starts before torch is imported, so that both sides import it at the same time."""

from __future__ import annotations

import subprocess
import sys

from tests.support import ROOT


def test_nothing_heavy_is_imported_before_a_command_runs() -> None:
    program = """
import sys
import autograder.cli
heavy = {"torch", "numpy", "matplotlib", "nbformat", "jinja2", "sqlalchemy", "dask"} & sys.modules.keys()
sys.exit(f"imported: {sorted(heavy)}" if heavy else 0)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr

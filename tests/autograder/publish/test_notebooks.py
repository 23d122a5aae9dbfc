"""The solved notebooks run from top to bottom, in the profile that shortens everything but skips nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.course.units import unit_ids
from benchmarks.notebooks import execute
from tests.support import ROOT
from tests.support.network import loaded
from tests.support.turns import due


@pytest.mark.parametrize("unit", unit_ids(ROOT))
def test_solved_notebook_runs(unit: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not due(unit):
        pytest.skip(f"{unit} has not changed, and it is the turn of others: `make test` runs all")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    notebook, _ = execute(unit, "check", tmp_path)
    outputs = [(n, out) for n, cell in enumerate(notebook.cells, 1) for out in cell.get("outputs", ())]
    assert len(outputs) > 20
    noise = [(n, out.text) for n, out in outputs if out.output_type == "stream" and out.name == "stderr"]
    # A warning in a solved notebook would greet every student.
    assert noise == []
    # Films, tables and results of checks are seen without a network too.
    shown = [
        (n, kind, text)
        for n, out in outputs
        for kind, text in out.get("data", {}).items()
        if "image" not in kind
    ]
    assert [
        (n, kind, loaded(text)) for n, kind, text in shown if isinstance(text, str) and loaded(text)
    ] == []
    pictures = [out for _, out in outputs if "image/png" in out.get("data", {})]
    assert len(pictures) >= 5

"""Solved notebooks from top to bottom, in the profile a student has: minutes, slowest cells, and how much of the code
carries the idea of the notebook.

make notebooks                           # all units
python -m benchmarks.notebooks moco      # one

The executed notebooks and their HTML pages are kept in build/notebooks/, or where --out says.
"""

import argparse
import ast
import contextlib
import os
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

from autograder.course.config import find_root
from autograder.course.units import unit_ids


def execute(unit: str, profile: str, folder: Path) -> tuple[Any, float]:
    """Run a unit's solved notebook with `folder` as its working directory.

    Args:
        unit: its id.
        profile: `"check"`, `"default"` or `"full"`.
        folder: an empty folder.

    Returns:
        The executed notebook, and the seconds it took, kernel start included.

    Raises:
        nbclient.exceptions.CellExecutionError: a cell failed.
    """
    notebook = nbformat.read(find_root() / "source" / unit / f"{unit}.ipynb", as_version=4)
    # The last cell would submit the notebook, and run it once more for that.
    environment = {**os.environ, "COURSE_PROFILE": profile, "COURSE_SUBMITTING": "1"}
    began = time.perf_counter()
    # As in a browser: what a progress bar wrote over is gone.
    client = NotebookClient(
        notebook, timeout=1800, coalesce_streams=True, resources={"metadata": {"path": str(folder)}}
    )
    client.execute(env=environment)
    return notebook, time.perf_counter() - began


def cell_seconds(notebook: Any) -> Iterator[tuple[float, int, str]]:
    """Seconds, number and first line of each code cell."""
    for number, cell in enumerate(notebook.cells, start=1):
        times = cell.metadata.get("execution", {})
        if cell.cell_type == "code" and "shell.execute_reply" in times:
            began, ended = (
                datetime.fromisoformat(times[key].replace("Z", "+00:00"))
                for key in ("iopub.status.busy", "shell.execute_reply")
            )
            yield (ended - began).total_seconds(), number, cell.source.strip().split("\n")[0]


def code_lines(source: str) -> int:
    """Lines that are neither empty, nor comments, nor part of a docstring."""
    lines = source.split("\n")
    said: set[int] = set()
    with contextlib.suppress(SyntaxError):  # a magic of IPython's
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node) is not None:
                said |= set(range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1))
    return sum(
        bool(line.strip()) and not line.strip().startswith("#") and number not in said
        for number, line in enumerate(lines, start=1)
    )


def idea_share(notebook: Any) -> float:
    """Share of the lines of code that are neither set-up nor marked as plumbing; `cu.check` does not count."""
    idea = plumbing = 0
    for cell in notebook.cells:
        marks = cell.metadata.get("course", {})
        if cell.cell_type != "code" or "check" in marks or "submit" in marks:
            continue
        lines = code_lines(cell.source)
        if marks.get("setup") or marks.get("plumbing"):
            plumbing += lines
        else:
            idea += lines
    return idea / max(1, idea + plumbing)


def main() -> None:
    parser = argparse.ArgumentParser(description="Executes solved notebooks and times them.")
    parser.add_argument("units", nargs="*", default=unit_ids(find_root()))
    parser.add_argument("--profile", default="default")
    parser.add_argument(
        "--out",
        type=Path,
        default=find_root() / "build" / "notebooks",
        help="where the executed notebooks and their HTML pages are kept",
    )
    given = parser.parse_args()
    total = 0.0
    for unit in given.units:
        with tempfile.TemporaryDirectory() as folder:
            notebook, seconds = execute(unit, given.profile, Path(folder))
        total += seconds
        page = keep(notebook, given.out / unit)
        share = idea_share(notebook)
        print(f"{unit}: {seconds / 60:.1f} min, {share:.0%} of the code carries its idea, {page}", flush=True)
        for spent, number, line in sorted(cell_seconds(notebook), reverse=True)[:5]:
            print(f"  {spent:6.1f} s  cell {number}: {line[:80]}", flush=True)
    print(f"{len(given.units)} notebooks, profile {given.profile}: {total / 60:.1f} min")


def keep(notebook: Any, path: Path) -> Path:
    """Write the executed notebook and its page, whose path is returned."""
    from nbconvert import HTMLExporter

    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path.with_suffix(".ipynb"))
    text, _ = HTMLExporter().from_notebook_node(notebook)
    page = path.with_suffix(".html")
    page.write_text(text, encoding="utf-8")
    return page


if __name__ == "__main__":
    main()

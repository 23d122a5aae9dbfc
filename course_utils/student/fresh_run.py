"""The whole notebook, run from a fresh kernel: where it stops, and what its checks say there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import warnings
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tqdm import tqdm

from course_utils.setup import PROFILE_VARIABLE, Profile

NotebookJson = dict[str, Any]

# Set in the fresh kernel, so that a notebook that calls `submit` does not submit itself again and again.
INSIDE = "COURSE_SUBMITTING"
MARK = "course_utils.student.submit: "
_SECONDS_PER_CELL, _SECONDS_FOR_CHECKS = 120, 120


@dataclass(frozen=True)
class ExerciseResult:
    """What the visible checks say of one exercise.

    Attributes:
        notes: what is particular about where the grader finds its code.
    """

    exercise: str
    status: str
    points: float
    max_points: float
    reason: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class CheckedExercise(ExerciseResult):
    """An exercise that was looked at here.

    Attributes:
        passed, checks: how many visible checks passed, and of how many.
        files: names of files that the grader will miss -> a sentence on each.
        lacks: whether it asks for something else that the grader does not have, which the reason says.
        names: what the function uses in the kernel that was looked at, see `state.names_used`.
    """

    passed: int = 0
    checks: int = 0
    files: dict[str, str] = field(default_factory=dict)
    lacks: bool = False
    names: dict[str, str] = field(default_factory=dict)


def first_line(source: str) -> str:
    """The first line of a cell that holds anything, as far as it is told."""
    return next((line.strip() for line in source.splitlines() if line.strip()), "")[:70]


def cell_source(cell: Mapping[str, Any]) -> str:
    source = cell.get("source") or ""
    return source if isinstance(source, str) else "".join(map(str, source))


@dataclass
class FreshRun:
    """What became of a notebook that was run from the top.

    Attributes:
        results: one for each exercise; None if the run did not get as far as that.
        stopped: first line of each cell that ended in an exception, and the exception.
        unfinished: how many cells stopped at an exercise that isn't written yet.
    """

    results: list[CheckedExercise] | None = None
    stopped: list[tuple[str, str]] = field(default_factory=list)
    unfinished: int = 0


def run_fresh(
    content: NotebookJson, unit: str, folder: Path, leave_out: Collection[str] = ()
) -> FreshRun | None:
    """Run a notebook from the top in a kernel of its own, in the check profile.

    Args:
        content: the notebook; it is not changed.
        unit: whose exercises are checked at the end.
        folder: working directory of the kernel.
        leave_out: exercises that are not checked, because they do not come to an end.

    Returns:
        What became of it, or None if notebooks can't be run here (nbclient and ipykernel come with Jupyter).
    """
    try:
        import nbformat
        from jupyter_client.kernelspec import KernelSpecManager
        from jupyter_client.manager import AsyncKernelManager
        from nbclient import NotebookClient
    except ImportError:
        return None
    try:
        with warnings.catch_warnings():
            # Editors leave out ids and the like; nbformat puts them in and warns on stderr.
            warnings.simplefilter("ignore")
            notebook = nbformat.reads(json.dumps(content), as_version=4)
    except Exception as error:
        return FreshRun(stopped=[("", f"the notebook could not be opened ({type(error).__name__})")])
    question = f"from course_utils.student.submit import _answer\n_answer(globals(), {unit!r}, {sorted(leave_out)!r})"
    notebook.cells.append(nbformat.v4.new_code_cell(question))
    # No folders: what is left is the kernel of this very Python, whatever other kernels are installed.
    manager = AsyncKernelManager(kernel_name="python3", kernel_spec_manager=KernelSpecManager(kernel_dirs=[]))
    started = [0]

    def on_cell_start(cell: object, cell_index: int) -> None:
        started[0] = cell_index + 1

    client = NotebookClient(
        notebook,
        km=manager,
        timeout_func=lambda cell: _SECONDS_FOR_CHECKS if cell is notebook.cells[-1] else _SECONDS_PER_CELL,
        interrupt_on_timeout=True,
        error_on_timeout={"ename": "Timeout", "evalue": "", "traceback": []},
        allow_errors=True,
        resources={"metadata": {"path": str(folder)}},
        on_cell_start=on_cell_start,
    )
    environment = {**os.environ, PROFILE_VARIABLE: Profile.CHECK.value, INSIDE: "1"}
    failure: list[BaseException] = []

    def run() -> None:
        try:
            # What the kernel itself says on starting is of no use to a student.
            # nbclient leaves the kernel of a manager that it was given running, unless it's told not to.
            client.execute(
                env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cleanup_kc=True
            )
        except BaseException as error:  # a kernel that dies; told below
            failure.append(error)
        finally:
            _kill(manager)

    # A thread of its own, because the event loop of this kernel is busy with the cell that called us.
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        _show_progress(thread, started, len(notebook.cells))
    except KeyboardInterrupt:
        _kill(manager)
        thread.join(10)
        raise
    return _read_run(notebook.cells, failure)


def _kill(manager: Any) -> None:
    """End a kernel's process, if it's still there: it holds torch, a gigabyte of memory."""
    process = getattr(manager.provisioner, "process", None)
    if process is not None and process.poll() is None:
        process.kill()
        process.wait(10)


def _show_progress(thread: threading.Thread, started: Sequence[int], total: int) -> None:
    # On stdout, because text on stderr looks like a failure.
    with tqdm(
        total=total, desc="Running your notebook from the top", unit="cell", file=sys.stdout, leave=False
    ) as bar:
        while thread.is_alive():
            thread.join(0.2)
            if started[0] > bar.n:
                bar.update(started[0] - bar.n)


def _read_run(cells: Sequence[Mapping[str, Any]], failure: Sequence[BaseException]) -> FreshRun:
    run = FreshRun()
    for cell in cells[:-1]:
        for output in cell.get("outputs", ()):
            if output["output_type"] != "error":
                continue
            if output["ename"] == "NotImplementedError":
                run.unfinished += 1
            else:
                error = f"{output['ename']}: {output['evalue']}"[:200]
                # On running out of time a cell is interrupted.
                if output["ename"] in ("KeyboardInterrupt", "Timeout"):
                    error = f"it takes more than {_SECONDS_PER_CELL} seconds in the check profile"
                run.stopped.append((first_line(cell_source(cell)), error))
    if failure:
        run.stopped.append(
            ("", f"the kernel stopped ({type(failure[0]).__name__}): " + str(failure[0]).strip()[:200])
        )
    for output in cells[-1].get("outputs", ()):
        for line in str(output.get("text", "")).splitlines():
            if line.startswith(MARK):
                run.results = [CheckedExercise(**item) for item in json.loads(line.removeprefix(MARK))]
    return run

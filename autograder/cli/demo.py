"""`autograder demo`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from autograder.cli.terminal import SOME_FAILED, console, messages
from autograder.errors import writing
from autograder.sandbox.imports import imports_kept
from autograder.sandbox.namespaces import UIDS


def demo_command(
    folder: Annotated[Path, typer.Argument(help="Where to put the class and its results.")] = Path("demo"),
    assignment: Annotated[str, typer.Option(help="Id of the unit.")] = "moco",
    students: Annotated[int, typer.Option(help="Size of the class.", min=1, max=1000)] = 24,
) -> None:
    """Make a class of sample submissions and grade it."""
    with imports_kept():
        from autograder.cli import session
        from autograder.course.config import find_root
        from autograder.course.units import load_unit
        from autograder.publish.sample_class import make_class

    unit = load_unit(find_root(), assignment)
    with writing(folder):
        submitted = make_class(unit, folder / "submitted", students)
    failed = session.grade_class(
        [submitted],
        assignment,
        folder / "results",
        session.Options(jobs=min(os.cpu_count() or 1, UIDS), device="cpu", resume=False, demo_secret=True),
        console=console,
        messages=messages,
    )
    # One of the class is unreadable on purpose; a fault of the grader is none that a demo may hide.
    if failed.ours:
        raise typer.Exit(SOME_FAILED)

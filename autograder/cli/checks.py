"""`autograder checks`: the table, the page, and what is to be mended."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, TimeElapsedColumn, TimeRemainingColumn

from autograder.cli.terminal import SOME_FAILED, Units, console

_WIDTH = 180


def checks(
    units: Units = None,
    seeds: Annotated[int, typer.Option(help="Seeds under which right answers are tried.", min=1)] = 200,
    every: Annotated[
        bool,
        typer.Option(
            "--every", help="Each seed with all numbers of threads and dtypes, not with one in turn."
        ),
    ] = False,
    write: Annotated[
        bool, typer.Option("--write", help="Write docs/checks.md, if it is not what is found.")
    ] = False,
    jobs: Annotated[int, typer.Option(help="Processes at the same time.", min=1)] = os.cpu_count() or 1,
) -> None:
    """Try the checks on wrong answers, which they must refuse, and on right ones, which they must accept."""
    from autograder.course.config import find_root
    from autograder.course.units import unit_ids

    root = find_root()
    if _run(
        root,
        units or unit_ids(root),
        seeds,
        every=every,
        write=write,
        whole=not units,
        jobs=jobs,
    ):
        raise typer.Exit(SOME_FAILED)


def _run(
    root: Path,
    units: Sequence[str],
    seeds: int,
    *,
    every: bool,
    write: bool,
    whole: bool,
    jobs: int,
) -> bool:
    """Try all answers, print the table.

    Args:
        root, units, jobs: as for `run.survey`.
        seeds, every: as in `survey.Plan`.
        write: write the page, if these are all units under the standing plan.
        whole: these are all units.

    Returns:
        Whether anything is to be mended.

    Raises:
        UserError: a unit cannot be loaded.
    """
    from autograder.quality.gate import complaints
    from autograder.quality.page import PAGE, page, table
    from autograder.quality.run import survey
    from autograder.quality.survey import Plan

    plan = Plan(seeds=seeds, every=every)
    with Progress(
        *Progress.get_default_columns()[:-1], TimeElapsedColumn(), TimeRemainingColumn(), console=console
    ) as bar:
        task = bar.add_task("Trying answers", total=None)
        results = survey(
            root,
            units,
            plan,
            jobs=jobs,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    # As wide as it is, in a pipe as well: a column that is cut says nothing.
    Console(file=console.file, width=max(console.width, _WIDTH)).print(table(results))
    found = complaints(results)
    if whole and plan == Plan():
        found += _page(root / PAGE, page(results, plan), write=write)
    for complaint in found:
        console.print(escape(complaint), highlight=False, soft_wrap=True)
    return bool(found)


def _page(path: Path, text: str, *, write: bool) -> list[str]:
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return []
    if not write:
        return [f"{path}: is not what the checks give now: run `autograder checks --write` and commit it"]
    path.write_text(text, encoding="utf-8")
    return []

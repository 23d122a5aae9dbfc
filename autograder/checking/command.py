"""`autograder checks`: the table, the page, and what is to be mended."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, TimeElapsedColumn, TimeRemainingColumn

from autograder.checking.gate import complaints
from autograder.checking.page import PAGE, page, table
from autograder.checking.run import survey
from autograder.checking.survey import Plan

_WIDTH = 180


def checks(
    root: Path,
    units: Sequence[str],
    seeds: int,
    *,
    every: bool,
    write: bool,
    whole: bool,
    jobs: int,
    console: Console,
) -> bool:
    """Try all answers, print the table.

    Args:
        root, units, jobs: as for `run.survey`.
        seeds, every: as in `survey.Plan`.
        write: write the page, if these are all units under the standing plan.
        whole: these are all units.
        console: where the table goes.

    Returns:
        Whether anything is to be mended.

    Raises:
        UserError: a unit cannot be loaded.
    """
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

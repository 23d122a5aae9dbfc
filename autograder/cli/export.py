"""`autograder export FORMAT DIR`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from autograder.cli.terminal import SOME_FAILED, console, messages, tell
from autograder.errors import UserError

if TYPE_CHECKING:
    from autograder.results import Line

FORMATS = ("nbgrader", "csv")


def export_command(
    form: Annotated[str, typer.Argument(metavar="FORMAT", help=f"One of {', '.join(FORMATS)}.")],
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder with grades.jsonl.", file_okay=False)],
    db: Annotated[
        str | None,
        typer.Option(
            help="nbgrader: URL of the gradebook, sqlite:///… or postgresql://…; nbgrader's own if left out."
        ),
    ] = None,
) -> None:
    """Write results into nbgrader's gradebook, or as a table (DIR/grades.csv)."""
    from autograder.grading import journal

    if form not in FORMATS:
        raise UserError(f"unknown format {form!r}: choose one of {', '.join(FORMATS)}")
    if db is not None and form != "nbgrader":
        raise UserError(f"--db names nbgrader's gradebook; {form} has none")
    contents = journal.read_journal(folder)
    tell(messages, *contents.notices())
    grades = list(contents.lines.values())
    if not grades:
        raise UserError(
            f"{folder / journal.NAME} has no results: run `autograder grade ... --out {folder}` first"
        )
    if form == "csv":
        _csv(folder, grades)
    else:
        _nbgrader(grades, db)


def _csv(folder: Path, grades: list[Line]) -> None:
    from autograder.export.table import write_table

    console.print(escape(f"The table is {write_table(folder, grades)}"), highlight=False, soft_wrap=True)


def _nbgrader(grades: list[Line], db: str | None) -> None:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from autograder.course.config import find_root
    from autograder.nbgrader.gradebook import write_gradebook

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("left"))
    with Progress(*columns, TimeRemainingColumn(), console=messages) as progress:
        task = progress.add_task("writing", total=len(grades))
        outcome = write_gradebook(grades, find_root(), db, progress=lambda: progress.advance(task))
    console.print(
        escape(
            f"{outcome.database}: {outcome.new} new, {outcome.changed} changed, {outcome.same} as they were, "
            f"{len(outcome.not_written)} not written"
        ),
        highlight=False,
        soft_wrap=True,
    )
    for note in outcome.notes:
        messages.print(escape(note), highlight=False, soft_wrap=True)
    for student, unit, reason in outcome.not_written:
        messages.print(
            f"[bold]not written:[/bold] {escape(f'{student}, {unit}: {reason}')}",
            highlight=False,
            soft_wrap=True,
        )
    if outcome.not_written:
        raise typer.Exit(SOME_FAILED)

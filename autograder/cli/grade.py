"""`autograder grade`."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from autograder.cli.early import early_server
from autograder.cli.terminal import SOME_FAILED, console, messages
from autograder.course.config import find_root, load_course
from autograder.errors import UserError
from autograder.intake.layouts import LAYOUT_NAMES
from autograder.sandbox.imports import imports_kept
from autograder.sandbox.namespaces import UIDS


def grade_command(
    paths: Annotated[
        list[Path],
        typer.Argument(
            help="A learning system's download, nbgrader's submitted/, a folder of notebooks; zipped or not."
        ),
    ],
    assignment: Annotated[str, typer.Option(help="Id of the unit.")],
    out: Annotated[
        Path, typer.Option(help="Folder for grades.jsonl and the report.", file_okay=False)
    ] = Path("grades"),
    jobs: Annotated[int, typer.Option(help="Submissions graded at the same time.", min=1)] = min(
        os.cpu_count() or 1, UIDS
    ),
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    resume: Annotated[bool, typer.Option(help="Keep results whose file and checks have not changed.")] = True,
    wait: Annotated[
        bool, typer.Option(help="Wait for another grader that is at work in the same folder.")
    ] = True,
    sandbox: Annotated[
        str | None, typer.Option(help="full or restricted; the best that this machine has if left out.")
    ] = None,
    unsafe: Annotated[
        bool, typer.Option("--unsafe", help="Allow student code to run without isolation by the system.")
    ] = False,
    scheduler: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Grade on the workers of this Dask scheduler: docs/cluster.md."),
    ] = None,
    layout: Annotated[
        str | None,
        typer.Option(metavar="NAME", help=f"{', '.join(LAYOUT_NAMES)}; recognised if left out."),
    ] = None,
    roster: Annotated[
        Path | None, typer.Option(help="CSV of all in the course: key, name, email, section.", dir_okay=False)
    ] = None,
    times: Annotated[
        Path | None,
        typer.Option(
            help="CSV of times of hand-in: key, submitted_at. Wins over what is found.", dir_okay=False
        ),
    ] = None,
    late_days: Annotated[
        int | None,
        typer.Option(
            help="Days late of whatever is marked LATE without a time; not counted if left out.", min=0
        ),
    ] = None,
    demo_secret: Annotated[bool, typer.Option(hidden=True)] = False,
) -> None:
    """Grade a class."""
    if device not in ("auto", "cpu", "cuda"):
        raise UserError(f"--device {device}: choose auto, cpu or cuda")
    course = load_course(find_root())
    with ExitStack() as stack:
        server = None
        if scheduler is None:
            server = stack.enter_context(
                early_server(course, jobs=jobs, device=device, tier=sandbox, unsafe=unsafe or demo_secret)
            )
        with imports_kept():
            from autograder.cli import session

        failed = session.grade_class(
            paths,
            assignment,
            out,
            session.Options(
                jobs=jobs,
                device=device,
                resume=resume,
                demo_secret=demo_secret,
                wait=wait,
                tier=sandbox,
                unsafe=unsafe,
                scheduler=scheduler,
                layout=layout,
                roster=roster,
                times=times,
                late_days=late_days,
            ),
            console=console,
            messages=messages,
            server=server,
            course=course,
        )
    if failed:
        raise typer.Exit(SOME_FAILED)

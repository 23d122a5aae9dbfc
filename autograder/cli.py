"""The command line: `autograder --help`."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.markup import escape

from autograder.errors import UserError
from autograder.export.command import export
from autograder.sandbox.imports import imports_kept
from autograder.sandbox.namespaces import UIDS
from course_utils.notebook.plain import plain

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Build, release and grade the course's problem sets."
)
console = Console()
messages = Console(stderr=True)

Units = Annotated[list[str] | None, typer.Argument(help="Ids of units; all if left out.")]
OutDir = Annotated[Path, typer.Argument(help="Folder.", file_okay=False)]

# Exit codes of the contract.
SOME_FAILED, BAD_USAGE = 1, 2


@app.command()
def build(
    units: Units = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail if a committed file is stale.")
    ] = False,
) -> None:
    """Make source/, assignments/ and the recorded checks from solutions/."""
    from autograder.build import build as run
    from autograder.config import find_root
    from autograder.units import unit_ids

    root = find_root()
    run(root, units or unit_ids(root), check=check)


@app.command()
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
    from autograder.checking.command import checks as run
    from autograder.config import find_root
    from autograder.units import unit_ids

    root = find_root()
    if run(
        root,
        units or unit_ids(root),
        seeds,
        every=every,
        write=write,
        whole=not units,
        jobs=jobs,
        console=console,
    ):
        raise typer.Exit(SOME_FAILED)


@app.command()
def release(folder: OutDir) -> None:
    """Write what students get: notebooks, the course_utils wheel, README."""
    from autograder.config import find_root
    from autograder.release import release as run

    run(find_root(), folder)
    console.print(f"The release is in {folder}")


@app.command()
def grade(
    paths: Annotated[
        list[Path], typer.Argument(help="nbgrader's submitted/ tree, a folder of notebooks, or a zip.")
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
    demo_secret: Annotated[bool, typer.Option(hidden=True)] = False,
) -> None:
    """Grade a class."""
    from autograder.early import early_server

    if device not in ("auto", "cpu", "cuda"):
        raise UserError(f"--device {device}: choose auto, cpu or cuda")
    with ExitStack() as stack:
        server = None
        if scheduler is None:
            server = stack.enter_context(
                early_server(jobs=jobs, device=device, tier=sandbox, unsafe=unsafe or demo_secret)
            )
        with imports_kept():
            from autograder import session

        failed = session.grade(
            paths,
            assignment,
            out,
            jobs=jobs,
            device=device,
            resume=resume,
            demo_secret=demo_secret,
            console=console,
            messages=messages,
            wait=wait,
            tier=sandbox,
            unsafe=unsafe,
            scheduler=scheduler,
            server=server,
        )
    if failed:
        raise typer.Exit(SOME_FAILED)


@app.command()
def report(folder: OutDir) -> None:
    """Write the class report and the feedback pages from a folder's grades.jsonl."""
    from autograder.report.pages import write

    console.print(f"The report is {write(folder)}")


@app.command()
def doctor() -> None:
    """Say what this machine offers: sandbox tier, device, versions."""
    from autograder.doctor import findings

    for name, value in findings():
        console.print(f"{name:18}{escape(value)}", highlight=False, soft_wrap=True)


@app.command()
def demo(
    folder: Annotated[Path, typer.Argument(help="Where to put the class and its results.")] = Path("demo"),
    assignment: Annotated[str, typer.Option(help="Id of the unit.")] = "moco",
    students: Annotated[int, typer.Option(help="Size of the class.", min=1, max=1000)] = 24,
) -> None:
    """Make a class of sample submissions and grade it."""
    with imports_kept():
        from autograder import session
        from autograder.config import find_root
        from autograder.demo import make_class
        from autograder.units import load_unit

    submitted = make_class(load_unit(find_root(), assignment), folder / "submitted", students)
    failed = session.grade(
        [submitted],
        assignment,
        folder / "results",
        jobs=min(os.cpu_count() or 1, UIDS),
        device="cpu",
        resume=False,
        demo_secret=True,
        console=console,
        messages=messages,
    )
    # One of the class is unreadable on purpose; a fault of the grader is none that a demo may hide.
    if failed.ours:
        raise typer.Exit(SOME_FAILED)


app.command()(export)


def main() -> NoReturn:
    """Run the command line; errors that a person can mend are told without a stack."""
    code: str | int | None = 0
    try:
        app(standalone_mode=True)
    except UserError as error:
        text = "\n".join(map(plain, str(error).splitlines()))
        messages.print(f"[bold]autograder:[/bold] {escape(text)}", highlight=False, soft_wrap=True)
        code = BAD_USAGE
    except SystemExit as ended:
        code = ended.code
    if isinstance(code, int | None):
        # All files are written and closed. What is left is torch taking itself apart, for half a second.
        logging.shutdown()
        with contextlib.suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code or 0)
    sys.exit(code)

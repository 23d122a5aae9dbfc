"""The command line: `autograder --help`. One file a command; what they print goes through `terminal`."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from collections.abc import Callable
from typing import NoReturn

import typer
from rich.markup import escape

from autograder.cli.build import build_command
from autograder.cli.checks import checks_command
from autograder.cli.demo import demo_command
from autograder.cli.doctor import doctor_command
from autograder.cli.export import export_command
from autograder.cli.grade import grade_command
from autograder.cli.new import new_command
from autograder.cli.release import release_command
from autograder.cli.report import report_command
from autograder.cli.terminal import BAD_USAGE, messages
from autograder.errors import UserError
from autograder.shown import one_line

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Build, release and grade the course's problem sets."
)
COMMANDS: dict[str, Callable[..., None]] = {
    "build": build_command,
    "release": release_command,
    "grade": grade_command,
    "report": report_command,
    "export": export_command,
    "new": new_command,
    "checks": checks_command,
    "doctor": doctor_command,
    "demo": demo_command,
}
for name, command in COMMANDS.items():
    app.command(name)(command)


def main() -> NoReturn:
    """Run the command line; errors that a person can mend are told without a stack."""
    code: str | int | None = 0
    try:
        app(standalone_mode=True)
    except UserError as error:
        text = "\n".join(map(one_line, str(error).splitlines()))
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

"""`autograder build`."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape

from autograder.cli.terminal import Units, console


def build_command(
    units: Units = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail if a committed file is stale.")
    ] = False,
) -> None:
    """Make source/, assignments/ and the recorded checks from solutions/."""
    from autograder.course.config import find_root
    from autograder.course.units import load_unit, unit_ids
    from autograder.publish.build import build_course as run

    root = find_root()
    wanted = units or unit_ids(root)
    for unit in wanted:
        for path in load_unit(root, unit).overrides:
            said = f"{path.relative_to(root)} takes the place of the file in solutions/"
            console.print(escape(said), highlight=False, soft_wrap=True)
    for path in run(root, wanted, check=check):
        console.print(escape(f"Written: {path}"), highlight=False, soft_wrap=True)

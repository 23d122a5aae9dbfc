"""`autograder build`."""

from __future__ import annotations

from typing import Annotated

import typer

from autograder.cli.terminal import Units


def build(
    units: Units = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail if a committed file is stale.")
    ] = False,
) -> None:
    """Make source/, assignments/ and the recorded checks from solutions/."""
    from autograder.course.config import find_root
    from autograder.course.units import unit_ids
    from autograder.publish.build import build as run

    root = find_root()
    run(root, units or unit_ids(root), check=check)

"""`autograder build`."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from autograder.cli.terminal import Units, console, messages, tell
from autograder.errors import UserError

if TYPE_CHECKING:
    from autograder.course.units import Unit


def build_command(
    units: Units = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail if a committed file is stale.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace generated files that were edited since.")
    ] = False,
) -> None:
    """Make source/, assignments/ and the recorded checks from solutions/. No other file is touched."""
    from autograder.course.config import find_root, load_course
    from autograder.course.units import load_unit, unit_ids
    from autograder.publish.build import build_course as run
    from autograder.publish.published import no_address
    from autograder.publish.renaming import twins

    root = find_root()
    wanted = units or unit_ids(root)
    for unit in wanted:
        for path in load_unit(root, unit).overrides:
            tell(console, f"{path.relative_to(root)} takes the place of the file in solutions/")
    if warning := no_address(root, load_course(root).release_url):
        tell(messages, f"Warning: {warning}")
    result = run(root, wanted, check=check, overwrite=overwrite)
    if check:
        return
    for one, other in twins(_loadable(root)):
        tell(
            console,
            f"{one} and {other} have the same reference: is one of them a copy that is still to be changed?",
        )
    tell(console, *(f"Written: {path}" for path in result.written))
    tell(console, *(f"Removed: {path}: {why}" for path, why in result.removed.items()))
    tell(
        console,
        *(
            f"Left as it is: {path}: {why}, but it was edited since it was generated: delete it if nobody needs it"
            for path, why in result.left.items()
        ),
    )
    tell(console, f"{result.unchanged} of {result.unchanged + len(result.written)} files are as they were.")


def _loadable(root: Path) -> Iterator[Unit]:
    """All units but those that are unfinished: these are told of when they are built."""
    from autograder.course.units import load_unit, unit_ids

    for unit in unit_ids(root):
        with contextlib.suppress(UserError):
            yield load_unit(root, unit)

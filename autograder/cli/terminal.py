"""The terminal: consoles, exit codes, and how sentences are told."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from autograder.shown import one_line, visible


class _Console(Console):
    """One that prints no text that steers it, whoever put it there."""

    def print(self, *objects: Any, **how: Any) -> None:
        super().print(*(visible(item) if isinstance(item, str) else item for item in objects), **how)


console = _Console()
messages = _Console(stderr=True)

# Exit codes of the contract.
SOME_FAILED, BAD_USAGE = 1, 2

Units = Annotated[list[str] | None, typer.Argument(help="Ids of units; all if left out.")]
OutDir = Annotated[Path, typer.Argument(help="Folder.", file_okay=False)]


def tell(shown_on: Console, *sentences: str) -> None:
    """Show sentences as they are, each on a line: nothing in them is markup or speaks to the terminal."""
    for text in sentences:
        shown_on.print(escape(one_line(text)), highlight=False, soft_wrap=True)


@contextlib.contextmanager
def notices(shown_on: Console) -> Iterator[None]:
    """Show what is logged meanwhile under the name `autograder`, from information upwards."""
    log, handler = logging.getLogger("autograder"), _Notices(shown_on)
    level = log.level
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    try:
        yield
    finally:
        log.setLevel(level)
        log.removeHandler(handler)


class _Notices(logging.Handler):
    def __init__(self, shown_on: Console) -> None:
        super().__init__(logging.INFO)
        self._shown_on = shown_on

    def emit(self, record: logging.LogRecord) -> None:
        tell(self._shown_on, record.getMessage())

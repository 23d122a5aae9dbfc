"""The terminal: consoles, exit codes, and how errors are told."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

console = Console()
messages = Console(stderr=True)

# Exit codes of the contract.
SOME_FAILED, BAD_USAGE = 1, 2

Units = Annotated[list[str] | None, typer.Argument(help="Ids of units; all if left out.")]
OutDir = Annotated[Path, typer.Argument(help="Folder.", file_okay=False)]

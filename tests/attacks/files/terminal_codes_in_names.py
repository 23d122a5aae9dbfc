"""Names that speak to the terminal.

Tries: names hold escape sequences, C1 codes, line ends and marks that turn the direction of writing.
Must: outcome: graded; score: full
"""

from pathlib import Path

from tests.attacks.making import notebook

NAMES = (
    "\x1b[2J\x1b[1;1Hgraded",
    "\x1b]0;title\x07x",
    "\x9b31mred",
    "two\nlines",
    "back\b\b\b\brub",
    "\u202eada",
    "[bold red]markup",
)


def build(folder: Path) -> None:
    for name in NAMES:
        (folder / f"{name}.ipynb").write_bytes(notebook())

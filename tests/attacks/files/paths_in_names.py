"""Names that are paths.

Tries: folders and files are called as places elsewhere, for whoever makes a file name of them.
Must: outcome: graded | unreadable
"""

from pathlib import Path

from tests.attacks.making import notebook

NAMES = (
    "..\\..\\eve",
    "....",
    "%2e%2e%2feve",
    "C:eve",
    "~",
    "$HOME",
    "`id`",
    "nul",
    "eve\\..\\ada",
    "x" * 240,
)


def build(folder: Path) -> None:
    for name in NAMES:
        (folder / f"{name}.ipynb").write_bytes(notebook())

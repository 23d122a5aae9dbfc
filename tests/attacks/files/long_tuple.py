"""A tuple of two million numbers.

Tries: the tree of a cell is five hundred times larger than its text.
Must: outcome: graded | unreadable
"""

from pathlib import Path

from tests.attacks.making import enqueue_with, notebook


def build(folder: Path) -> None:
    (folder / "mallory.ipynb").write_bytes(
        notebook("x = " + "1," * 5_000_000 + "\n" + enqueue_with("return x"))
    )

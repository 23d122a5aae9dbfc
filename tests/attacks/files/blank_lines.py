"""A hundred thousand blank lines.

Tries: they stand in a cell that does not parse, for a pattern that looks for the start of a line.
Must: outcome: graded; score: without enqueue
"""

from pathlib import Path

from tests.attacks.making import notebook


def build(folder: Path) -> None:
    (folder / "mallory.ipynb").write_bytes(notebook("(" + "\n" * 100_000))

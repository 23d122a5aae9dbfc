"""A notebook of 100,000 cells.

Tries: the exercises are right, among a hundred thousand cells that do nothing.
Must: outcome: graded; score: full
"""

from pathlib import Path

from tests.attacks.making import notebook


def build(folder: Path) -> None:
    (folder / "mallory.ipynb").write_bytes(
        notebook(more=[f"x{number} = {number}" for number in range(100_000)])
    )

"""A hundred thousand cells that only IPython could read.

Tries: each is no Python, and looks as if it held a magic.
Must: outcome: graded; score: full; says: left out
"""

from pathlib import Path

from tests.attacks.making import notebook


def build(folder: Path) -> None:
    cells = [f"!ls {number}\n)?" for number in range(100_000)]
    (folder / "mallory.ipynb").write_bytes(notebook(more=cells))

"""Twenty thousand lines of shell.

Tries: a cell of lines that only IPython understands, each of which it reads from the top.
Must: outcome: graded
"""

from pathlib import Path

from tests.attacks.making import notebook


def build(folder: Path) -> None:
    (folder / "mallory.ipynb").write_bytes(notebook(more=["!ls\n" * 20_000]))

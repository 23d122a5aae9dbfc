"""Null bytes in a cell.

Tries: the exercise's cell and another hold null bytes.
Must: outcome: graded; score: without enqueue
"""

from pathlib import Path

from tests.attacks.making import notebook


def build(folder: Path) -> None:
    source = "def enqueue(queue, pointer, keys):\n    return '\0'\n"
    (folder / "mallory.ipynb").write_bytes(notebook(source, more=["x = '\0'"]))

"""Two answers under one id.

Tries: a right and a wrong answer carry the same id; the last one counts, and it is said.
Must: outcome: graded; score: without enqueue; says: carry the id
"""

from pathlib import Path

from tests.attacks.making import notebook


def build(folder: Path) -> None:
    wrong = "def enqueue(queue, pointer, keys):\n    return 0\n"
    (folder / "mallory.ipynb").write_bytes(notebook(more=[wrong], more_id="moco-enqueue"))

"""One id for ten thousand cells.

Tries: ten thousand cells carry the id of the exercise, each with another wrong answer.
Must: outcome: graded; score: without enqueue; says: carry the id; short: yes
"""

from pathlib import Path

from tests.attacks.making import notebook


def build(folder: Path) -> None:
    stub = "def enqueue(queue, pointer, keys):\n    return {}\n"
    made = notebook("x = 1", more=[stub.format(number) for number in range(10_000)], more_id="moco-enqueue")
    (folder / "mallory.ipynb").write_bytes(made)

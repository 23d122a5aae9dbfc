"""Forty thousand names, each made from the one before.

Tries: the exercise uses the last of a chain of assignments, and all of them have to be found.
Must: outcome: graded
"""

from pathlib import Path

from tests.attacks.making import enqueue_with, notebook


def build(folder: Path) -> None:
    chain = "a0 = 0\n" + "".join(f"a{n} = a{n - 1}\n" for n in range(1, 40_000))
    (folder / "mallory.ipynb").write_bytes(notebook(chain + enqueue_with("return a39999")))

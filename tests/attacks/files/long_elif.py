"""A chain of 2,000 elifs.

Tries: a statement whose tree is deep, though its text is flat, stands beside right answers.
Must: outcome: graded
"""

from pathlib import Path

from tests.attacks.making import notebook


def build(folder: Path) -> None:
    chain = "x = 1\nif x == 0:\n    y = 0\n" + "".join(f"elif x == {n}:\n    y = {n}\n" for n in range(2000))
    (folder / "mallory.ipynb").write_bytes(notebook(more=[chain]))

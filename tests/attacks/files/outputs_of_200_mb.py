"""Outputs of 200 MB.

Tries: a cell carries 200 MB of output.
Must: outcome: unreadable; says: clear the notebook
"""

from pathlib import Path

from tests.attacks.making import notebook


def build(folder: Path) -> None:
    data = notebook()
    with (folder / "mallory.ipynb").open("wb") as file:
        file.write(data.rstrip()[:-1] + b', "output": "')
        for _ in range(200):
            file.write(b"x" * 2**20)
        file.write(b'"}')

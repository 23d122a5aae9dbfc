"""Folders in folders, 1,100 deep.

Tries: a folder without a notebook, in which one is looked for.
Must: outcome: unreadable | nothing; beside: ada
"""

import os
from pathlib import Path

from tests.attacks.making import notebook


def build(folder: Path) -> None:
    (folder / "ada.ipynb").write_bytes(notebook())
    (folder / "mallory").mkdir()
    here = os.open(folder / "mallory", os.O_RDONLY)
    for _ in range(1100):
        os.mkdir("a", dir_fd=here)
        deeper = os.open("a", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = deeper
    os.close(here)

"""Paths that lead out of the zip.

Tries: notebooks are called `../../moco.ipynb` and the like, with slashes of both kinds.
Must: outcome: unreadable; says: leads out
"""

import zipfile
from pathlib import Path

from tests.attacks.making import notebook


def build(folder: Path) -> None:
    with zipfile.ZipFile(folder / "mallory.zip", "w") as made:
        for name in ("../../moco.ipynb", "..\\..\\moco.ipynb", "/tmp/moco.ipynb"):
            made.writestr(name, notebook())

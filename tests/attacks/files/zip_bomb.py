"""A zip that unpacks to far more than it is.

Tries: a notebook of 150 MB of blanks is packed into 150 kB.
Must: outcome: unreadable; says: MB
"""

import zipfile
from pathlib import Path


def build(folder: Path) -> None:
    with zipfile.ZipFile(folder / "mallory.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as made:
        with made.open("moco.ipynb", "w") as file:
            for _ in range(150):
                file.write(b" " * 2**20)

"""A zip with 25,000 files.

Tries: a table of contents that is long to read.
Must: outcome: unreadable; says: more than
"""

import zipfile
from pathlib import Path


def build(folder: Path) -> None:
    with zipfile.ZipFile(folder / "mallory.zip", "w") as made:
        for number in range(25_000):
            made.writestr(f"{number}.ipynb", b"")

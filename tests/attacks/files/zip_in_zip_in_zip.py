"""Zips in zips in zips.

Tries: a notebook is packed three times over.
Must: outcome: unreadable
"""

import io
import zipfile
from pathlib import Path

from tests.attacks.making import notebook


def build(folder: Path) -> None:
    name, data = "moco.ipynb", notebook()
    for level in range(3):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as made:
            made.writestr(name, data)
        name, data = f"level{level}.zip", buffer.getvalue()
    (folder / "mallory.zip").write_bytes(data)

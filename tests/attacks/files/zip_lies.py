"""A zip whose table of contents lies.

Tries: the size of the notebook is said to be one byte, and its checksum is wrong.
Must: outcome: unreadable
"""

import struct
import zipfile
from pathlib import Path

from tests.attacks.making import notebook


def build(folder: Path) -> None:
    path = folder / "mallory.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("moco.ipynb", notebook())
    data = bytearray(path.read_bytes())
    entry = data.find(b"PK\x01\x02")
    struct.pack_into("<I", data, entry + 16, 0)
    struct.pack_into("<I", data, entry + 24, 1)
    path.write_bytes(data)

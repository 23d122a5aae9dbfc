"""A pipe that nobody writes to.

Tries: a named pipe is called as a zip would be: whoever opens it waits for ever.
Must: outcome: unreadable; beside: ada
"""

import os
from pathlib import Path

from tests.attacks.making import notebook


def build(folder: Path) -> None:
    (folder / "ada.ipynb").write_bytes(notebook())
    os.mkfifo(folder / "mallory.zip")

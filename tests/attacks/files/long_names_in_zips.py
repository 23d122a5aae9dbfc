"""Names of 60 kB.

Tries: a zip may hold names that no file system would, for whoever quotes them.
Must: outcome: graded; score: full; short: yes
"""

import zipfile
from pathlib import Path

from tests.attacks.making import notebook


def build(folder: Path) -> None:
    with zipfile.ZipFile(folder / "class.zip", "w") as made:
        for letter in "xyz":
            made.writestr(f"{letter * 60_000}_12_34_moco.ipynb", notebook())
        made.writestr("ada_12_34_moco.ipynb", notebook())

"""Five hundred attempts in one zip.

Tries: a student hands in as many answers as there may be.
Must: outcome: graded; score: full; short: yes
"""

import zipfile
from pathlib import Path

from tests.attacks.making import notebook


def build(folder: Path) -> None:
    data = notebook()
    with zipfile.ZipFile(folder / "mallory.zip", "w") as made:
        for number in range(500):
            made.writestr(f"attempt{number}.ipynb", data)

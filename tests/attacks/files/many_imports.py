"""Fifty thousand packages that are not there.

Tries: each name that is imported is looked for on the disk.
Must: outcome: graded; score: full
"""

from pathlib import Path

from tests.attacks.making import notebook


def build(folder: Path) -> None:
    one = "import " + ",".join(f"a{number}" for number in range(25_000)) + "\n"
    each = "".join(f"import b{number}\n" for number in range(14_000))
    (folder / "mallory.ipynb").write_bytes(notebook(more=[one, each]))

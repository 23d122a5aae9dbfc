"""A function with a name of a megabyte.

Tries: the name of the function that a cell defines instead is quoted to the student.
Must: outcome: graded; short: yes
"""

from pathlib import Path

from tests.attacks.making import notebook


def build(folder: Path) -> None:
    (folder / "mallory.ipynb").write_bytes(notebook("def " + "a" * 10**6 + "():\n    return 1\n"))

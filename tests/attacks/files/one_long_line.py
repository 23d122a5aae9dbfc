"""Ten megabytes on one line.

Tries: a cell of one line that is no Python, and which IPython's reader would take minutes for.
Must: outcome: graded | unreadable; short: yes
"""

from pathlib import Path

from tests.attacks.making import notebook


def build(folder: Path) -> None:
    (folder / "mallory.ipynb").write_bytes(notebook("enqueue = " + "a+" * 5_000_000))

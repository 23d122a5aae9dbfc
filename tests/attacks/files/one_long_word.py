"""One word of five megabytes in a line that is quoted.

Tries: the line of a syntax error is quoted to the student, and it is long.
Must: outcome: graded | unreadable; short: yes
"""

from pathlib import Path

from tests.attacks.making import notebook


def build(folder: Path) -> None:
    (folder / "mallory.ipynb").write_bytes(notebook("def enqueue(): ?" + "a" * 5_000_000))

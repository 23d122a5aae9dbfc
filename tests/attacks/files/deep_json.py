"""JSON of 100,000 lists in lists.

Tries: the metadata of a notebook is nested deeper than any reader can follow.
Must: outcome: unreadable | graded
"""

from pathlib import Path

from tests.attacks.making import notebook


def build(folder: Path) -> None:
    data = notebook().rstrip()[:-1]
    (folder / "mallory.ipynb").write_bytes(data + b', "deep": ' + b"[" * 100_000 + b"]" * 100_000 + b"}")

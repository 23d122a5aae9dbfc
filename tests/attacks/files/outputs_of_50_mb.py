"""Outputs of 50 MB.

Tries: a right notebook with 50 MB of output: large, and within what is read.
Must: outcome: graded; score: full
"""

from pathlib import Path

from tests.attacks.making import notebook


def build(folder: Path) -> None:
    data = notebook().rstrip()[:-1]
    (folder / "mallory.ipynb").write_bytes(data + b', "output": "' + b"x" * (50 * 2**20) + b'"}')

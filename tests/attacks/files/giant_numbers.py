"""Numbers that no computer holds.

Tries: the version of the notebook's format is infinite, or has a million digits.
Must: outcome: unreadable
"""

from pathlib import Path

CELLS = '"cells": [{"cell_type": "code", "source": "x = 1", "metadata": {}}]'


def build(folder: Path) -> None:
    for name, number in {
        "digits": "9" * 10**6,
        "exponent": "1e400",
        "infinite": "Infinity",
        "none": "NaN",
    }.items():
        (folder / f"{name}.ipynb").write_text(f'{{"nbformat": {number}, {CELLS}}}')

"""Strange things in a notebook of format 3.

Tries: a cell's source is a number, a table, or nothing.
Must: outcome: unreadable | graded; score: 0
"""

from pathlib import Path

CELL = '{"cell_type": "code", "language": "python", "metadata": {}, "outputs": [], "input": %s}'
OLD = '{"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": [%s]}]}'


def build(folder: Path) -> None:
    for name, source in {"number": "5", "nothing": "null", "table": '{"a": 1}', "list": "[1, [2]]"}.items():
        (folder / f"{name}.ipynb").write_text(OLD % (CELL % source))

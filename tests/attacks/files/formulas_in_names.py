"""Names that are formulas of a spreadsheet.

Tries: names begin with the characters by which a spreadsheet knows a formula.
Must: outcome: graded; score: full
"""

from pathlib import Path

from tests.attacks.making import notebook

NAMES = ("=1+1", "+1+1", "-1+1", "@SUM(1,1)", "=HYPERLINK(1,2)", "\t=1+1", "\r=1+1", 'x",=1+1,"')


def build(folder: Path) -> None:
    for name in NAMES:
        (folder / f"{name}.ipynb").write_bytes(notebook())

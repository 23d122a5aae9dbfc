"""Names with characters that nobody sees.

Tries: names hold spaces of no width, joiners, fillers, tags and marks of direction, so that two look alike.
Must: outcome: graded; score: full
"""

from pathlib import Path

from tests.attacks.making import notebook

NAMES = (
    "ad\u200ba",
    "ad\u200da",
    "ad\u2060a",
    "a\u034fda",
    "ada\u3164",
    "\u2066ada\u2069",
    "ada\U000e0041",
    "ada\u2028",
)


def build(folder: Path) -> None:
    for name in NAMES:
        (folder / f"{name}.ipynb").write_bytes(notebook())

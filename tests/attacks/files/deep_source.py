"""Source that is deeper than the parser.

Tries: parentheses, signs, lambdas and sums are nested by the thousand, each in the exercise's own cell.
Must: outcome: graded
"""

from pathlib import Path

from tests.attacks.making import enqueue_with, notebook

DEEP = {
    "parentheses": "(" * 5000 + ")" * 5000,
    "signs": "-" * 100_000 + "1",
    "nots": "not " * 5000 + "1",
    "lambdas": "lambda: " * 2000 + "1",
    "sums": "+".join(["1"] * 50_000),
    "attributes": "a" + ".b" * 50_000,
    "calls": "a" + "()" * 50_000,
    "powers": "**".join(["1"] * 5000),
}


def build(folder: Path) -> None:
    for name, expression in DEEP.items():
        (folder / f"{name}.ipynb").write_bytes(notebook(enqueue_with(f"return {expression}")))

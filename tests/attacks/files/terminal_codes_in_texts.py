"""Texts that speak to the terminal.

Tries: escape sequences stand in an exception, in a broken line of code and in timestamp.txt.
Must: outcome: graded
"""

from pathlib import Path

from tests.attacks.making import notebook

CODES = "\x1b[2J\x9b31m\u202e"


def build(folder: Path) -> None:
    raised = f'def enqueue(queue, pointer, keys):\n    raise ValueError("{CODES}")\n'
    broken = f'def enqueue(queue, pointer, keys):\n    return "{CODES}" ?\n'
    for name, source in {"raised": raised, "broken": broken}.items():
        (folder / name).mkdir()
        (folder / name / "moco.ipynb").write_bytes(notebook(source))
        (folder / name / "timestamp.txt").write_text(CODES)

"""A neighbour's work by a link.

Tries: the notebook is a symbolic link to a neighbour's in the same folder.
Must: outcome: unreadable; beside: ada
"""

from pathlib import Path

from tests.attacks.making import notebook


def build(folder: Path) -> None:
    (folder / "ada.ipynb").write_bytes(notebook())
    (folder / "mallory.ipynb").symlink_to("ada.ipynb")

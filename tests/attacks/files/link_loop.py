"""A link to itself.

Tries: the notebook is a symbolic link that leads back to itself; a neighbour is beside it.
Must: outcome: unreadable; beside: ada
"""

from pathlib import Path

from tests.attacks.making import notebook


def build(folder: Path) -> None:
    (folder / "mallory.ipynb").symlink_to("mallory.ipynb")
    (folder / "ada.ipynb").write_bytes(notebook())

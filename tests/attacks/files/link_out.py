"""A link to a file outside.

Tries: the notebook is a symbolic link that leads out of the folder of submissions.
Must: outcome: unreadable; says: link
"""

from pathlib import Path

from tests.attacks.making import notebook


def build(folder: Path) -> None:
    outside = folder.parent / f"{folder.name}-outside.ipynb"
    outside.write_bytes(notebook())
    (folder / "mallory.ipynb").symlink_to(outside)

"""A symbolic link inside a zip.

Tries: the notebook in the zip is a link to a file of the grader.
Must: outcome: unreadable; says: link
"""

import stat
import zipfile
from pathlib import Path


def build(folder: Path) -> None:
    link = zipfile.ZipInfo("moco.ipynb")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(folder / "mallory.zip", "w") as made:
        made.writestr(link, "/etc/hostname")

"""The working folder of a worker's jobs where there are no namespaces: one on the grader's disk, and how full it is.

No limit of the kernel's holds for a folder on a disk that others use as well, so the worker looks at it every moment
while a job runs. In namespaces it is a file system of its own, which cannot hold more than it may: see `namespaces`.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from course_utils.running.place import empty

# As much as a file system of namespaces takes.
_BYTES = 64 * 2**20
# Fewer than there: on some disks it takes milliseconds to remove a folder, and the next submission waits for it.
_ENTRIES = 1024
# No notebook's own. A tree that is deeper is not looked at to its end.
_DEPTH = 32
# What a file takes that was removed while it is open is seen nowhere but in the space that is left on the disk.
_LEFT_BYTES = 2**30
# So that a disk fills by no more than what is written in this time; the folder of an idle job is soon looked at.
LOOK_SECONDS = 0.05


class WorkingFolder:
    """A folder in which one job at a time works."""

    def __init__(self, path: str, uid: int | None) -> None:
        """Make it.

        Args:
            path: what is there is emptied.
            uid: the user of the jobs; None: ours.

        Raises:
            OSError: it cannot be made.
        """
        self.path = path
        self._place = Path(path)
        self._place.mkdir(mode=0o700, exist_ok=True)
        self._unused = 0
        self.empty()
        if uid is not None:
            os.chown(path, uid, uid)
        self._least = min(_LEFT_BYTES, self._left() // 2)

    def empty(self) -> None:
        """Remove what a job has left. Raises `OSError` if something cannot be removed."""
        if self._is_unused():
            return
        self._place.chmod(0o700)
        empty(self.path)
        self._unused = self._changed()

    def is_overfull(self) -> bool:
        """Whether a job has written more than it may, or the disk is nearly full and it has written at all."""
        if self._is_unused():
            return False
        return self._left() < self._least or not _is_small(self.path)

    def _left(self) -> int:
        found = os.statvfs(self.path)
        return found.f_bavail * found.f_frsize

    def _is_unused(self) -> bool:
        return self._changed() == self._unused and not any(self._place.iterdir())

    def _changed(self) -> int:
        return self._place.stat().st_mtime_ns


def _is_small(path: str) -> bool:
    """Whether a tree is within the limits. What is removed while it is looked at does not count."""
    taken = entries = 0
    waiting = [(path, 0)]
    while waiting:
        folder, depth = waiting.pop()
        try:
            with os.scandir(folder) as found:
                for entry in found:
                    entries += 1
                    if entries > _ENTRIES:
                        return False
                    about = entry.stat(follow_symlinks=False)
                    taken += about.st_blocks * 512
                    if stat.S_ISDIR(about.st_mode):
                        waiting.append((entry.path, depth + 1))
        except FileNotFoundError:
            continue
        except PermissionError:
            # Of a job with the user of the grader: nothing of use is in a folder that its owner cannot open.
            return False
        if taken > _BYTES or depth > _DEPTH:
            return False
    return True

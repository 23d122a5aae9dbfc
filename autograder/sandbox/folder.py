"""The working folder of a worker's jobs where there are no namespaces: one on the grader's disk, and how full it is.

No limit of the kernel's holds for a folder on a disk that others use as well, so the worker looks at it every moment
while a job runs. In namespaces it is a file system of its own, which cannot hold more than it may: see `namespaces`.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Generator
from pathlib import Path

from course_utils.running.place import empty

# As much as a file system of namespaces takes.
MOST_BYTES = 64 * 2**20
# Fewer than there: on some disks it takes milliseconds to remove a folder, and the next submission waits for it.
MOST_ENTRIES = 1024
# No notebook's own. A tree that is deeper is not looked at to its end.
_DEPTH = 32
# What a file takes that was removed while it is open is seen nowhere but in the space that is left on the disk.
_LEFT_BYTES = 2**30
# So that a disk fills by no more than what is written in this time; the folder of an idle job is soon looked at.
LOOK_SECONDS = 0.05


class WorkingFolder:
    """A folder in which one job at a time works.

    Attributes:
        path: where it is; another place if what lies there cannot be removed.
    """

    def __init__(self, path: str, uid: int | None) -> None:
        """Make it.

        Args:
            path: what is there is removed.
            uid: the user of the jobs; None: ours.

        Raises:
            OSError: it cannot be made.
        """
        self.path = path
        self._first = path
        self._given_up = 0
        self._uid = uid
        # What a lost server's worker of the same number has left is no folder of ours.
        self._unused: int | None = None
        self.renew()
        self._least = min(_LEFT_BYTES, self._left() // 2)

    def renew(self) -> None:
        """Make it anew: the times, size and number of a folder would tell a job of the one before it.

        Raises:
            OSError: it cannot be made.
        """
        try:
            if Path(self.path).exists():
                self.empty()
                Path(self.path).rmdir()
        except OSError:
            # Without isolation a process may outlive its job, and go on writing.
            self._given_up += 1
            self.path = f"{self._first}.{self._given_up}"
        Path(self.path).mkdir(mode=0o700)
        self._set_unused()
        if self._uid is not None:
            os.chown(self.path, self._uid, self._uid)

    def empty(self) -> None:
        """Remove what a job has left. Raises `OSError` if something cannot be removed."""
        if self._is_unused():
            return
        Path(self.path).chmod(0o700)
        empty(self.path)
        self._set_unused()

    def is_overfull(self) -> bool:
        """Whether a job has written more than it may, or the disk is nearly full and it has written at all."""
        # A disk that others have filled is not the fault of who has written nothing.
        if self._is_unused():
            return False
        return self._left() < self._least or not _is_small(self.path)

    def _left(self) -> int:
        found = os.statvfs(self.path)
        return found.f_bavail * found.f_frsize

    def _set_unused(self) -> None:
        # No change sets this time: clocks of file systems tick so seldom that one could be missed otherwise.
        os.utime(self.path, ns=(0, 0))
        self._unused = self._changed()

    def _is_unused(self) -> bool:
        return self._changed() == self._unused and not any(Path(self.path).iterdir())

    def _changed(self) -> int:
        return Path(self.path).stat().st_mtime_ns


def _is_small(path: str) -> bool:
    """Whether a tree is within the limits, and can be looked at. What is removed meanwhile does not count."""
    taken = entries = 0
    try:
        with contextlib.closing(_sizes(path)) as sizes:
            for size in sizes:
                entries += 1
                taken += size
                if entries > MOST_ENTRIES or taken > MOST_BYTES:
                    return False
    except OSError:
        # It belongs to a job with the grader's own user that has closed a folder to itself, or is changed on purpose
        # while it is looked at: nothing that a notebook needs.
        return False
    return True


def _sizes(path: str) -> Generator[int]:
    """Bytes on the disk of each entry of a tree.

    Folders are opened one from another: a path may be longer than the kernel takes. All on the way down stay open:
    the one above may be another when we come back.

    Raises:
        OSError: a folder cannot be looked at, or the tree is too deep.
    """
    waiting: list[tuple[int, list[str]]] = [(os.open(path, os.O_RDONLY | os.O_DIRECTORY), [])]
    try:
        yield from _sizes_in(*waiting[-1])
        while waiting:
            here, folders = waiting[-1]
            if not folders:
                os.close(here)
                waiting.pop()
                continue
            try:
                there = os.open(folders.pop(), os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=here)
            except FileNotFoundError:
                continue
            waiting.append((there, []))
            if len(waiting) > _DEPTH + 1:
                raise OSError("a tree that is too deep")
            yield from _sizes_in(*waiting[-1])
    finally:
        for here, _ in waiting:
            os.close(here)


def _sizes_in(here: int, folders: list[str]) -> Generator[int]:
    """The same of one open folder; the names of the folders in it are added to the list."""
    with os.scandir(here) as found:
        for entry in found:
            try:
                about = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue
            if stat.S_ISDIR(about.st_mode):
                folders.append(entry.name)
            yield about.st_blocks * 512

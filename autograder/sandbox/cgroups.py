"""Control groups: a limit on what a fork server and its jobs use together, where this user may set one.

The limits of a process (`confine`) hold everywhere. These come on top, and also count what belongs to no process alone:
files in /dev/shm, buffers of pipes, tables of pages.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

_ROOT = Path("/sys/fs/cgroup")
_PREFIX = "autograder-"
# For each worker: the threads that its job may have (see `confine`), and some for itself.
_PROCESSES = 288
# For each worker: its /tmp and /dev/shm, which are memory that the limit of its process does not count. A process that
# needs too much must run into that limit, not into the group's, which may end a neighbour.
_SCRATCH_MB = 128
# A server has about 800 MiB with torch's CUDA build; that a job shares with it.
_SERVER_MB = 2048


class ControlGroup:
    """A group of processes with limits; an empty one where no group can be made."""

    def __init__(self, number: int, memory_mb: int, workers: int) -> None:
        """Make the group.

        Args:
            number: which of this grader's servers it is for.
            memory_mb: of a job, on top of what the server takes, in MiB.
            workers: how many jobs there may be at the same time.
        """
        self._folders: list[Path] = []
        name = f"{_PREFIX}{os.getpid()}-{number}"
        limit = str(((memory_mb + _SCRATCH_MB) * workers + _SERVER_MB) * 2**20)
        processes = str(_PROCESSES * workers)
        new = {"memory.max": limit, "memory.swap.max": "0", "pids.max": processes}
        for parent in _parents():
            if self._make(parent / name, new, needed=("memory.max", "pids.max")):
                return
        for kind, limits in {
            "memory": {"memory.limit_in_bytes": limit},
            "pids": {"pids.max": processes},
        }.items():
            self._make(_ROOT / kind / name, limits, needed=tuple(limits))

    @property
    def made(self) -> bool:
        """Whether there is a limit."""
        return bool(self._folders)

    def add(self, process: int) -> None:
        """Put a process, its children, and all that they fork from here on, into the group."""
        processes = [process]
        for path in Path(f"/proc/{process}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                processes += [int(word) for word in path.read_text().split()]
        for folder in self._folders:
            for number in processes:
                with contextlib.suppress(OSError):
                    (folder / "cgroup.procs").write_text(str(number))

    def remove(self) -> None:
        """Remove the group; its processes must have ended."""
        for folder in self._folders:
            for _ in range(50):
                try:
                    folder.rmdir()
                except FileNotFoundError:
                    break
                except OSError:
                    # The last process may be gone for its parent and not yet for the group.
                    time.sleep(0.01)
                else:
                    break
        self._folders = []

    def _make(self, folder: Path, limits: Mapping[str, str], needed: tuple[str, ...]) -> bool:
        _sweep(folder.parent)
        try:
            folder.mkdir()
        except OSError:
            return False
        try:
            if not all((folder / name).exists() for name in needed):
                raise OSError
            for name, value in limits.items():
                if (folder / name).exists():
                    (folder / name).write_text(value)
        except OSError:
            folder.rmdir()
            return False
        self._folders.append(folder)
        return True


def _sweep(parent: Path) -> None:
    """Remove what graders that were killed have left; the system lets none go that has processes in it."""
    for folder in parent.glob(f"{_PREFIX}*-*"):
        grader = folder.name.removeprefix(_PREFIX).split("-")[0]
        if not Path("/proc", grader).exists():
            with contextlib.suppress(OSError):
                folder.rmdir()


def _parents() -> Iterator[Path]:
    """Groups of the unified hierarchy in which ours could be made, the nearest first."""
    if not (_ROOT / "cgroup.controllers").exists():
        return
    own = "/"
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            if line.startswith("0::"):
                own = line[3:]
    place = Path(os.path.normpath(f"{_ROOT}/{own}"))
    while place.is_relative_to(_ROOT):
        yield place
        place = place.parent

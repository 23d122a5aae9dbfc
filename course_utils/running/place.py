"""The working folder of a process that executes a student's code: where it is, and how it is emptied.

A notebook saves figures, checkpoints and notes beside itself, and reads them again. The process has an empty folder for
that, in the grader's sandbox and in `alone`, and starts each exercise with an empty one.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import sys
import tempfile
from pathlib import Path

# What a program asks for when it looks for a place to write to.
_VARIABLES = ("USERPROFILE", "TEMP", "TMP") if os.name == "nt" else ("HOME", "TMPDIR")


def work_in(folder: str) -> None:
    """Make a folder this process's working folder, its home and its place for temporary files. Raises `OSError`."""
    os.chdir(folder)
    os.environ.update(dict.fromkeys(_VARIABLES, folder))
    # Python looks once, and what this process was forked from may have looked already.
    tempfile.tempdir = None
    # Where a notebook imports what lies beside it; at the end, so that it hides nothing.
    sys.path.append(folder)


def start_anew(folder: str) -> None:
    """Empty the working folder and go back to it. What cannot be removed stays: it is the process's own."""
    with contextlib.suppress(OSError):
        os.chdir(folder)
        empty(folder)


def empty(folder: str) -> None:
    """Remove all that is in a folder, which nobody else writes to meanwhile, and follow no link.

    A tree may be deeper than a path is long, than Python recurses, and than this process may open folders.

    Raises:
        OSError: something cannot be removed.
    """
    if os.open not in os.supports_dir_fd:
        _empty_by_path(folder)
        return
    here = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    # From the top down to where we are: the folder's name, and the folders beside it that are still to be removed.
    above: list[tuple[str, list[str]]] = []
    try:
        folders = _remove_files(here)
        while folders or above:
            if folders:
                name = folders.pop()
                # Refused in the sandbox, where a process empties its own folder.
                with contextlib.suppress(OSError):
                    os.chmod(name, 0o700, dir_fd=here)
                with contextlib.suppress(OSError):
                    # Most are empty, and one that is can be removed by who may not look into it.
                    os.rmdir(name, dir_fd=here)
                    continue
                here = _go(here, name)
                above.append((name, folders))
                folders = _remove_files(here)
            else:
                name, folders = above.pop()
                here = _go(here, "..")
                os.rmdir(name, dir_fd=here)
    finally:
        os.close(here)


def _go(here: int, name: str) -> int:
    """From one open folder to another."""
    there = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=here)
    os.close(here)
    return there


def _remove_files(here: int) -> list[str]:
    """Remove what is no folder from an open one; the names of the folders in it."""
    folders = []
    for name in os.listdir(here):
        if stat.S_ISDIR(os.lstat(name, dir_fd=here).st_mode):
            folders.append(name)
        else:
            os.unlink(name, dir_fd=here)
    return folders


def _empty_by_path(folder: str) -> None:
    """The same on Windows, where a folder cannot be held open."""
    for entry in list(Path(folder).iterdir()):
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()

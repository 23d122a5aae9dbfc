"""The tree of exceptions: what `autograder` raises on purpose, and whose fault it is.

`course_utils`, which students install without this package, has a root of its own: `course_utils.errors.CourseError`.

What the two sides of a sandbox say to each other has signals of its own (`autograder.sandbox.control`), which end
there: this module is not imported where student code runs.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

# What a write says that was begun and could not be finished; it does not say of which file.
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


class AutograderError(Exception):
    """The root of all exceptions of `autograder`."""


class UserError(AutograderError):
    """Something the caller can mend. The CLI prints the message without a stack and ends with exit code 2."""


class WriteError(UserError):
    """A file or folder cannot be written, for a reason that the system gives."""

    def __init__(self, path: str | os.PathLike[str], reason: str) -> None:
        super().__init__(f"{os.fspath(path)} cannot be written: {reason}")
        self.reason = reason


class SandboxError(AutograderError):
    """The sandbox itself failed: never a student's fault, never a zero."""


class ClusterError(AutograderError):
    """The cluster failed: never a student's fault, never a zero."""


@contextlib.contextmanager
def writing(place: Path) -> Iterator[None]:
    """Around whatever writes a file, or into a folder. What the system says of other places is passed on as it is.

    Raises:
        WriteError: the place cannot be written: it, something in it, or a folder above that would have to be made.
    """
    try:
        yield
    except OSError as error:
        for path, reason in _failed(error):
            if _is_at(path, place):
                raise WriteError(path, reason) from error
        if error.filename is None and error.errno in _NO_ROOM:
            raise WriteError(place, os.strerror(error.errno)) from error
        raise


def _failed(error: OSError) -> list[tuple[str, str]]:
    """(path, reason) for all that an error is about."""
    if isinstance(error, shutil.Error) and error.args and isinstance(error.args[0], list):
        return [(str(target), str(reason)) for _, target, reason in error.args[0]]
    paths = (error.filename, error.filename2)
    return [(path, error.strerror or str(error)) for path in paths if isinstance(path, str)]


def _is_at(path: str, place: Path) -> bool:
    one, other = os.path.realpath(path), os.path.realpath(place)
    return os.path.commonpath((one, other)) in (one, other)

"""One grader at a time in a folder of results.

The lock belongs to the open file, not to its name or contents: the kernel lets go of it when the grader ends, however
it ends. What the file says serves those who wait.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import errno
import fcntl
import json
import logging
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from autograder.errors import UserError, writing

_LOG = logging.getLogger("autograder")

_NAME = ".grades.lock"

# A network drive without locks answers with one of these.
_NO_LOCKS = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS)


@contextlib.contextmanager
def only_one(folder: Path, *, wait: bool) -> Iterator[None]:
    """Hold the lock of a folder, which is made if it is not there.

    For whom is waited, or that there can be no lock here, is a notice of the logger `autograder`.

    Args:
        folder: where results are written.
        wait: wait while another grader has the lock.

    Raises:
        UserError: another grader is at work and `wait` is false, or the folder cannot be written.
    """
    path = folder / _NAME
    with writing(path):
        folder.mkdir(parents=True, exist_ok=True)
        # Never deleted: who waits for a file that is gone holds a lock that nobody else sees.
        file = path.open("a+b", buffering=0)
    with file:
        _acquire(file.fileno(), folder, wait)
        with contextlib.suppress(OSError):
            # A full disk is no reason not to grade: those who wait then do not learn for whom.
            file.truncate(0)
            file.write(json.dumps(_myself()).encode())
        try:
            yield
        finally:
            with contextlib.suppress(OSError):
                file.truncate(0)


def _acquire(descriptor: int, folder: Path, wait: bool) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        busy = f"another grader is at work in {folder} ({_holder(descriptor)})"
        if not wait:
            raise UserError(f"{busy}: wait until it is done, or give another --out") from None
        _LOG.info(f"Waiting: {busy}. This one goes on when that one is done.")
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise UserError(f"{folder / _NAME} cannot be locked: {error.strerror}") from error
        _LOG.info(f"The file system of {folder} has no locks: see to it that no second grader writes there.")


def _myself() -> dict[str, str | int]:
    since = dt.datetime.now().astimezone().isoformat(timespec="seconds")
    return {"pid": os.getpid(), "host": socket.gethostname(), "since": since}


def _holder(descriptor: int) -> str:
    """Who has the lock, as far as the file says."""
    try:
        holder = json.loads(os.pread(descriptor, 1000, 0))
        since = dt.datetime.fromisoformat(holder["since"])
        host = "" if holder["host"] == socket.gethostname() else f" on {holder['host']}"
        return f"process {int(holder['pid'])}{host}, since {since:%d %B %Y, %H:%M:%S}"
    except (OSError, ValueError, KeyError, TypeError):
        # Between its taking the lock and saying so, or on a full disk.
        return "it does not say which"
